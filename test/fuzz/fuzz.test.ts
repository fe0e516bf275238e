// A minute's worth of `npm run fuzz`, always the same inputs: what is met here is met on every machine.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fuzz } from './support/target.ts';
import { targets } from './targets/index.ts';

const inputs: Readonly<Record<string, number>> = { 'api-server': 4000, kubeconfigs: 800, manifests: 800 };
const inputsOtherwise = 3000;
const msMax = 240_000;

for (const target of targets)
  test(`${target.name} stands whatever comes`, async () => {
    const inputsMax = inputs[target.name] ?? inputsOtherwise;
    assert.equal(await fuzz(target, { firstSeed: 1, inputsMax, msMax }), inputsMax, 'all of them in time');
  });
