import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { countFields, findDuplicateFields } from './duplicate-fields.ts';
import { prepare } from './index.ts';

function fieldsIn(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  const inside = Object.values(value).reduce<number>((sum, part) => sum + fieldsIn(part), 0);
  return inside + (Array.isArray(value) ? 0 : Object.keys(value).length);
}

describe('fields named twice', () => {
  const rows: readonly (readonly [text: string, found: readonly string[]])[] = [
    ['{"a":1,"b":{"a":1}}', []],
    ['{"a":1,"a":2}', ['a']],
    ['{"spec":{"list":[{"x":1},{"x":1,"y":[],"x":2}],"z":0,"z":0}}', ['spec.list[1].x', 'spec.z']],
    ['{"a":"\\"a\\":","a\\u0022":1, "b" : "}{][,"}', []],
    ['{"a":1,"\\u0061":2}', ['a']],
    ['[{"a":1},{"a":2}]', []],
    ['{"a":["a","a"],"b":"a"}', []],
    ['{"__proto__":1,"__proto__":2}', ['__proto__']],
  ];
  for (const [text, found] of rows)
    test(`${text}: ${found.join(', ') || 'none'}`, () => {
      assert.deepEqual(findDuplicateFields(text), found);
      assert.equal(countFields(text) - fieldsIn(JSON.parse(text)), found.length);
    });

  test('are looked for only when the text names more fields than the value has', () => {
    const text = fc
      .tuple(fc.json(), fc.constantFrom(undefined, 1, '\t'))
      .map(([json, indent]) => JSON.stringify(JSON.parse(json), undefined, indent));
    fc.assert(fc.property(text, (json) => assert.equal(countFields(json), fieldsIn(JSON.parse(json)))));
  });

  test('are never found in what JSON.stringify wrote', () => {
    fc.assert(
      fc.property(fc.json(), (text) => assert.deepEqual(findDuplicateFields(JSON.stringify(JSON.parse(text))), [])),
    );
  });

  test('are refused under Strict and warned of otherwise', () => {
    const object = { metadata: { name: 'x' }, data: {} };
    const duplicates = ['data.a'];
    assert.throws(
      () => prepare('v1/ConfigMap', object, { fieldValidation: 'Strict', duplicates }),
      /strict decoding error: duplicate field "data\.a"$/,
    );
    assert.deepEqual(prepare('v1/ConfigMap', object, { fieldValidation: 'Warn', duplicates }).warnings, [
      'duplicate field "data.a"',
    ]);
  });
});
