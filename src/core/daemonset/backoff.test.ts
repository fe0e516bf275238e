import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Backoff, backoffEnds, nextBackoff } from './backoff.ts';
import { minute, now, second } from './builders.test-support.ts';

test('the first finished pod of a node goes at once', () => {
  assert.equal(backoffEnds(undefined), 0);
});

test('the wait doubles from 1 s to 15 min', () => {
  let backoff: Backoff | undefined;
  const delays: number[] = [];
  for (let step = 0, at = now; step < 13; step++, at = backoffEnds(backoff)) {
    backoff = nextBackoff(backoff, at);
    assert.equal(backoffEnds(backoff), at + backoff.delayMs);
    delays.push(backoff.delayMs / second);
  }
  assert.deepEqual(delays, [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900]);
});

test('after two caps of quiet it starts over, and not before', () => {
  const long: Backoff = { delayMs: 512 * second, since: now };
  assert.equal(nextBackoff(long, now + 30 * minute).delayMs, 900 * second);
  assert.equal(nextBackoff(long, now + 30 * minute + 1).delayMs, second);
});
