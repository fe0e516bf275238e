import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { createTimerHeap, createVirtualClock } from './index.ts';

const make = () => {
  const clock = createVirtualClock(0);
  const fired: string[] = [];
  const timers = createTimerHeap<string>(clock, (key) => fired.push(`${key}@${clock.now()}`));
  return { clock, fired, timers };
};

describe('the timer heap', () => {
  test('arms one timer for any number of keys', async () => {
    const { clock, fired, timers } = make();
    for (let index = 1000; index > 0; index--) timers.set(`k${index}`, index);
    await clock.advance(3);
    assert.deepEqual(fired, ['k1@1', 'k2@2', 'k3@3']);
    assert.equal(clock.pending, 1);
    assert.equal(timers.size, 997);
  });

  test('fires a key once, at its last arrangement, whether moved later or earlier', async () => {
    const { clock, fired, timers } = make();
    timers.set('later', 10);
    timers.set('later', 30);
    timers.set('earlier', 30);
    timers.set('earlier', 20);
    assert.equal(timers.due('later'), 30);
    await clock.advance(100);
    assert.deepEqual(fired, ['earlier@20', 'later@30']);
  });

  test('forgets a deleted key, and can set it again', async () => {
    const { clock, fired, timers } = make();
    timers.set('a', 10);
    timers.delete('a');
    timers.set('a', 20);
    timers.set('b', 15);
    timers.delete('b');
    await clock.advance(100);
    assert.deepEqual(fired, ['a@20']);
    timers.set('a', 200);
    timers.clear();
    assert.deepEqual([timers.size, clock.pending], [0, 0]);
  });

  test('fires what is due already at the next turn, never inside set', async () => {
    const { clock, fired, timers } = make();
    timers.set('past', -5);
    assert.deepEqual(fired, []);
    await clock.advance(0);
    assert.deepEqual(fired, ['past@0']);
  });

  test('agrees with a plain map under any history', async () => {
    const key = fc.constantFrom('a', 'b', 'c');
    const step = fc.oneof(
      fc.record({ do: fc.constant('set' as const), key, ms: fc.nat(20) }),
      fc.record({ do: fc.constant('delete' as const), key, ms: fc.constant(0) }),
      fc.record({ do: fc.constant('advance' as const), key, ms: fc.integer({ min: 1, max: 10 }) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
        const { clock, fired, timers } = make();
        const model = new Map<string, number>();
        const expected: string[] = [];
        for (const { do: action, key, ms } of [...steps, { do: 'advance' as const, key: '', ms: 100 }]) {
          if (action === 'set') {
            timers.set(key, clock.now() + ms);
            model.set(key, clock.now() + ms);
          } else if (action === 'delete') {
            timers.delete(key);
            model.delete(key);
          } else {
            const now = clock.now();
            const due = [...model].filter(([, at]) => at <= now + ms);
            expected.push(...due.map(([name, at]) => `${name}@${at}`));
            for (const [name] of due) model.delete(name);
            await clock.advance(ms);
          }
        }
        assert.deepEqual(fired.toSorted(), expected.toSorted());
        assert.equal(clock.pending, 0);
      }),
      { numRuns: 50 },
    );
  });
});
