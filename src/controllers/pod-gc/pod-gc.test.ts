import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Pod, resources } from '../../api/index.ts';
import { createFakeClient } from '../../client/index.ts';
import { createVirtualClock, seededRandom } from '../../machinery/index.ts';
import { silentLogger } from '../../observe/index.ts';
import { type PodGcOptions, runPodGc } from './index.ts';

async function start(t: { after(end: () => void): void }, options: Partial<PodGcOptions> = {}) {
  const clock = createVirtualClock();
  const random = seededRandom(1);
  const client = createFakeClient({ clock, random });
  const stop = new AbortController();
  t.after(() => stop.abort());
  return {
    clock,
    client,
    stop,
    run: () => runPodGc({ client, clock, random, log: silentLogger, signal: stop.signal, ...options }),
    node: (name: string) => client.add(resources.nodes, { metadata: { name } }),
    pod: (name: string, more: Partial<Pod> = {}) =>
      client.add(resources.pods, {
        ...more,
        metadata: { name, namespace: 'default', ...more.metadata },
        spec: { containers: [{ name: 'c' }], ...more.spec },
      }),
    names: () => client.all(resources.pods).map(({ metadata }) => metadata.name),
  };
}

test('the pods of a deleted node go after the quarantine, without a grace period', async (t) => {
  const cluster = await start(t);
  for (const name of ['a', 'b']) {
    cluster.node(name);
    cluster.pod(`on-${name}`, { spec: { containers: [], nodeName: name } });
  }
  cluster.run();
  await cluster.clock.advance(60_000);
  cluster.client.remove(resources.nodes, undefined, 'a');
  await cluster.clock.advance(4_900);
  assert.deepEqual(cluster.names(), ['on-a', 'on-b']);
  await cluster.clock.advance(100);
  assert.deepEqual(cluster.names(), ['on-b']);
});

test('a node that comes back within the quarantine keeps its pods', async (t) => {
  const cluster = await start(t);
  cluster.node('a');
  cluster.pod('p', { spec: { containers: [], nodeName: 'a' } });
  cluster.run();
  await cluster.clock.settle();
  cluster.client.remove(resources.nodes, undefined, 'a');
  await cluster.clock.advance(3_000);
  cluster.node('a');
  await cluster.clock.advance(60_000);
  assert.deepEqual(cluster.names(), ['p']);
});

test('a node that goes again is given the whole quarantine again', async (t) => {
  const cluster = await start(t);
  cluster.node('a');
  cluster.pod('p', { spec: { containers: [], nodeName: 'a' } });
  cluster.run();
  await cluster.clock.settle();
  cluster.client.remove(resources.nodes, undefined, 'a');
  await cluster.clock.advance(3_000);
  cluster.node('a');
  await cluster.clock.advance(1_000);
  cluster.client.remove(resources.nodes, undefined, 'a');
  await cluster.clock.advance(4_900);
  assert.deepEqual(cluster.names(), ['p']);
  await cluster.clock.advance(100);
  assert.deepEqual(cluster.names(), []);
});

test('pods of nodes that were gone before the start are found', async (t) => {
  const cluster = await start(t);
  cluster.pod('p', { spec: { containers: [], nodeName: 'long-gone' } });
  cluster.run();
  await cluster.clock.advance(5_000);
  assert.deepEqual(cluster.names(), []);
});

test('a pod that a finalizer holds no longer pretends to run', async (t) => {
  const cluster = await start(t);
  cluster.pod('p', {
    metadata: { finalizers: ['x/y'] },
    spec: { containers: [], nodeName: 'gone' },
    status: { phase: 'Running' },
  });
  cluster.run();
  await cluster.clock.advance(5_000);
  const [pod] = cluster.client.all(resources.pods);
  assert.equal(pod?.status?.phase, 'Failed');
  assert.notEqual(pod?.metadata.deletionTimestamp, undefined);
});

test('a pod that was never bound and is being deleted goes at once', async (t) => {
  const cluster = await start(t);
  cluster.pod('going', { metadata: { deletionTimestamp: '2026-01-01T00:00:30Z', deletionGracePeriodSeconds: 30 } });
  cluster.pod('waiting');
  cluster.run();
  await cluster.clock.advance(0);
  assert.deepEqual(cluster.names(), ['waiting']);
});

test('finished pods above the threshold go, oldest first', async (t) => {
  const cluster = await start(t, { finishedPodsMax: 2 });
  cluster.node('a');
  for (const [index, name] of ['c', 'a', 'd', 'b'].entries())
    cluster.pod(name, {
      metadata: { creationTimestamp: `2026-01-01T00:00:0${index}Z` },
      spec: { containers: [], nodeName: 'a' },
      status: { phase: 'Succeeded' },
    });
  cluster.run();
  await cluster.clock.advance(20_000);
  assert.deepEqual(cluster.names(), ['b', 'd']);
});

test('stops with its signal', async (t) => {
  const cluster = await start(t);
  const { synced, stopped } = cluster.run();
  await cluster.clock.settle();
  await synced;
  cluster.stop.abort();
  await stopped;
  assert.equal(cluster.clock.pending, 0);
});
