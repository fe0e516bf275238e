import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findCondition, type Pod, resources, StatusError } from '../../api/index.ts';
import { createFakeClient } from '../../client/index.ts';
import { disruptionBudgets } from '../../core/disruption/index.ts';
import { createVirtualClock, seededRandom } from '../../machinery/index.ts';
import { silentLogger } from '../../observe/index.ts';
import { runScheduler } from './index.ts';

/** A cluster of plain maps, with a scheduler running in virtual time. */
async function start(t: { after(end: () => void): void }) {
  const clock = createVirtualClock();
  const random = seededRandom(1);
  const client = createFakeClient({ clock, random });
  const stop = new AbortController();
  t.after(() => stop.abort());
  const events: string[] = [];
  const recorder = {
    record: (_: unknown, type: string, reason: string, message: string) =>
      void events.push(`${type} ${reason} ${message}`),
    flushed: async () => {},
    stopped: Promise.resolve(),
  };
  const run = () => runScheduler({ client, clock, random, log: silentLogger, signal: stop.signal, recorder });
  return {
    clock,
    client,
    events,
    run,
    stop,
    node: (name: string, cpu = '1', labels: Record<string, string> = {}) =>
      client.add(resources.nodes, {
        metadata: { name, labels },
        status: { allocatable: { cpu, memory: '1Gi', pods: '110' } },
      }),
    pod: (name: string, spec: Partial<Pod['spec']> = {}, cpu = '100m') =>
      client.add(resources.pods, {
        metadata: { name, namespace: 'default' },
        spec: { containers: [{ name: 'c', resources: { requests: { cpu } } }], ...spec },
      }),
    nodeOf: (name: string) => client.all(resources.pods).find((pod) => pod.metadata.name === name)?.spec.nodeName,
    verdict: (name: string) =>
      findCondition(
        client.all(resources.pods).find((pod) => pod.metadata.name === name)?.status?.conditions,
        'PodScheduled',
      ),
  };
}

const pinnedTo = (node: string): Partial<Pod['spec']> => ({
  affinity: {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: [node] }] }],
      },
    },
  },
});

test('a pod is bound to the node it is pinned to, with its UID', async (t) => {
  const cluster = await start(t);
  for (const name of ['a', 'b', 'c']) cluster.node(name);
  const { uid } = cluster.pod('p', pinnedTo('b')).metadata;
  cluster.run();
  await cluster.clock.advance(0);
  assert.equal(cluster.nodeOf('p'), 'b');
  const binding = cluster.client.calls.find(({ resource }) => resource === 'pods/binding')!.body as Pod;
  assert.equal(binding.metadata.uid, uid);
  assert.deepEqual(cluster.events, ['Normal Scheduled Successfully assigned default/p to b']);
});

test('binds that are under way count: pods created together do not overfill a node', async (t) => {
  const cluster = await start(t);
  for (const name of ['a', 'b']) cluster.node(name, '1');
  for (let index = 0; index < 5; index++) cluster.pod(`p${index}`, {}, '400m');
  cluster.run();
  await cluster.clock.advance(0);
  const nodes = [0, 1, 2, 3, 4].map((index) => cluster.nodeOf(`p${index}`) ?? 'none');
  assert.deepEqual(
    nodes.toSorted((a, b) => a.localeCompare(b)),
    ['a', 'a', 'b', 'b', 'none'],
  );
});

test('a pod that fits nowhere is told why, once, and is bound when its node gets room', async (t) => {
  const cluster = await start(t);
  cluster.node('a');
  cluster.node('b');
  cluster.pod('big', { nodeName: 'a' }, '900m');
  cluster.pod('p', pinnedTo('a'), '200m');
  cluster.run();
  await cluster.clock.advance(60_000);
  assert.equal(cluster.nodeOf('p'), undefined);
  const message =
    "0/2 nodes are available: 1 Insufficient cpu, 1 node(s) didn't satisfy plugin(s) [NodeAffinity]. " +
    'preemption: 0/2 nodes are available: 1 No preemption victims found for incoming pod, 1 Preemption is not helpful for scheduling.';
  assert.equal(cluster.verdict('p')?.message, message);
  assert.equal(cluster.verdict('p')?.reason, 'Unschedulable');
  assert.equal(cluster.client.count('patch', 'pods'), 0);
  assert.equal(cluster.client.count('patch', 'pods/status'), 1);
  assert.deepEqual(cluster.events, [`Warning FailedScheduling ${message}`]);

  cluster.client.remove(resources.pods, 'default', 'big');
  await cluster.clock.advance(0);
  assert.equal(cluster.nodeOf('p'), 'a');
});

