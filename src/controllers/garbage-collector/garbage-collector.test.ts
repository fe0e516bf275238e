import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import {
  controllerReference,
  type DaemonSet,
  type DeleteOptions,
  type OwnerReference,
  type Pod,
  type Resource,
  resources,
  StatusError,
  type Stored,
} from '../../api/index.ts';
import { createFakeClient, type FakeClient, type ServedResources } from '../../client/index.ts';
import { createVirtualClock, type RunningController, seededRandom, type VirtualClock } from '../../machinery/index.ts';
import { silentLogger } from '../../observe/index.ts';
import { runGarbageCollector } from './index.ts';

const watched: readonly Resource[] = [
  resources.nodes,
  resources.daemonSets,
  resources.controllerRevisions,
  resources.pods,
  resources.leases,
];
const spec = { selector: {}, template: { spec: { containers: [] } } };

describe('the garbage collector', () => {
  let clock: VirtualClock;
  let client: FakeClient;
  let stop: AbortController;
  let collector: RunningController;
  let owner: Stored<DaemonSet>;
  let list: readonly Resource[];
  const listeners = new Set<() => void>();
  const served: ServedResources = {
    all: () => list,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
  const serve = (next: readonly Resource[]) => {
    list = next;
    for (const listener of listeners) listener();
  };

  const start = () => {
    collector = runGarbageCollector({
      client,
      clock,
      random: seededRandom(1),
      log: silentLogger,
      signal: stop.signal,
      resources: served,
    });
  };
  beforeEach(() => {
    clock = createVirtualClock();
    client = createFakeClient({ clock, random: seededRandom(2) });
    stop = new AbortController();
    list = watched;
    owner = client.add<DaemonSet>(resources.daemonSets, { metadata: { namespace: 'a', name: 'ds' }, spec });
  });
  afterEach(async () => {
    stop.abort();
    await collector.stopped;
    assert.equal(listeners.size, 0, 'nobody listens after the end');
  });

  const reference = (over: Partial<OwnerReference> = {}): OwnerReference => ({
    ...controllerReference(resources.daemonSets, owner),
    ...over,
  });
  const addPod = (
    name: string,
    ownerReferences: readonly OwnerReference[],
    over: Partial<Pod['metadata']> = {},
    nodeName?: string,
  ) =>
    client.add<Pod>(resources.pods, {
      metadata: { namespace: 'a', name, ownerReferences, ...over },
      spec: { containers: [], ...(nodeName === undefined ? {} : { nodeName }) },
    });
  const pods = () => client.all(resources.pods).map(({ metadata }) => metadata.name);
  const daemonSets = () => client.all(resources.daemonSets).map(({ metadata }) => metadata.name);
  const deleteOwner = (options?: DeleteOptions) => client.delete(resources.daemonSets, 'a', 'ds', options);

  describe('garbage collection', () => {
    test('deletes what a deleted owner leaves behind, and nothing else', async () => {
      addPod('owned', [reference()]);
      addPod('free', []);
      start();
      await clock.settle();
      assert.deepEqual(pods(), ['free', 'owned']);
      await deleteOwner({ propagationPolicy: 'Background' });
      await clock.settle();
      assert.deepEqual(pods(), ['free']);
      assert.equal(client.count('delete', resources.pods), 1);
    });

    test('covers resources that are served later, until they are no more', async () => {
      const tabs: Resource = { group: 'example.com', version: 'v1', name: 'tabs', kind: 'Tab', namespaced: true };
      start();
      await clock.settle();
      serve([...watched, tabs]);
      const tab = client.add(tabs, { metadata: { namespace: 'a', name: 'tab', ownerReferences: [reference()] } });
      addPod('of-tab', [controllerReference(tabs, tab)]);
      await clock.settle();
      await deleteOwner({ propagationPolicy: 'Background' });
      await clock.settle();
      assert.deepEqual([client.all(tabs), pods()], [[], []]);
      serve(watched);
      await clock.settle();
      assert.equal(client.count('watch', tabs), 1);
    });

    test('deletes a dependent whose owner vanished while nobody watched, after asking the server once', async () => {
      for (let index = 0; index < 100; index++) addPod(`p${index}`, [reference({ uid: 'gone' })]);
      start();
      await clock.settle();
      assert.deepEqual(pods(), []);
      assert.equal(client.count('get', resources.daemonSets), 1);
    });

    test('never deletes on a lagging cache: an owner that the server still has keeps its dependents', async () => {
      start();
      await clock.settle();
      // The reference names a UID that the graph does not know, but the server does.
      const late = client.add<DaemonSet>(resources.daemonSets, { metadata: { namespace: 'a', name: 'late' }, spec });
      addPod('owned', [controllerReference(resources.daemonSets, late)]);
      await clock.settle();
      assert.deepEqual(pods(), ['owned']);
    });

    test('does not delete while the server cannot say whether the owner is there', async () => {
      addPod('p', [reference({ uid: 'gone' })]);
      client.failNext('get', resources.daemonSets, new StatusError('ServiceUnavailable', 'down'), 3);
      start();
      await clock.advance(15);
      assert.deepEqual(pods(), ['p']);
      await clock.advance(1000);
      assert.deepEqual(pods(), []);
    });

    test('keeps dependents of kinds that nobody serves', async () => {
      addPod('p', [{ apiVersion: 'example.com/v1', kind: 'Widget', name: 'w', uid: 'w' }]);
      start();
      await clock.settle();
      assert.deepEqual(pods(), ['p']);
    });

    test('treats an owner in another namespace as absent', async () => {
      addPod('p', [reference()], { namespace: 'b' });
      start();
      await clock.settle();
      assert.deepEqual(pods(), []);
    });

    test('lets a cluster-scoped owner own in every namespace', async () => {
      const node = client.add(resources.nodes, { metadata: { name: 'n' } });
      client.add(resources.leases, {
        metadata: {
          namespace: 'kube-node-lease',
          name: 'n',
          ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name: 'n', uid: node.metadata.uid }],
        },
      });
      start();
      await clock.settle();
      assert.equal(client.all(resources.leases).length, 1);
      await client.delete(resources.nodes, undefined, 'n');
      await clock.settle();
      assert.equal(client.all(resources.leases).length, 0);
    });

    test('only drops the reference when another owner remains', async () => {
      addPod('p', [reference({ uid: 'gone', name: 'other' }), reference()]);
      start();
      await clock.settle();
      assert.deepEqual(client.all(resources.pods)[0]!.metadata.ownerReferences, [reference()]);
      assert.equal(client.count('delete', resources.pods), 0);
    });

    test('deletes with the UID and the version it decided on, so a replaced or changed object is safe', async () => {
      const pod = addPod('p', [reference({ uid: 'gone' })]);
      start();
      await clock.settle();
      const sent = client.calls.find(({ verb }) => verb === 'delete')!.body as DeleteOptions;
      assert.deepEqual(sent.preconditions, { uid: pod.metadata.uid, resourceVersion: pod.metadata.resourceVersion });
    });
  });

  describe('foreground deletion', () => {
    test('removes blocking dependents first and the owner after the last of them', async () => {
      addPod('one', [reference()], {}, 'node-1');
      addPod('two', [reference()]);
      start();
      await clock.settle();
      await deleteOwner({ propagationPolicy: 'Foreground' });
      await clock.settle();
      // A pod on a node has a grace period: the owner waits for it.
      assert.deepEqual(pods(), ['one']);
      assert.notEqual(client.all(resources.pods)[0]!.metadata.deletionTimestamp, undefined);
      assert.deepEqual(daemonSets(), ['ds']);
      await client.delete(resources.pods, 'a', 'one', { gracePeriodSeconds: 0 });
      await clock.settle();
      assert.deepEqual(daemonSets(), []);
    });

    test('does not wait for dependents without blockOwnerDeletion, which go all the same', async () => {
      addPod('p', [reference({ blockOwnerDeletion: false })], {}, 'node-1');
      start();
      await clock.settle();
      await deleteOwner({ propagationPolicy: 'Foreground' });
      await clock.settle();
      assert.deepEqual(daemonSets(), []);
      assert.notEqual(client.all(resources.pods)[0]!.metadata.deletionTimestamp, undefined);
    });

    test('reaches dependents that appear after it began', async () => {
      addPod('first', [reference()], {}, 'node-1');
      start();
      await clock.settle();
      await deleteOwner({ propagationPolicy: 'Foreground' });
      addPod('late', [reference()]);
      await clock.settle();
      assert.deepEqual(pods(), ['first']);
    });

    test('goes down a tree leaf first', async () => {
      const pod = addPod('middle', [reference()]);
      const middle = { apiVersion: 'v1', kind: 'Pod', name: 'middle', uid: pod.metadata.uid, blockOwnerDeletion: true };
      addPod('leaf', [middle], {}, 'node-1');
      start();
      await clock.settle();
      await deleteOwner({ propagationPolicy: 'Foreground' });
      await clock.settle();
      assert.deepEqual([daemonSets(), pods()], [['ds'], ['leaf', 'middle']]);
      await client.delete(resources.pods, 'a', 'leaf', { gracePeriodSeconds: 0 });
      await clock.settle();
      assert.deepEqual([daemonSets(), pods()], [[], []]);
    });

    test('ends also for objects that own each other', async () => {
      const kind = { apiVersion: 'v1', kind: 'Pod', blockOwnerDeletion: true };
      addPod('a', [{ ...kind, name: 'b', uid: 'b' }], { uid: 'a' });
      addPod('b', [{ ...kind, name: 'a', uid: 'a' }], { uid: 'b' });
      start();
      await clock.settle();
      await client.delete(resources.pods, 'a', 'a', { propagationPolicy: 'Foreground' });
      await clock.advance(1000);
      assert.deepEqual(pods(), []);
    });

    test('ends when the collector starts in the middle of it', async () => {
      addPod('p', [reference()]);
      await deleteOwner({ propagationPolicy: 'Foreground' });
      start();
      await clock.settle();
      assert.deepEqual([daemonSets(), pods()], [[], []]);
    });
  });

  describe('orphaning deletion', () => {
    test('takes the reference from every dependent, then lets the owner go', async () => {
      for (let index = 0; index < 50; index++) addPod(`p${index}`, [reference()]);
      start();
      await clock.settle();
      await deleteOwner({ propagationPolicy: 'Orphan' });
      await clock.settle();
      assert.deepEqual(daemonSets(), []);
      assert.equal(client.all(resources.pods).length, 50);
      assert.ok(client.all(resources.pods).every(({ metadata }) => metadata.ownerReferences === undefined));
      assert.equal(client.count('delete', resources.pods), 0);
    });

    test('tries again when a dependent changed meanwhile, and keeps the owner until then', async () => {
      addPod('p', [reference()]);
      start();
      await clock.settle();
      client.failNext('patch', resources.pods, new StatusError('Conflict', 'changed'));
      await deleteOwner({ propagationPolicy: 'Orphan' });
      await clock.settle();
      assert.deepEqual(daemonSets(), ['ds']);
      await clock.advance(10);
      assert.deepEqual([daemonSets(), pods()], [[], ['p']]);
    });
  });
});
