import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { createVirtualClock, createWorkQueue, sleep, type WorkOutcome, type WorkQueueOptions } from './index.ts';

/** A queue whose work takes `workMs` and writes down when it began. */
const make = (over: Partial<WorkQueueOptions<string>> = {}, workMs = 10) => {
  const clock = createVirtualClock(0);
  const stop = new AbortController();
  const started: string[] = [];
  const now = { inWork: 0, most: 0 };
  const queue = createWorkQueue<string>({
    clock,
    concurrency: 1,
    signal: stop.signal,
    async work(key) {
      started.push(`${key}@${clock.now()}`);
      now.most = Math.max(now.most, ++now.inWork);
      await sleep(clock, workMs);
      now.inWork--;
    },
    ...over,
  });
  return { clock, stop, started, queue, now };
};

describe('the work queue', () => {
  test('holds a key once however often it is added', async () => {
    const { clock, started, queue } = make();
    for (const key of ['a', 'b', 'a', 'a', 'b']) queue.add(key);
    await clock.advance(1000);
    assert.deepEqual(started, ['a@0', 'b@10']);
  });

  test('works again on a key that was added while in work, never twice at once', async () => {
    const { clock, started, queue, now } = make({ concurrency: 4 });
    queue.add('a');
    await clock.advance(5);
    queue.add('a');
    queue.add('a');
    await clock.advance(1000);
    assert.deepEqual([started, now.most], [['a@0', 'a@10'], 1]);
  });

  test('leaves a key at rest after its work, and then takes in at once what came meanwhile', async () => {
    const { clock, started, queue, stop } = make({ restMs: 50 });
    queue.add('a');
    await clock.advance(15);
    queue.add('a');
    queue.add('b');
    await clock.advance(20);
    queue.add('a');
    await clock.advance(300);
    assert.deepEqual(started, ['a@0', 'b@15', 'a@60']);
    await queue.idle();
    queue.add('a');
    await clock.advance(11);
    queue.add('a');
    stop.abort();
    await queue.stopped;
    assert.equal(clock.pending, 0);
  });

  test('works on no more keys at once than allowed', async () => {
    const { clock, started, queue, now } = make({ concurrency: 3 });
    for (let index = 0; index < 10; index++) queue.add(`k${index}`);
    await clock.advance(1000);
    assert.deepEqual([started.length, now.most], [10, 3]);
  });

  test('takes critical keys first and low ones last', async () => {
    const { clock, started, queue } = make();
    queue.add('busy');
    await clock.advance(1);
    queue.add('low', { priority: 'low' });
    queue.add('normal');
    queue.add('critical', { priority: 'critical' });
    await clock.advance(1000);
    assert.deepEqual(started, ['busy@0', 'critical@10', 'normal@20', 'low@30']);
  });

  test('raises a waiting key to a higher priority', async () => {
    const { clock, started, queue } = make();
    for (const key of ['a', 'b']) queue.add(key);
    queue.add('b', { priority: 'critical' });
    queue.add('b', { priority: 'low' });
    await clock.advance(1000);
    assert.deepEqual(started, ['b@0', 'a@10']);
  });

  test('starves nobody: a normal key comes even while critical ones keep coming', async () => {
    const { clock, started, queue } = make();
    queue.add('normal');
    for (let index = 0; index < 5000; index++) {
      queue.add(`critical${index}`, { priority: 'critical' });
      await clock.advance(5);
    }
    const at = started.findIndex((line) => line.startsWith('normal'));
    assert.ok(at >= 0 && at < started.length - 1, `normal was number ${at} of ${started.length}`);
  });

  test('backs off per key: 5 ms doubling to 1000 s, and starts anew after a success', async () => {
    const waits: number[] = [];
    let failing = true;
    const { clock, queue } = make({
      work: async () => {
        if (failing) throw new Error('no');
      },
      onFailure: (_key, _error, failures, waitMs) => void (waits[failures - 1] = waitMs),
    });
    queue.add('a');
    await clock.advance(24 * 3600 * 1000);
    assert.deepEqual(waits.slice(0, 4), [5, 10, 20, 40]);
    assert.equal(Math.max(...waits), 1_000_000);
    failing = false;
    await clock.advance(1_000_000);
    failing = true;
    waits.length = 0;
    queue.add('a');
    await clock.advance(1);
    assert.deepEqual(waits, [5]);
  });

  test('delays a key, the shortest delay holds, and an outcome can ask to come again', async () => {
    const started: number[] = [];
    const { clock, queue } = make({
      work: async (): Promise<WorkOutcome | void> => {
        started.push(clock.now());
        if (started.length === 1) return { againAfterMs: 50 };
      },
    });
    queue.add('a', { afterMs: 100 });
    queue.add('a', { afterMs: 30 });
    queue.add('a', { afterMs: 60 });
    await clock.advance(1000);
    assert.deepEqual(started, [30, 80]);
  });

  test('forgets a key that waits, is delayed or backs off', async () => {
    const { clock, started, queue } = make();
    for (const key of ['busy', 'waiting']) queue.add(key);
    queue.add('delayed', { afterMs: 5 });
    queue.forget('waiting');
    queue.forget('delayed');
    await clock.advance(1000);
    assert.deepEqual(
      started.map((line) => line.split('@')[0]),
      ['busy'],
    );
  });

  test('starts nothing after the signal, and stops when what is in work has ended', async () => {
    const { clock, stop, started, queue } = make();
    for (const key of ['a', 'b']) queue.add(key);
    await clock.advance(1);
    stop.abort();
    queue.add('c');
    let stopped = false;
    void queue.stopped.then(() => (stopped = true));
    await clock.settle();
    assert.equal(stopped, false);
    await clock.advance(10);
    assert.deepEqual([stopped, started, clock.pending], [true, ['a@0'], 0]);
    await queue.idle();
  });

  test('whatever is added is worked on after its last add, and the queue comes to rest', async () => {
    const step = fc.record({ key: fc.constantFrom('a', 'b', 'c', 'd'), waitMs: fc.nat(15), afterMs: fc.nat(20) });
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 25 }),
        fc.integer({ min: 1, max: 3 }),
        fc.nat(30),
        async (steps, concurrency, restMs) => {
          const { clock, started, queue } = make({ concurrency, restMs });
          const lastAdd = new Map<string, number>();
          for (const { key, waitMs, afterMs } of steps) {
            queue.add(key, { afterMs });
            lastAdd.set(key, clock.now());
            await clock.advance(waitMs);
          }
          await clock.advance(1000);
          await queue.idle();
          assert.deepEqual([queue.depth, clock.pending], [0, 0]);
          for (const [key, at] of lastAdd)
            assert.ok(
              started.some((line) => line.startsWith(key) && Number(line.split('@')[1]) >= at),
              key,
            );
        },
      ),
      { numRuns: 40 },
    );
  });
});
