import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { type ConfigMap, isReason, resources } from '../api/index.ts';
import { seededRandom, systemClock } from '../machinery/index.ts';
import { silentLogger } from '../observe/index.ts';
import { ClusterStartError } from './start-error.ts';
import { type Cluster, type ClusterOptions, startCluster } from './start.ts';

const options = { nodes: 1, port: 0, clock: systemClock, random: seededRandom(1), log: silentLogger };

async function start(t: TestContext, more: Partial<ClusterOptions> = {}): Promise<Cluster> {
  const cluster = await startCluster({ ...options, ...more });
  t.after(() => cluster.close());
  return cluster;
}

async function temporary(t: TestContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'everynode-test-'));
  t.after(() => rm(path, { recursive: true, force: true }));
  return path;
}

const settings: ConfigMap = { metadata: { name: 'settings', namespace: 'default' }, data: { a: '1' } };

test('the client of a cluster reads, writes and watches, sharing objects with the server', async (t) => {
  const { client } = await start(t);
  const created = await client.create(resources.configMaps, settings);
  assert.equal(await client.get(resources.configMaps, 'default', 'settings'), created, 'the very same object');

  const stop = new AbortController();
  const { resourceVersion } = created.metadata;
  const seen: string[] = [];
  const watching = (async () => {
    for await (const event of client.watch(resources.configMaps, { resourceVersion, signal: stop.signal })) {
      if (event.type === 'BOOKMARK' || event.object.metadata.name !== 'settings') continue;
      seen.push(`${event.type} ${event.object.data?.a}`);
      if (event.type === 'DELETED') stop.abort();
    }
  })();
  await client.patch(resources.configMaps, 'default', 'settings', 'merge', { data: { a: '2' } });
  await client.update(resources.configMaps, { ...settings, data: { a: '3' } });
  await client.delete(resources.configMaps, 'default', 'settings');
  await watching;
  assert.deepEqual(seen, ['MODIFIED 2', 'MODIFIED 3', 'DELETED 3']);
  await assert.rejects(client.get(resources.configMaps, 'default', 'settings'), (error) => isReason(error, 'NotFound'));
});

test('a cluster in memory leaves nothing behind', async () => {
  const cluster = await startCluster(options);
  const directory = dirname(cluster.kubeconfigPath);
  assert.ok(existsSync(cluster.kubeconfigPath));
  await cluster.close();
  assert.ok(!existsSync(directory));
  await cluster.close();
});

test('state and port outlive a cluster that has a data directory', async (t) => {
  const dataDir = await temporary(t);
  const first = await startCluster({ ...options, dataDir });
  const { metadata } = await first.client.create(resources.configMaps, settings);
  await first.close();
  const { port: _, ...rememberPort } = options;
  const second = await startCluster({ ...rememberPort, dataDir });
  t.after(() => second.close());
  assert.equal(second.url, first.url);
  assert.equal((await second.client.get(resources.configMaps, 'default', 'settings')).metadata.uid, metadata.uid);
});

test('a port that somebody else has is refused by number when it was asked for', async (t) => {
  const dataDir = await temporary(t);
  const holder = createServer();
  await new Promise<void>((resolve) => {
    holder.listen(0, '127.0.0.1', resolve);
  });
  t.after(() => holder.close());
  const { port } = holder.address() as { port: number };
  await assert.rejects(
    startCluster({ ...options, dataDir, port }),
    (error) => error instanceof ClusterStartError && error.message.includes(`port ${port}`),
  );
  // The refused start holds nothing: the same directory serves the next one.
  await start(t, { dataDir });
});

test("an address that is not this machine's is refused", async () => {
  await assert.rejects(startCluster({ ...options, host: '192.0.2.1' }), ClusterStartError);
});

test('a start that is aborted rejects with the reason and keeps nothing open', async (t) => {
  const dataDir = await temporary(t);
  const aborted = AbortSignal.abort();
  await assert.rejects(startCluster({ ...options, dataDir, signal: aborted }), (error) => error === aborted.reason);
  await start(t, { dataDir });
});

test('clusters run side by side', async (t) => {
  const [one, other] = await Promise.all([start(t), start(t)]);
  await one.client.create(resources.configMaps, settings);
  await assert.rejects(other.client.get(resources.configMaps, 'default', 'settings'), (error) =>
    isReason(error, 'NotFound'),
  );
});

test('the kinds of a manifest are found by apiVersion and kind', async (t) => {
  const cluster = await start(t, { nodes: 0 });
  assert.equal(cluster.findResource('apps/v1', 'DaemonSet')?.name, 'daemonsets');
  assert.equal(cluster.findResource('v1', 'DaemonSet'), undefined);
});