test('a finished pod uses nothing', async (t) => {
  const cluster = await start(t);
  cluster.node('a');
  cluster.client.add(resources.pods, {
    metadata: { name: 'done', namespace: 'default' },
    spec: { nodeName: 'a', containers: [{ name: 'c', resources: { requests: { cpu: '1' } } }] },
    status: { phase: 'Succeeded' },
  });
  cluster.pod('p', {}, '1');
  cluster.run();
  await cluster.clock.advance(0);
  assert.equal(cluster.nodeOf('p'), 'a');
});

test('a pod waits for a node that joins', async (t) => {
  const cluster = await start(t);
  cluster.pod('p', pinnedTo('late'));
  cluster.run();
  await cluster.clock.advance(0);
  assert.equal(cluster.verdict('p')?.message, 'no nodes available to schedule pods');
  cluster.node('late');
  await cluster.clock.advance(0);
  assert.equal(cluster.nodeOf('p'), 'late');
});

test('pods of other schedulers, gated and terminating pods are left alone', async (t) => {
  const cluster = await start(t);
  cluster.node('a');
  cluster.pod('other', { schedulerName: 'mine' });
  cluster.pod('gated', { schedulingGates: [{ name: 'quota' }] });
  cluster.client.add(resources.pods, {
    metadata: { name: 'going', namespace: 'default', deletionTimestamp: '2026-01-01T00:00:00Z', finalizers: ['x/y'] },
    spec: { containers: [{ name: 'c' }] },
  });
  cluster.run();
  await cluster.clock.advance(10_000);
  for (const name of ['other', 'gated', 'going']) assert.equal(cluster.nodeOf(name), undefined);
  assert.equal(cluster.client.count('patch', 'pods/status'), 0);
});

test('a failed bind is tried again, and gives the room back meanwhile', async (t) => {
  const cluster = await start(t);
  cluster.node('a', '100m');
  cluster.pod('p', {}, '100m');
  cluster.client.failNext('create', 'pods/binding', new StatusError('ServiceUnavailable', 'away'), 3);
  cluster.run();
  await cluster.clock.advance(1_000);
  assert.equal(cluster.nodeOf('p'), 'a');
  assert.equal(cluster.client.count('create', 'pods/binding'), 4);
});

const conflict = () => new StatusError('Conflict', 'the object has been modified');

test('a verdict whose write met a Conflict is written after all', async (t) => {
  const cluster = await start(t);
  cluster.node('a');
  cluster.pod('p', pinnedTo('a'), '2');
  cluster.client.failNext('patch', 'pods/status', conflict());
  cluster.run();
  await cluster.clock.advance(5_000);
  assert.equal(cluster.verdict('p')?.reason, 'Unschedulable');
  assert.equal(cluster.events.length, 1);
});

test('an eviction that met a Conflict is decided anew', async (t) => {
  const cluster = await start(t);
  cluster.node('a');
  cluster.pod('low', { nodeName: 'a', priority: 0 }, '900m');
  cluster.pod('daemon', { ...pinnedTo('a'), priority: 100 }, '1');
  cluster.client.failNext('delete', resources.pods, conflict(), 3);
  cluster.run();
  await cluster.clock.advance(5_000);
  const low = cluster.client.all(resources.pods).find(({ metadata }) => metadata.name === 'low');
  assert.ok(low?.metadata.deletionTimestamp);
});

