import assert from 'node:assert/strict';
import { test } from 'node:test';
import { availableAt, isAvailable } from './availability.ts';
import { minute, now, pod, second, starting } from './builders.test-support.ts';

test('with minReadySeconds 0 a pod is available as soon as it is ready, whatever the clocks say', () => {
  assert.equal(isAvailable(pod('a', { createdAt: now + minute, readyChangedAt: undefined }), 0, now), true);
  assert.equal(isAvailable(pod('a', starting), 0, now), false);
});

test('with minReadySeconds a pod is available once it was ready for so long, and not a moment earlier', () => {
  const young = pod('a', { readyChangedAt: now - 10 * second });
  assert.equal(availableAt(young, 30 * second), now + 20 * second);
  assert.equal(isAvailable(young, 30 * second, now + 20 * second - 1), false);
  assert.equal(isAvailable(young, 30 * second, now + 20 * second), true);
});

test('a pod that is not ready never becomes available by waiting', () => {
  assert.equal(availableAt(pod('a', { ready: false }), 30 * second), undefined);
});

test('a Ready condition without a transition time is never available when time is asked for (podutil.IsPodAvailable)', () => {
  assert.equal(isAvailable(pod('a', { readyChangedAt: undefined }), second, now), false);
});
