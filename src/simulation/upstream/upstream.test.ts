// Every decision that differs from upstream's is one that docs/differences.md lists.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { differenceIds } from './compare.ts';
import { compareWithUpstream } from './run.ts';

const page = readFileSync(join(import.meta.dirname, '../../../docs/differences.md'), 'utf8');
const seedsMax = 12;

describe('beside a plain restatement of the rules of kube-controller-manager', () => {
  it('each difference that the comparison knows is listed', () => {
    for (const id of differenceIds)
      if (id !== 'unlisted') assert.ok(page.includes(`\n| \`${id}\` `), `docs/differences.md does not list ${id}`);
  });

  it(`${seedsMax} histories without faults show listed differences only, and none at rest`, async () => {
    const { states, differences, unlisted } = await compareWithUpstream(
      Array.from({ length: seedsMax }, (_, index) => index + 1),
    );
    assert.deepEqual(unlisted, []);
    assert.ok(states > 1000);
    // It does see differences: these come up in nearly every set of histories.
    for (const id of ['failed-surge', 'tainted-node', 'dead-node'] as const) assert.ok(differences.has(id), id);
  });
});
