import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { IntOrPercent } from '../../api/index.ts';
import { onDelete, rolling, target } from './builders.test-support.ts';
import { allowance, type Fleet, resolveBudget } from './rollout.ts';

test('maxUnavailable and maxSurge resolve against the desired nodes, rounding up (TestGetUnavailableNumbers)', () => {
  const rows: readonly (readonly [
    maxUnavailable: IntOrPercent,
    maxSurge: IntOrPercent,
    desired: number,
    unavailable: number,
    surge: number,
  ])[] = [
    [1, 0, 3, 1, 0],
    [5, 0, 3, 5, 0],
    ['50%', 0, 3, 2, 0],
    ['10%', 0, 11, 2, 0],
    ['100%', 0, 4, 4, 0],
    [0, 2, 5, 0, 2],
    [0, '30%', 5, 0, 2],
    [0, '1%', 5, 0, 1],
    // Both come to nothing: one node at a time still moves.
    [0, 0, 5, 1, 0],
    ['0%', '0%', 5, 1, 0],
    // No nodes, nothing to move.
    [0, 0, 0, 0, 0],
    ['50%', 0, 0, 0, 0],
  ];
  for (const [maxUnavailable, maxSurge, desired, unavailable, surge] of rows)
    assert.deepEqual(
      resolveBudget(target(rolling(maxUnavailable, maxSurge)), desired),
      { maxUnavailable: unavailable, maxSurge: surge },
      `${maxUnavailable} ${maxSurge} of ${desired}`,
    );
});

test('without a strategy, upstream’s defaults hold: one unavailable, no surge', () => {
  assert.deepEqual(resolveBudget(target(), 10), { maxUnavailable: 1, maxSurge: 0 });
  assert.deepEqual(resolveBudget(target({ updateStrategy: { type: 'RollingUpdate' } }), 10), {
    maxUnavailable: 1,
    maxSurge: 0,
  });
});

const whole: Fleet = { desired: 10, blocking: 0, surging: 0, available: 10, settling: 0, retirable: 0 };

test('OnDelete replaces nothing', () => {
  assert.deepEqual(allowance(target(onDelete), { ...whole, settling: 5, retirable: 5 }), {
    settling: 0,
    serving: 0,
    retirable: 0,
  });
});

test('without surge: what is unavailable already uses up maxUnavailable', () => {
  const serving = (fleet: Partial<Fleet>, maxUnavailable: IntOrPercent = 3) =>
    allowance(target(rolling(maxUnavailable)), { ...whole, ...fleet }).serving;
  assert.equal(serving({}), 3);
  // Half of those that should serve, not of those that do.
  assert.equal(serving({ available: 5, blocking: 1 }, '50%'), 4);
  assert.equal(serving({ blocking: 2 }), 1);
  assert.equal(serving({ blocking: 3 }), 0);
  assert.equal(serving({ blocking: 7 }), 0);
  assert.equal(serving({}, '25%'), 3);
});

test('ready pods younger than minReadySeconds are replaced for free while the budget is kept, none when it is not', () => {
  const settling = (blocking: number) =>
    allowance(target(rolling(2)), { ...whole, blocking, settling: blocking }).settling;
  assert.equal(settling(1), 1);
  assert.equal(settling(2), 2);
  assert.equal(settling(3), 0);
  assert.equal(settling(10), 0);
});

test('with surge: what is starting beside an old pod uses up maxSurge; those that serve less go first', () => {
  const surge = target(rolling(0, 3));
  assert.deepEqual(allowance(surge, whole), { settling: 0, serving: 3, retirable: 0 });
  assert.deepEqual(allowance(surge, { ...whole, surging: 2, settling: 5 }), { settling: 1, serving: 0, retirable: 0 });
  assert.deepEqual(allowance(surge, { ...whole, surging: 1, settling: 1 }), { settling: 1, serving: 1, retirable: 0 });
  assert.deepEqual(allowance(surge, { ...whole, surging: 4 }), { settling: 0, serving: 0, retirable: 0 });
  // Unavailable nodes do not hold a surge rollout: it takes nothing down.
  assert.equal(allowance(surge, { ...whole, blocking: 9, available: 1 }).serving, 3);
});

test('outdated pods on nodes they should leave go only as the nodes that should be served are', () => {
  const retirable = (available: number, count: number) =>
    allowance(target(rolling(0, 1)), { ...whole, available, retirable: count }).retirable;
  assert.equal(retirable(10, 2), 2);
  assert.equal(retirable(9, 2), 1);
  assert.equal(retirable(8, 2), 0);
  assert.equal(retirable(0, 2), 0);
});
