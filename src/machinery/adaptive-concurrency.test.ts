import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { StatusError } from '../api/index.ts';
import { type Clock, createAdaptiveConcurrency, createVirtualClock, sleep } from './index.ts';

const throttled = (retryAfterSeconds?: number) =>
  new StatusError('TooManyRequests', 'slow down', retryAfterSeconds === undefined ? {} : { retryAfterSeconds });

describe('adaptive concurrency', () => {
  test('runs no more at once than its limit, in the order of the calls', async () => {
    const clock = createVirtualClock(0);
    const writes = createAdaptiveConcurrency({ clock, initial: 2, max: 2 });
    const started: number[] = [];
    for (let index = 0; index < 5; index++)
      void writes.run(async () => {
        started.push(index);
        await sleep(clock, 10);
      });
    await clock.settle();
    assert.deepEqual([started, writes.underWay, writes.waiting], [[0, 1], 2, 3]);
    await clock.advance(100);
    assert.deepEqual([started, writes.underWay], [[0, 1, 2, 3, 4], 0]);
  });

  test('gives those that wait their turns, urgent ones first', async () => {
    const clock = createVirtualClock(0);
    const writes = createAdaptiveConcurrency({ clock, initial: 1, max: 1 });
    const started: string[] = [];
    const run = (name: string, urgent = false) =>
      void writes.run(
        async () => {
          started.push(name);
          await sleep(clock, 10);
        },
        { flow: name[0]!, urgent },
      );
    for (const name of ['a1', 'a2', 'a3', 'b1', 'b2']) run(name);
    run('u1', true);
    await clock.advance(1000);
    assert.deepEqual(started, ['a1', 'u1', 'a2', 'b1', 'a3', 'b2']);
  });

  test('grows while the server answers fast, up to its maximum, and only when the room is used', async () => {
    const clock = createVirtualClock(0);
    const writes = createAdaptiveConcurrency({ clock, initial: 4, max: 20 });
    for (let index = 0; index < 50; index++) await writes.run(() => Promise.resolve());
    assert.equal(writes.limit, 4);
    for (let index = 0; index < 1000; index++) void writes.run(() => sleep(clock, 10));
    await clock.advance(60_000);
    assert.equal(writes.limit, 20);
  });

  test('a rest that the server asked for takes its time, whatever the clock is set to', async () => {
    for (const byMs of [-3_600_000, 3_600_000]) {
      const steady = createVirtualClock(0);
      let offsetMs = 3_600_000;
      const clock: Clock = {
        now: () => steady.now() + offsetMs,
        after: (ms, callback) => steady.after(ms, callback),
        steadyNow: () => steady.now(),
      };
      const writes = createAdaptiveConcurrency({ clock });
      await assert.rejects(writes.run(() => Promise.reject(throttled(10))));
      offsetMs += byMs;
      let startedAt: number | undefined;
      void writes.run(() => {
        startedAt = steady.now();
        return Promise.resolve();
      });
      await steady.advance(60_000);
      assert.equal(startedAt, 10_000);
    }
  });

  test('goes on when the clock is set back: an answer without Retry-After asks for no rest', async () => {
    const clock = createVirtualClock(0);
    let offsetMs = 3_600_000;
    const writes = createAdaptiveConcurrency({
      clock: { now: () => clock.now() + offsetMs, after: (ms, callback) => clock.after(ms, callback) },
    });
    await writes.run(() => Promise.resolve());
    offsetMs = 0;
    let ran = false;
    void writes.run(() => Promise.resolve((ran = true)));
    await clock.settle();
    assert.ok(ran);
  });

  const signs: readonly [string, () => Error][] = [
    ['429', () => throttled()],
    ['500', () => new StatusError('InternalError', 'oops')],
    ['a timeout', () => new StatusError('Timeout', 'late')],
  ];
  for (const [what, error] of signs)
    test(`halves on ${what}, once for failures of the same moment`, async () => {
      const clock = createVirtualClock(0);
      const writes = createAdaptiveConcurrency({ clock, initial: 16 });
      const fail = () => writes.run(() => Promise.reject(error())).catch(() => undefined);
      await Promise.all([fail(), fail(), fail()]);
      assert.equal(writes.limit, 8);
      await clock.advance(1000);
      await fail();
      assert.equal(writes.limit, 4);
    });

  test('halves when answers become slow, but not to nothing: that is for errors', async () => {
    const clock = createVirtualClock(0);
    const writes = createAdaptiveConcurrency({ clock, initial: 16, min: 2, slowMin: 6, latencyMsMax: 100 });
    const slowly = async (end: () => Promise<void>) => {
      const answer = writes.run(() => sleep(clock, 600).then(end)).catch(() => undefined);
      await clock.advance(1000);
      await answer;
    };
    await slowly(() => Promise.resolve());
    assert.equal(writes.limit, 8);
    for (let index = 0; index < 5; index++) await slowly(() => Promise.resolve());
    assert.equal(writes.limit, 6);
    for (let index = 0; index < 5; index++) await slowly(() => Promise.reject(throttled()));
    assert.equal(writes.limit, 2);
    await slowly(() => Promise.resolve());
    assert.equal(writes.limit, 2, 'slow answers do not raise it either');
  });

  test('does not blame the server for a refusal that is about the object', async () => {
    const clock = createVirtualClock(0);
    const writes = createAdaptiveConcurrency({ clock, initial: 16 });
    for (const reason of ['Conflict', 'NotFound', 'Invalid', 'Forbidden'] as const)
      await assert.rejects(writes.run(() => Promise.reject(new StatusError(reason, 'no'))));
    assert.equal(writes.limit, 16);
  });

  test('starts nothing before Retry-After is over, then goes on', async () => {
    const clock = createVirtualClock(0);
    const writes = createAdaptiveConcurrency({ clock, initial: 4 });
    await assert.rejects(writes.run(() => Promise.reject(throttled(3))));
    const at: number[] = [];
    for (let index = 0; index < 3; index++) void writes.run(async () => void at.push(clock.now()));
    await clock.advance(2999);
    assert.deepEqual(at, []);
    await clock.advance(1);
    assert.deepEqual(at, [3000, 3000, 3000]);
  });

  test('lets a waiter give up, and the others go on', async () => {
    const clock = createVirtualClock(0);
    const writes = createAdaptiveConcurrency({ clock, initial: 1 });
    const done: string[] = [];
    const controller = new AbortController();
    void writes.run(() => sleep(clock, 10));
    const second = writes.run(async () => void done.push('second'), { signal: controller.signal });
    void writes.run(async () => void done.push('third'));
    controller.abort(new Error('enough'));
    await assert.rejects(second, /enough/);
    await clock.advance(100);
    assert.deepEqual(done, ['third']);
    await assert.rejects(
      writes.run(async () => undefined, { signal: controller.signal }),
      /enough/,
    );
  });
});
