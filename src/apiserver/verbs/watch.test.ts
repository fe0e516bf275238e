import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isReason } from '../../api/index.ts';
import { configMap, createTestServer, type TestServer } from '../server.test-support.ts';

const maps = { resource: 'configmaps', namespace: 'default' } as const;

function labelled(name: string, colour: string) {
  return { ...configMap(name), metadata: { name, labels: { colour } } };
}

async function paint({ call }: TestServer, name: string, colour: string) {
  return call({
    ...maps,
    verb: 'patch',
    name,
    patchType: 'application/merge-patch+json',
    body: { metadata: { labels: { colour } } },
  });
}

test('a watch without resourceVersion begins with what is there', async () => {
  const server = await createTestServer();
  await server.call({ ...maps, verb: 'create', body: configMap('a') });
  const watch = await server.watch(maps);
  await server.call({ ...maps, verb: 'create', body: configMap('b') });
  await server.call({ ...maps, namespace: 'kube-system', verb: 'create', body: configMap('elsewhere') });
  await server.call({ ...maps, verb: 'delete', name: 'a' });
  assert.deepEqual(watch.words(), ['ADDED a', 'ADDED b', 'DELETED a']);
});

test('a watch from a resourceVersion misses nothing and repeats nothing', async () => {
  const server = await createTestServer();
  const made = await server.call({ ...maps, verb: 'create', body: configMap('a') });
  await server.call({ ...maps, verb: 'create', body: configMap('b') });
  const watch = await server.watch({ ...maps, query: { resourceVersion: made.metadata.resourceVersion! } });
  await server.call({ ...maps, verb: 'create', body: configMap('c') });
  assert.deepEqual(watch.words(), ['ADDED b', 'ADDED c']);
});

test('the events carry the resourceVersion of the change, the deletion included', async () => {
  const server = await createTestServer();
  const watch = await server.watch(maps);
  const made = await server.call({ ...maps, verb: 'create', body: configMap('a') });
  await server.call({ ...maps, verb: 'delete', name: 'a' });
  assert.equal(watch.events[0]!.object, made, 'the watcher shares the object with everybody');
  assert.equal(watch.events[1]!.object.metadata.resourceVersion, String(await server.store.revision()));
  assert.equal(watch.events[1]!.object.metadata.uid, made.metadata.uid);
});

test('with a selector, objects enter and leave', async () => {
  const server = await createTestServer();
  const watch = await server.watch({ ...maps, query: { labelSelector: 'colour=red' } });
  await server.call({ ...maps, verb: 'create', body: labelled('a', 'blue') });
  await paint(server, 'a', 'red');
  await server.call({
    ...maps,
    verb: 'patch',
    name: 'a',
    patchType: 'application/merge-patch+json',
    body: { data: { k: 'v' } },
  });
  const left = await paint(server, 'a', 'green');
  await server.call({ ...maps, verb: 'delete', name: 'a' });
  assert.deepEqual(watch.words(), ['ADDED a', 'MODIFIED a', 'DELETED a']);
  const { object } = watch.events[2]!;
  assert.deepEqual(
    [object.metadata.labels, object.metadata.resourceVersion],
    [{ colour: 'red' }, left.metadata.resourceVersion],
  );
});

test('a watch of one name sees that name only', async () => {
  const server = await createTestServer();
  const watch = await server.watch({ ...maps, query: { fieldSelector: 'metadata.name=a' } });
  for (const name of ['a', 'ab', 'b']) await server.call({ ...maps, verb: 'create', body: configMap(name) });
  assert.deepEqual(watch.words(), ['ADDED a']);
});

test('sendInitialEvents ends the initial events with a marked bookmark', async () => {
  const server = await createTestServer();
  await server.call({ ...maps, verb: 'create', body: configMap('a') });
  const revision = await server.store.revision();
  const query = { sendInitialEvents: 'true', resourceVersionMatch: 'NotOlderThan', allowWatchBookmarks: 'true' };
  const watch = await server.watch({ ...maps, query });
  assert.deepEqual(watch.words(), ['ADDED a', `BOOKMARK ${revision}`]);
  assert.deepEqual(watch.events[1]!.object.metadata.annotations, { 'k8s.io/initial-events-end': 'true' });
  const { allowWatchBookmarks: _, ...without } = query;
  assert.deepEqual(
    (await server.watch({ ...maps, query: without })).words(),
    ['ADDED a'],
    'nobody asked for bookmarks',
  );
});

test('bookmarks move on although nothing watched changes', async () => {
  const server = await createTestServer();
  const watch = await server.watch({ ...maps, query: { allowWatchBookmarks: 'true' } });
  await server.call({ ...maps, namespace: 'kube-system', verb: 'create', body: configMap('elsewhere') });
  await server.clock.advance(120_000);
  assert.equal(watch.words().at(-1), `BOOKMARK ${await server.store.revision()}`);
  watch.stop();
  const seen = watch.events.length;
  await server.clock.advance(600_000);
  assert.equal(watch.events.length, seen);
});

test('a version that was compacted away, or never was, is Expired', async () => {
  const server = await createTestServer();
  const made = await server.call({ ...maps, verb: 'create', body: configMap('a') });
  await server.call({ ...maps, verb: 'create', body: configMap('b') });
  await server.store.compact(await server.store.revision());
  const old = server.watch({ ...maps, query: { resourceVersion: made.metadata.resourceVersion! } });
  const compacted = await server.store.revision();
  const message = `too old resource version: ${made.metadata.resourceVersion} (${compacted})`;
  await assert.rejects(old, { reason: 'Expired', code: 410, message });
  await assert.rejects(server.watch({ ...maps, query: { resourceVersion: '999999' } }), { reason: 'Expired' });
});

test('a watch ends after timeoutSeconds, and when the server closes', async () => {
  const server = await createTestServer();
  const short = await server.watch({ ...maps, query: { timeoutSeconds: '5' } });
  const long = await server.watch(maps);
  await server.clock.advance(5_000);
  assert.equal(short.ended(), true);
  assert.equal(long.ended(), undefined);
  await server.server.close();
  assert.equal(long.ended(), true);
  assert.equal((await server.fails({ ...maps, verb: 'list' })).reason, 'ServiceUnavailable');
});

test('options of a watch that make no sense together are refused', async (t) => {
  const cases: readonly [query: Readonly<Record<string, string>>, refusal: RegExp][] = [
    [{ sendInitialEvents: 'true' }, /sendInitialEvents requires setting resourceVersionMatch to NotOlderThan/],
    [{ resourceVersionMatch: 'NotOlderThan' }, /forbidden for watch unless sendInitialEvents is provided/],
    [
      { sendInitialEvents: 'true', resourceVersionMatch: 'Exact', resourceVersion: '5' },
      /Unsupported value: "Exact": supported values: "NotOlderThan"/,
    ],
    [
      { sendInitialEvents: 'true', resourceVersionMatch: 'NotOlderThan', continue: 'x' },
      /forbidden when continue is provided/,
    ],
  ];
  const { watch } = await createTestServer();
  for (const [query, refusal] of cases)
    await t.test(JSON.stringify(query), () =>
      assert.rejects(
        watch({ resource: 'configmaps', query }),
        (error) => isReason(error, 'Invalid') && refusal.test(error.message),
      ),
    );
});

test('initial events that are at least as new as a version nobody has seen cannot be had', async () => {
  const { watch } = await createTestServer();
  const query = { sendInitialEvents: 'true', resourceVersionMatch: 'NotOlderThan', resourceVersion: '999999' };
  await assert.rejects(watch({ resource: 'configmaps', query }), (error) => isReason(error, 'Timeout'));
});