test('a heartbeat of a node wakes nobody', async (t) => {
  const cluster = await start(t);
  const node = cluster.node('a');
  for (let index = 0; index < 3; index++) cluster.pod(`p${index}`, pinnedTo('a'), '2');
  cluster.run();
  await cluster.clock.advance(0);
  const before = cluster.client.calls.length;
  await cluster.client.update(resources.nodes, { ...node, metadata: { ...node.metadata, annotations: { beat: '1' } } });
  await cluster.clock.advance(5_000);
  assert.equal(cluster.client.calls.length, before + 1);
});

test('a daemon pod takes the place of a less important one on its node, and nobody else takes that place', async (t) => {
  const cluster = await start(t);
  cluster.node('a');
  cluster.node('b');
  cluster.pod('low', { nodeName: 'a', priority: 0 }, '900m');
  cluster.pod('other', { nodeName: 'b', priority: 0 }, '900m');
  cluster.pod('daemon', { ...pinnedTo('a'), priority: 100 }, '1');
  cluster.run();
  await cluster.clock.advance(0);
  const pod = (name: string) => cluster.client.all(resources.pods).find(({ metadata }) => metadata.name === name);
  assert.ok(pod('low')?.metadata.deletionTimestamp, 'it gets its grace period');
  assert.equal(findCondition(pod('low')?.status?.conditions, 'DisruptionTarget')?.reason, 'PreemptionByScheduler');
  assert.equal(pod('other')?.metadata.deletionTimestamp, undefined, 'pods of other nodes are not in the way');
  assert.equal(pod('daemon')?.status?.nominatedNodeName, 'a');
  const uid = pod('daemon')!.metadata.uid;
  assert.ok(cluster.events.includes(`Normal Preempted Preempted by pod ${uid} on node a`));

  cluster.pod('thief', { ...pinnedTo('a'), priority: 50 }, '500m');
  await cluster.clock.advance(60_000);
  assert.equal(cluster.nodeOf('thief'), undefined);
  assert.equal(cluster.nodeOf('daemon'), undefined);
  assert.equal(cluster.client.count('delete', 'pods'), 1, 'nobody is deleted twice');

  cluster.client.remove(resources.pods, 'default', 'low');
  await cluster.clock.advance(60_000);
  assert.equal(cluster.nodeOf('daemon'), 'a');
});

test('a disruption budget turns the choice to another pod', async (t) => {
  const cluster = await start(t);
  cluster.node('a');
  for (const [name, priority, labels] of [
    ['guarded', 0, { app: 'guarded' }],
    ['free', 1, {}],
  ] as const)
    cluster.client.add(resources.pods, {
      metadata: { name, namespace: 'default', labels },
      spec: { nodeName: 'a', priority, containers: [{ name: 'c', resources: { requests: { cpu: '500m' } } }] },
    });
  cluster.client.add(disruptionBudgets, {
    metadata: { name: 'b', namespace: 'default' },
    spec: { selector: { matchLabels: { app: 'guarded' } } },
    status: { disruptionsAllowed: 0 },
  });
  cluster.pod('daemon', { ...pinnedTo('a'), priority: 100 }, '500m');
  cluster.run();
  await cluster.clock.advance(0);
  const leaving = cluster.client.all(resources.pods).filter(({ metadata }) => metadata.deletionTimestamp !== undefined);
  assert.deepEqual(
    leaving.map(({ metadata }) => metadata.name),
    ['free'],
  );
});

test('a pod that may not preempt waits', async (t) => {
  const cluster = await start(t);
  cluster.node('a');
  cluster.pod('low', { nodeName: 'a', priority: 0 }, '900m');
  cluster.pod('patient', { priority: 100, preemptionPolicy: 'Never' }, '500m');
  cluster.run();
  await cluster.clock.advance(60_000);
  assert.equal(cluster.nodeOf('patient'), undefined);
  assert.equal(cluster.client.count('delete', 'pods'), 0);
  assert.match(cluster.verdict('patient')!.message!, /preemption: not eligible due to preemptionPolicy=Never\.$/);
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
