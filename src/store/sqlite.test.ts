import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { describeStore } from './conformance.test-support.ts';
import { Recorder } from './conformance-kind.test-support.ts';
import { scratchDirectory } from './scratch.test-support.ts';
import { openSqliteStore } from './sqlite.ts';
import type { RevisionMismatchError, Store } from './store.ts';
import { CompactedError, StoreLockedError, WriteFailedError } from './store.ts';

const directory = scratchDirectory();
let stores = 0;
const newPath = (): string => join(directory, `${++stores}.db`);

describeStore({
  name: 'SQLite',
  open: (historyEventsMax) =>
    openSqliteStore({ path: newPath(), ...(historyEventsMax !== undefined && { historyEventsMax }) }),
  boundsHistory: true,
  keepsIssueOrder: true,
  propertyRuns: 15,
});

void test('a store opened again holds what was written, deletions included, and counts on from its last revision', async () => {
  const path = newPath();
  const value = JSON.parse('{"__proto__":{"x":1},"text":"\\ud83d\\ude00 \\u0000 \\ud800","n":0.1}') as Record<
    string,
    unknown
  >;
  const first = await openSqliteStore({ path });
  const kept = await first.put('p/é', value, 0);
  const gone = await first.put('p/gone', {}, 0);
  const last = await first.delete('p/gone', gone);
  await first.compact(last);
  await first.close();

  const second = await openSqliteStore({ path });
  assert.equal(await second.revision(), last);
  assert.deepEqual(await second.range(''), {
    entries: [{ key: 'p/é', value, revision: kept }],
    revision: last,
    remaining: 0,
  });
  assert.equal(await second.put('p/gone', {}, 0), last + 1);
  await second.close();
});

void test('a watch from before a restart is told that history is gone, one from the last revision goes on', async () => {
  const path = newPath();
  const first = await openSqliteStore({ path });
  const old = await first.put('p/a', {}, 0);
  const last = await first.put('p/a', {}, old);
  await first.close();
  const second = await openSqliteStore({ path });
  const recorder = new Recorder();
  assert.throws(() => second.watch('p/', old, recorder), CompactedError);
  second.watch('p/', last, recorder);
  await second.put('p/a', { n: 1 }, last);
  assert.deepEqual(recorder.summary(), ['put p/a {"n":1} was {}']);
  await second.close();
});

void test('nobody hears of a write before it is durable, and the writes of one turn go together', async () => {
  const store = await openSqliteStore({ path: newPath() });
  const batches: number[] = [];
  store.watch('p/', 1, { events: (events) => batches.push(events.length), end() {} });
  const writes = Promise.all([store.put('p/a', {}, 0), store.put('p/b', {}, 0)]);
  assert.equal(await store.get('p/a'), undefined);
  assert.deepEqual(batches, []);
  await writes;
  assert.deepEqual(batches, [2]);
  await store.close();
});

void test('a write is compared with those queued before it', async () => {
  const store = await openSqliteStore({ path: newPath() });
  const results = await Promise.allSettled([
    store.put('p/a', { n: 1 }, 0),
    store.put('p/a', { n: 2 }, 0),
    store.put('p/a', { n: 3 }, 2),
    store.delete('p/a', 3),
    store.delete('p/a', 3),
    store.put('p/a', { n: 4 }, 0),
  ]);
  assert.deepEqual(
    results.map((result) =>
      result.status === 'fulfilled' ? result.value : (result.reason as RevisionMismatchError).current,
    ),
    [2, 2, 3, 4, 0, 5],
  );
  assert.deepEqual((await store.range('')).entries, [{ key: 'p/a', value: { n: 4 }, revision: 5 }]);
  await store.close();
});

void test('who loses to a write of the same turn reads what it lost to when it looks again', async () => {
  const store = await openSqliteStore({ path: newPath() });
  const winner = store.put('p/a', { n: 1 }, 0);
  const loser = await store.put('p/a', { n: 2 }, 0).catch((error: unknown) => error);
  assert.equal((loser as RevisionMismatchError).current, 2);
  assert.deepEqual((await store.get('p/a'))?.value, { n: 1 });
  assert.equal(await winner, 2);
  await store.close();
});

