import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { createVirtualClock, sleep } from './index.ts';

describe('the virtual clock', () => {
  test('fires timers in order of time, then of arming, each at its own time', async () => {
    const clock = createVirtualClock(0);
    const fired: string[] = [];
    const arm = (name: string, ms: number) => clock.after(ms, () => fired.push(`${name}@${clock.now()}`));
    arm('b', 20);
    arm('a', 10);
    arm('c', 20);
    arm('later', 31);
    await clock.advance(30);
    assert.deepEqual(fired, ['a@10', 'b@20', 'c@20']);
    assert.deepEqual([clock.now(), clock.pending], [30, 1]);
  });

  test('runs what a timer arms, when that falls due on the way', async () => {
    const clock = createVirtualClock(0);
    const at: number[] = [];
    const loop = async () => {
      for (;;) {
        await sleep(clock, 7);
        at.push(clock.now());
      }
    };
    void loop();
    await clock.advance(22);
    assert.deepEqual(at, [7, 14, 21]);
  });

  test('never fires a cancelled timer, and sleep cancels its own when aborted', async () => {
    const clock = createVirtualClock(0);
    const cancel = clock.after(5, () => assert.fail('fired'));
    cancel();
    cancel();
    const controller = new AbortController();
    const asleep = sleep(clock, 5, controller.signal);
    controller.abort(new Error('wake up'));
    await assert.rejects(asleep, /wake up/);
    assert.equal(clock.pending, 0);
    await clock.advance(10);
  });

  test('any timers: fired sorted by due time, none early, none missed', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(100)), fc.nat(100), async (delays, span) => {
        const clock = createVirtualClock(0);
        const fired: number[] = [];
        for (const delay of delays)
          clock.after(delay, () => {
            assert.equal(clock.now(), delay);
            fired.push(delay);
          });
        await clock.advance(span);
        assert.deepEqual(
          fired,
          delays.filter((delay) => delay <= span).toSorted((a, b) => a - b),
        );
      }),
      { numRuns: 30 },
    );
  });
});
