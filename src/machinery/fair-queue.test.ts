import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createFairQueue } from './fair-queue.ts';

describe('a fair queue', () => {
  const all = (queue: ReturnType<typeof createFairQueue<string>>): readonly string[] => {
    const taken: string[] = [];
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) taken.push(item);
    return taken;
  };

  test('gives flows their turns, each in order of arrival, whoever came with how many', () => {
    const queue = createFairQueue<string>();
    for (const item of ['a1', 'a2', 'a3', 'a4', 'b1', 'b2', 'c1']) queue.push(item, item[0]!, false);
    assert.deepEqual(all(queue), ['a1', 'b1', 'c1', 'a2', 'b2', 'a3', 'a4']);
    assert.equal(queue.size, 0);
  });

  test('lets urgent flows go first, though they came last', () => {
    const queue = createFairQueue<string>();
    queue.push('a1', 'a', false);
    queue.push('a2', 'a', false);
    assert.equal(queue.shift(), 'a1');
    queue.push('u1', 'u', true);
    queue.push('u2', 'u', true);
    queue.push('v1', 'v', true);
    assert.deepEqual(all(queue), ['u1', 'v1', 'u2', 'a2']);
  });

  test('forgets what is taken out, and its flow with the last of it', () => {
    const queue = createFairQueue<string>();
    for (const item of ['a1', 'a2', 'b1']) queue.push(item, item[0]!, false);
    assert.ok(queue.remove('b1', 'b', false));
    assert.ok(!queue.remove('b1', 'b', false));
    assert.ok(queue.remove('a1', 'a', false));
    assert.equal(queue.size, 1);
    assert.deepEqual(all(queue), ['a2']);
  });
});