void test('a queue longer than one transaction is committed in parts, in order', async () => {
  const store = await openSqliteStore({ path: newPath(), batchWritesMax: 3 });
  const batches: number[][] = [];
  store.watch('p/', 1, { events: (events) => batches.push(events.map((event) => event.revision)), end() {} });
  const revisions = await Promise.all(Array.from({ length: 8 }, (_, i) => store.put(`p/${i}`, {}, 0)));
  assert.deepEqual(revisions, [2, 3, 4, 5, 6, 7, 8, 9]);
  // Two full transactions while the writes were still being issued, one at the end of the turn.
  assert.deepEqual(batches, [
    [2, 3, 4, 5, 6, 7],
    [8, 9],
  ]);
  await store.close();
});

void test('closing commits what was queued', async () => {
  const path = newPath();
  const store = await openSqliteStore({ path });
  const write = store.put('p/a', {}, 0);
  await store.close();
  assert.equal(await write, 2);
  await reopened(path, async (store) => assert.equal((await store.get('p/a'))?.revision, 2));
});

void test('a full disk fails the whole transaction, changes nothing, and the store goes on when there is room', async () => {
  const path = newPath();
  const store = await openSqliteStore({ path, fileBytesMax: 200_000 });
  const recorder = new Recorder();
  store.watch('', 1, recorder);
  const big = { text: 'x'.repeat(50_000) };
  const kept = await store.put('p/kept', big, 0);
  const results = await Promise.allSettled([
    store.put('p/small', {}, 0),
    store.delete('p/kept', kept),
    ...Array.from({ length: 5 }, (_, i) => store.put(`p/${i}`, big, 0)),
  ]);
  for (const result of results) {
    assert.equal(result.status, 'rejected');
    assert.ok(result.reason instanceof WriteFailedError);
    assert.match(result.reason.message, /\d+\.db: database or disk is full/);
    assert.ok(result.reason.cause instanceof Error);
  }
  assert.equal(await store.revision(), kept);
  assert.deepEqual((await store.range('')).entries, [{ key: 'p/kept', value: big, revision: kept }]);

  const deleted = await store.delete('p/kept', kept);
  assert.equal(deleted, kept + 1);
  assert.equal(await store.put('p/small', {}, 0), kept + 2);
  assert.deepEqual(
    recorder.heard.map(({ type, key }) => `${type} ${key}`),
    ['put p/kept', 'delete p/kept', 'put p/small'],
  );
  await store.close();
  await reopened(path, async (store) => assert.equal(await store.revision(), kept + 2));
});

void test('a value that is no JSON fails alone', async () => {
  const store = await openSqliteStore({ path: newPath() });
  const results = await Promise.allSettled([
    store.put('p/a', {}, 0),
    store.put('p/b', { n: 1n }, 0),
    store.put('p/c', {}, 0),
  ]);
  assert.deepEqual(
    results.map((result) => result.status),
    ['fulfilled', 'rejected', 'fulfilled'],
  );
  assert.equal(await store.revision(), 3);
  await store.close();
});

void test('only one process at a time has a store open, this one included', async () => {
  const path = newPath();
  const script = `
    import { openSqliteStore } from ${JSON.stringify(join(import.meta.dirname, 'sqlite.ts'))};
    const store = await openSqliteStore({ path: ${JSON.stringify(path)} });
    await store.put('p/child', {}, 0);
    console.log('open');
    setInterval(() => {}, 60_000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  const isLocked = (error: unknown) =>
    error instanceof StoreLockedError && error.path === path && error.message.includes(path);
  await assert.rejects(openSqliteStore({ path }), isLocked);
  child.kill('SIGKILL');
  await once(child, 'exit');
  const store = await openSqliteStore({ path });
  assert.deepEqual((await store.range('')).entries, [{ key: 'p/child', value: {}, revision: 2 }]);
  await assert.rejects(openSqliteStore({ path }), isLocked);
  await store.put('p/still-writable', {}, 0);
  await store.close();
});

void test('its files are the owner’s alone, and a closed store is one file', async () => {
  const path = newPath();
  const store = await openSqliteStore({ path });
  await store.put('p/a', {}, 0);
  for (const file of files(path)) assert.equal(statSync(file).mode & 0o777, 0o600, file);
  await store.close();
  assert.deepEqual(files(path), [path]);
});

function files(path: string): string[] {
  return readdirSync(directory)
    .map((name) => join(directory, name))
    .filter((file) => file.startsWith(path));
}

async function reopened(path: string, body: (store: Store) => Promise<void>): Promise<void> {
  const store = await openSqliteStore({ path });
  try {
    await body(store);
  } finally {
    await store.close();
  }
}
