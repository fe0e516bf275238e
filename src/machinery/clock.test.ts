import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Clock, createVirtualClock, followedClock } from './index.ts';

function settable() {
  const steady = createVirtualClock(0);
  let offsetMs = 0;
  const clock: Clock = {
    now: () => steady.now() + offsetMs,
    after: (ms, callback) => steady.after(ms, callback),
    steadyNow: () => steady.now(),
  };
  return { steady, clock, set: (byMs: number) => (offsetMs += byMs) };
}

describe('a clock that is followed', () => {
  test('says by how much it was set, once, and before it tells the new time', async () => {
    const { steady, clock, set } = settable();
    const heard: unknown[] = [];
    const followed = followedClock(clock, (byMs, now) => heard.push([byMs, now]));
    await steady.advance(1000);
    heard.push(followed.now());
    set(-600);
    heard.push(followed.now(), followed.now());
    await steady.advance(1000);
    set(5000);
    heard.push(followed.now());
    assert.deepEqual(heard, [1000, [-600, 400], 400, 400, [5000, 6400], 6400]);
  });

  test('passes over what it is slewed by, until that adds up', () => {
    const { clock, set } = settable();
    const heard: number[] = [];
    const followed = followedClock(clock, (byMs) => heard.push(byMs));
    for (let slew = 0; slew < 12; slew++) {
      set(-50);
      followed.now();
    }
    assert.deepEqual(heard, [-500]);
  });

  test('is the clock itself where that cannot be set', () => {
    const clock = createVirtualClock(0);
    assert.equal(
      followedClock(clock, () => assert.fail()),
      clock,
    );
  });
});
