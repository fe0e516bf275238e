import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findCondition, isTrue, withCondition } from './conditions.ts';
import type { Condition } from './meta.ts';

const before = '2026-01-01T00:00:00Z';
const now = '2026-01-01T00:01:00Z';
const list: readonly Condition[] = [
  { type: 'MemoryPressure', status: 'False', lastTransitionTime: before },
  { type: 'Ready', status: 'True', reason: 'KubeletReady', lastTransitionTime: before },
];

test('a condition is found by its type', () => {
  assert.equal(findCondition(list, 'Ready'), list[1]);
  assert.equal(findCondition(list, 'DiskPressure'), undefined);
  assert.equal(findCondition(undefined, 'Ready'), undefined);
  assert.equal(isTrue(list, 'Ready'), true);
  assert.equal(isTrue(list, 'MemoryPressure'), false);
  assert.equal(isTrue(list, 'DiskPressure'), false);
});

test('the transition time stays while the status does, though reason and message change', () => {
  const next = withCondition(list, { type: 'Ready', status: 'True', reason: 'Other' }, now);
  assert.deepEqual(next, [list[0], { type: 'Ready', status: 'True', reason: 'Other', lastTransitionTime: before }]);
});

test('the transition time moves with the status, in place, and the list given is left alone', () => {
  const next = withCondition(list, { type: 'MemoryPressure', status: 'True' }, now);
  assert.deepEqual(next, [{ type: 'MemoryPressure', status: 'True', lastTransitionTime: now }, list[1]]);
  assert.equal(list[0]?.status, 'False');
});

test('a new condition is appended with the time of now', () => {
  assert.deepEqual(withCondition(undefined, { type: 'Ready', status: 'Unknown' }, now), [
    { type: 'Ready', status: 'Unknown', lastTransitionTime: now },
  ]);
  assert.equal(withCondition(list, { type: 'DiskPressure', status: 'False' }, now).length, 3);
});

test('a condition that somebody wrote without a transition time gets one', () => {
  const next = withCondition([{ type: 'Ready', status: 'True' }], { type: 'Ready', status: 'True' }, now);
  assert.equal(next[0]?.lastTransitionTime, now);
});
