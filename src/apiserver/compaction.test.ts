import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createVirtualClock } from '../machinery/index.ts';
import { CompactedError, openMemoryStore } from '../store/index.ts';
import { startCompaction } from './compaction.ts';

const minuteMs = 60_000;

test('what is older than ten minutes is forgotten, what is younger than five is not', async () => {
  const clock = createVirtualClock();
  const store = openMemoryStore();
  const failures: unknown[] = [];
  const compaction = startCompaction(store, clock, (error) => failures.push(error));
  const first = await store.put('p/a', { n: 1 }, 0);
  await clock.advance(6 * minuteMs);
  const second = await store.put('p/a', { n: 2 }, first);
  await store.put('p/b', {}, 0);
  assert.equal((await store.range('p/', { revision: first })).entries[0]?.revision, first);
  await clock.advance(5 * minuteMs);
  await store.range('p/', { revision: first });
  await clock.advance(5 * minuteMs);
  await assert.rejects(store.range('p/', { revision: second }), CompactedError);
  await compaction.close();
  assert.deepEqual(failures, []);
  await store.close();
});

test('a store that cannot answer is asked again five minutes later, until it is closed', async () => {
  const clock = createVirtualClock();
  const store = openMemoryStore();
  await store.close();
  const failures: unknown[] = [];
  const compaction = startCompaction(store, clock, (error) => failures.push(error));
  await clock.advance(10 * minuteMs);
  assert.equal(failures.length, 2);
  await compaction.close();
  await clock.advance(10 * minuteMs);
  assert.equal(failures.length, 2);
});
