import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { describeStore } from './conformance.test-support.ts';
import { Recorder } from './conformance-kind.test-support.ts';
import { openMemoryStore } from './memory.ts';
import { CompactedError } from './store.ts';

describeStore({
  name: 'memory',
  open: async (historyEventsMax) => openMemoryStore(historyEventsMax === undefined ? {} : { historyEventsMax }),
  boundsHistory: true,
  keepsIssueOrder: true,
  propertyRuns: 300,
});

void test('hands over the very objects it was given', async () => {
  const store = openMemoryStore();
  const value = { n: 1 };
  const recorder = new Recorder();
  store.watch('p/', 1, recorder);
  await store.put('p/a', value, 0);
  assert.equal((await store.get('p/a'))?.value, value);
  assert.equal(recorder.heard[0]?.value, value);
});

void test('watches have heard of a write when its writer goes on, writes of one turn in one batch', async () => {
  const store = openMemoryStore();
  const batches: number[] = [];
  store.watch('p/', 1, { events: (events) => batches.push(events.length), end() {} });
  await Promise.all([store.put('p/a', {}, 0), store.put('p/b', {}, 0), store.put('q/a', {}, 0)]);
  assert.deepEqual(batches, [2]);
});

void test('forgets the oldest events beyond its bound, thousands of times over', async () => {
  const store = openMemoryStore({ historyEventsMax: 100 });
  let revision = 0;
  for (let i = 0; i < 5_000; i++) revision = await store.put('p/a', { i }, revision);
  const recorder = new Recorder();
  assert.throws(() => store.watch('p/', revision - 101, recorder), CompactedError);
  store.watch('p/', revision - 100, recorder);
  await store.put('p/b', {}, 0);
  assert.deepEqual(
    recorder.heard.map((event) => event.revision),
    Array.from({ length: 101 }, (_, i) => revision - 99 + i),
  );
  const { entries } = await store.range('p/', { revision: revision - 50 });
  assert.deepEqual(entries, [{ key: 'p/a', value: { i: 4_949 }, revision: revision - 50 }]);
});

void test('a key that no UTF-8 can hold, or an empty one, is a defect of the caller', async () => {
  const store = openMemoryStore();
  for (const key of ['', 'p/\ud800', 'p/\0']) await assert.rejects(store.put(key, {}, 0), { name: 'AssertionError' });
  assert.deepEqual((await store.range('')).entries, []);
});

void test('a handler that throws brings the process down, and the other watches and the store lose nothing', () => {
  const script = `
    import { openMemoryStore } from ${JSON.stringify(join(import.meta.dirname, 'memory.ts'))};
    const store = openMemoryStore();
    process.on('exit', () => console.log(JSON.stringify(heard)));
    const heard = [];
    store.watch('p/', 1, { events() { throw new Error('defect in a handler'); }, end() {} });
    store.watch('p/', 1, { events(events) { heard.push(events.length); }, end() {} });
    await store.put('p/a', {}, 0);
    setTimeout(() => console.log('still alive'), 10_000);`;
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    encoding: 'utf8',
  });
  assert.notEqual(status, 0);
  assert.match(stderr, /defect in a handler/);
  assert.equal(stdout.trim(), '[1]');
});
