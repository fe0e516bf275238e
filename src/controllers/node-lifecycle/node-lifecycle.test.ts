import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  findCondition,
  formatMicroTime,
  formatTaint,
  formatTime,
  resources,
  type Toleration,
} from '../../api/index.ts';
import { createFakeClient } from '../../client/index.ts';
import { createVirtualClock, seededRandom } from '../../machinery/index.ts';
import { silentLogger } from '../../observe/index.ts';
import { runNodeLifecycle } from './index.ts';

const everything: Toleration = { operator: 'Exists' };

async function start(t: { after(end: () => void): void }, monitorGraceMs = 40_000) {
  const clock = createVirtualClock();
  const random = seededRandom(1);
  const client = createFakeClient({ clock, random });
  const stop = new AbortController();
  t.after(() => stop.abort());
  const events: string[] = [];
  const recorder = {
    record: (about: { name?: string }, _: string, reason: string) => void events.push(`${about.name} ${reason}`),
    flushed: async () => {},
    stopped: Promise.resolve(),
  };
  const get = () => client.all(resources.nodes)[0]!;
  return {
    clock,
    client,
    events,
    stop,
    run: () =>
      runNodeLifecycle({ client, clock, random, log: silentLogger, signal: stop.signal, recorder, monitorGraceMs }),
    addNode: (ready: string | undefined = 'True') =>
      client.add(resources.nodes, {
        metadata: { name: 'a' },
        status:
          ready === 'never'
            ? {}
            : { conditions: [{ type: 'Ready', status: ready, lastHeartbeatTime: formatTime(clock.now()) }] },
      }),
    addLease: () =>
      client.add(resources.leases, {
        metadata: { name: 'a', namespace: 'kube-node-lease' },
        spec: { renewTime: formatMicroTime(clock.now()) },
      }),
    renew: () =>
      client.patch(resources.leases, 'kube-node-lease', 'a', 'merge', {
        spec: { renewTime: formatMicroTime(clock.now()) },
      }),
    addPod: (name: string, tolerations: readonly Toleration[]) =>
      client.add(resources.pods, {
        metadata: { name, namespace: 'default' },
        spec: { containers: [{ name: 'c' }], nodeName: 'a', tolerations },
        status: { conditions: [{ type: 'Ready', status: 'True' }] },
      }),
    pod: (name: string) => client.all(resources.pods).find((pod) => pod.metadata.name === name),
    ready: () => findCondition(get().status?.conditions, 'Ready')?.status,
    taints: () => (get().spec?.taints ?? []).map(formatTaint),
    patchNode: (patch: object) => client.patch(resources.nodes, undefined, 'a', 'merge', patch),
    patchStatus: (status: object) =>
      client.patch(resources.nodes, undefined, 'a', 'strategic', { status }, { subresource: 'status' }),
  };
}

test('a node whose lease is renewed stays ready', async (t) => {
  const cluster = await start(t);
  cluster.addNode();
  cluster.addLease();
  cluster.run();
  for (let beat = 0; beat < 12; beat++) {
    await cluster.clock.advance(10_000);
    await cluster.renew();
  }
  assert.equal(cluster.ready(), 'True');
  assert.deepEqual(cluster.taints(), []);
});

test('a silent node becomes Unknown after 40 s, is tainted, and its pods stop being ready', async (t) => {
  const cluster = await start(t);
  cluster.addNode();
  cluster.addLease();
  cluster.addPod('daemon', [everything]);
  cluster.run();
  await cluster.clock.advance(39_000);
  assert.equal(cluster.ready(), 'True');
  await cluster.clock.advance(1_000);
  assert.equal(cluster.ready(), 'Unknown');
  assert.deepEqual(cluster.taints(), [
    'node.kubernetes.io/unreachable:NoSchedule',
    'node.kubernetes.io/unreachable:NoExecute',
  ]);
  const pod = cluster.pod('daemon')!;
  assert.equal(findCondition(pod.status?.conditions, 'Ready')?.status, 'False');
  assert.equal(pod.metadata.deletionTimestamp, undefined);
  assert.deepEqual(cluster.events, ['a NodeNotReady']);
});

test('a node that posts its status again loses its taints', async (t) => {
  const cluster = await start(t);
  cluster.addNode();
  cluster.run();
  await cluster.clock.advance(60_000);
  assert.equal(cluster.ready(), 'Unknown');
  await cluster.patchStatus({
    conditions: [{ type: 'Ready', status: 'True', lastHeartbeatTime: formatTime(cluster.clock.now()) }],
  });
  await cluster.clock.advance(1_000);
  assert.deepEqual(cluster.taints(), []);
});

test('a node that never posted is given 60 s', async (t) => {
  const cluster = await start(t);
  cluster.addNode('never');
  cluster.run();
  await cluster.clock.advance(59_000);
  assert.equal(cluster.ready(), undefined);
  await cluster.clock.advance(2_000);
  assert.equal(cluster.ready(), 'Unknown');
});

