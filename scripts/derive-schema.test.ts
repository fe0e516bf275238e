import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { deriveFields, fieldsFile, renderFields } from './derive-schema.ts';
import { mergeRule } from '../src/apiserver/schema/merge-keys.ts';
import { structOf } from '../src/apiserver/schema/types.ts';
import { valueStructs } from '../src/apiserver/schema/value-structs.ts';

describe('the field table', () => {
  test('is what the official models say: run scripts/derive-schema.ts when this fails', async () => {
    assert.equal(readFileSync(fieldsFile, 'utf8'), renderFields(await deriveFields()));
  });

  test('has every field that merge-keys.ts and value-structs.ts name', () => {
    for (const [key, fields] of valueStructs)
      for (const field of fields) assert.equal(structOf(key)?.fields.get(field)?.type.is, 'struct', `${key}.${field}`);
    for (const field of ['containers', 'volumes', 'topologySpreadConstraints']) {
      assert.ok(structOf('core/v1.PodSpec')?.fields.has(field));
      assert.ok(mergeRule('core/v1.PodSpec', field).mergeKey !== undefined);
    }
    assert.deepEqual(mergeRule('core/v1.PodSpec', 'constructor'), {});
    assert.deepEqual(mergeRule('constructor', 'x'), {});
  });
});