test('a cordon is a taint, and no reason to evict', async (t) => {
  const cluster = await start(t);
  cluster.addNode();
  cluster.addPod('p', []);
  cluster.run();
  await cluster.clock.settle();
  await cluster.patchNode({ spec: { unschedulable: true } });
  await cluster.clock.advance(1_000);
  assert.deepEqual(cluster.taints(), ['node.kubernetes.io/unschedulable:NoSchedule']);
  assert.equal(cluster.pod('p')?.metadata.deletionTimestamp, undefined);
  await cluster.patchNode({ spec: { unschedulable: null } });
  await cluster.clock.advance(1_000);
  assert.deepEqual(cluster.taints(), []);
});

test('taints are written on the version they were computed from: a taint set meanwhile is not lost', async (t) => {
  const cluster = await start(t);
  cluster.addNode();
  cluster.run();
  await cluster.clock.settle();
  const cordoned = await cluster.patchNode({ spec: { unschedulable: true } });
  await cluster.clock.advance(0);
  const body = cluster.client.calls.findLast(({ verb, resource }) => verb === 'patch' && resource === 'nodes')!.body;
  assert.equal((body as typeof cordoned).metadata.resourceVersion, cordoned.metadata.resourceVersion);
});

test('memory pressure keeps new pods away until it is over', async (t) => {
  const cluster = await start(t);
  cluster.addNode();
  cluster.run();
  await cluster.clock.settle();
  await cluster.patchStatus({ conditions: [{ type: 'MemoryPressure', status: 'True' }] });
  await cluster.clock.advance(0);
  assert.deepEqual(cluster.taints(), ['node.kubernetes.io/memory-pressure:NoSchedule']);
  await cluster.patchStatus({ conditions: [{ type: 'MemoryPressure', status: 'False' }] });
  await cluster.clock.advance(0);
  assert.deepEqual(cluster.taints(), []);
});

test('NoExecute evicts at once, after tolerationSeconds, or never, as the pod tolerates it', async (t) => {
  const cluster = await start(t);
  cluster.addNode();
  const tolerating = (tolerationSeconds: number): Toleration => ({ key: 'x', operator: 'Exists', tolerationSeconds });
  cluster.addPod('intolerant', []);
  cluster.addPod('patient', [tolerating(30)]);
  cluster.addPod('daemon', [everything]);
  cluster.run();
  await cluster.clock.settle();
  await cluster.patchNode({ spec: { taints: [{ key: 'x', effect: 'NoExecute' }] } });
  const leaving = (name: string) => cluster.pod(name)?.metadata.deletionTimestamp !== undefined;
  await cluster.clock.advance(1_000);
  assert.deepEqual(['intolerant', 'patient', 'daemon'].map(leaving), [true, false, false]);
  assert.equal(findCondition(cluster.pod('intolerant')!.status?.conditions, 'DisruptionTarget')?.status, 'True');
  // Whatever else happens to the pod: its time runs on.
  await cluster.client.patch(resources.pods, 'default', 'patient', 'merge', { metadata: { labels: { a: 'b' } } });
  await cluster.clock.advance(28_000);
  assert.equal(leaving('patient'), false);
  await cluster.clock.advance(1_000);
  assert.deepEqual(['intolerant', 'patient', 'daemon'].map(leaving), [true, true, false]);
  assert.deepEqual(cluster.events, ['intolerant TaintManagerEviction', 'patient TaintManagerEviction']);
});

test('a taint that goes in time evicts nobody, and a later one counts from its own beginning', async (t) => {
  const cluster = await start(t, 600_000);
  cluster.addNode();
  cluster.addPod('p', [{ key: 'x', operator: 'Exists', tolerationSeconds: 30 }]);
  cluster.run();
  await cluster.clock.settle();
  const taint = { spec: { taints: [{ key: 'x', effect: 'NoExecute' }] } };
  await cluster.patchNode(taint);
  await cluster.clock.advance(20_000);
  await cluster.patchNode({ spec: { taints: [] } });
  await cluster.clock.advance(20_000);
  await cluster.patchNode(taint);
  await cluster.clock.advance(20_000);
  assert.equal(cluster.pod('p')?.metadata.deletionTimestamp, undefined);
  await cluster.clock.advance(10_000);
  assert.notEqual(cluster.pod('p')?.metadata.deletionTimestamp, undefined);
});

test('a pod bound to a tainted node leaves as well', async (t) => {
  const cluster = await start(t);
  cluster.addNode();
  cluster.run();
  await cluster.clock.settle();
  await cluster.patchNode({ spec: { taints: [{ key: 'x', effect: 'NoExecute' }] } });
  await cluster.clock.advance(0);
  cluster.addPod('late', []);
  await cluster.clock.advance(0);
  assert.notEqual(cluster.pod('late')?.metadata.deletionTimestamp, undefined);
});

test('stops with its signal', async (t) => {
  const cluster = await start(t);
  cluster.addNode();
  const { synced, stopped } = cluster.run();
  await cluster.clock.settle();
  await synced;
  cluster.stop.abort();
  await stopped;
});
