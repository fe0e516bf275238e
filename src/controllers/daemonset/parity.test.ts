// What upstream's controller does and no other test of this folder shows (docs/parity.md): who is woken, what is left
// alone, which events are written, how a status is written when something is in the way.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { controllerReference, type Pod, resources, StatusError, type Stored } from '../../api/index.ts';
import { interceptCalls } from '../../client/index.ts';
import { createWorld, fluentd, setImage, type World } from './world.test-support.ts';

const namespace = 'kube-system';

async function settledWorld(nodes: number): Promise<World> {
  const world = createWorld(nodes);
  world.apply(fluentd());
  await world.start();
  await world.converge();
  return world;
}

const writes = ({ client }: World) =>
  client.calls.filter(({ verb, resource }) => !['get', 'list', 'watch'].includes(verb) && resource !== 'events');

function podOn(node: string, metadata: Pod['metadata'], phase = 'Running'): Pod {
  return {
    metadata: { namespace, labels: { name: 'fluentd' }, ...metadata },
    spec: { nodeName: node, containers: [{ name: 'x', image: 'x:1' }] },
    status: { phase },
  };
}

/** `reason message`, of every event of the DaemonSet. */
const events = ({ client }: World) => client.all(resources.events).map(({ reason, message }) => `${reason} ${message}`);
const has = (world: World, pattern: RegExp) =>
  assert.ok(
    events(world).some((text) => pattern.test(text)),
    String(pattern),
  );

describe('what wakes a DaemonSet', () => {
  it('pods of another controller do not, though their labels match', async () => {
    await using world = await settledWorld(1);
    world.client.calls.length = 0;
    const other = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'rs', uid: 'rs-uid', controller: true };
    world.client.add(resources.pods, podOn('node-0', { name: 'foreign', ownerReferences: [other] }));
    await world.clock.advance(60_000);
    assert.deepEqual(writes(world), []);
  });

  it('its own revision that somebody deletes does: it is made again under the same name', async () => {
    await using world = await settledWorld(1);
    const [revision] = world.client.all(resources.controllerRevisions);
    const before = world.pods().map(({ metadata }) => metadata.uid);
    await world.client.delete(resources.controllerRevisions, namespace, revision!.metadata.name);
    await world.clock.advance(60_000);
    const again = world.client.all(resources.controllerRevisions).map(({ metadata }) => metadata.name);
    assert.deepEqual(again, [revision!.metadata.name]);
    assert.deepEqual(
      world.pods().map(({ metadata }) => metadata.uid),
      before,
    );
  });

  it('a heartbeat of a node does not', async () => {
    await using world = await settledWorld(2);
    const [node] = world.client.all(resources.nodes);
    const lastHeartbeatTime = '2030-01-01T00:00:00Z';
    const conditions = node!.status!.conditions!.map((condition) => ({ ...condition, lastHeartbeatTime }));
    const beat = { status: { conditions } };
    await world.client.patch(resources.nodes, undefined, 'node-0', 'merge', beat, { subresource: 'status' });
    world.client.calls.length = 0;
    await world.clock.advance(60_000);
    assert.deepEqual(writes(world), []);
  });
});

describe('a DaemonSet that is being deleted', () => {
  it('gets no pod and no status: what it has is the garbage collector’s', async () => {
    await using world = createWorld(2);
    const { metadata, ...rest } = fluentd();
    const going = { deletionTimestamp: '2026-01-01T00:00:00Z', finalizers: ['foregroundDeletion'] };
    world.apply({ ...rest, metadata: { ...metadata, ...going } });
    world.client.add(resources.pods, podOn('node-0', { name: 'orphan' }));
    await world.start();
    await world.clock.advance(60_000);
    assert.deepEqual(writes(world), []);
  });

  it('nor does one that is deleted in the foreground while it has pods, whatever becomes of them and of nodes', async () => {
    await using world = await settledWorld(2);
    const { client, clock } = world;
    const held = { metadata: { finalizers: ['foregroundDeletion'] } };
    await client.patch(resources.daemonSets, namespace, 'fluentd', 'merge', held);
    await client.delete(resources.daemonSets, namespace, 'fluentd');
    await clock.advance(0);
    assert.notEqual(world.daemonSet().metadata.deletionTimestamp, undefined);
    const [pod] = world.pods();
    client.calls.length = 0;
    world.addNode('node-new');
    await clock.advance(60_000);
    assert.deepEqual(writes(world), []);
    await client.delete(resources.pods, namespace, pod!.metadata.name, { gracePeriodSeconds: 0 });
    client.calls.length = 0;
    await clock.advance(60_000);
    assert.deepEqual(writes(world), []);
  });

  it('adopts nothing, also when only the API server knows yet that it goes', async () => {
    await using world = await settledWorld(1);
    world.client.failNext('get', resources.daemonSets, new StatusError('NotFound', 'gone'), 100);
    world.client.calls.length = 0;
    world.client.add(resources.pods, podOn('node-0', { name: 'orphan' }));
    await world.clock.advance(10_000);
    assert.equal(world.client.count('patch', resources.pods), 0);
  });
});

describe('events on the DaemonSet', () => {
  it('tell of what is created and deleted, and of what is refused, in upstream’s words', async () => {
    await using world = await settledWorld(1);
    has(world, /^SuccessfulCreate Created pod: fluentd-\S+$/);
    await setImage(world, 'fluentd:2');
    await world.converge();
    has(world, /^SuccessfulDelete Deleted pod: fluentd-\S+$/);
    world.client.failNext('delete', resources.pods, new StatusError('Forbidden', 'not you'));
    await setImage(world, 'fluentd:3');
    await world.clock.advance(5_000);
    has(world, /^FailedDelete Error deleting: not you$/);
    await world.converge();
    world.client.failNext('create', resources.pods, new StatusError('Forbidden', 'exceeded quota'));
    world.client.remove(resources.pods, namespace, world.pods()[0]!.metadata.name);
    await world.clock.advance(5_000);
    has(world, /^FailedCreate Error creating: exceeded quota$/);
  });

  it('tell of finished pods', async () => {
    for (const [phase, pattern] of [
      [
        'Failed',
        /^FailedDaemonPod Found failed daemon pod kube-system\/fluentd-\S+ on node node-0, will try to kill it$/,
      ],
      [
        'Succeeded',
        /^SucceededDaemonPod Found succeeded daemon pod kube-system\/\S+ on node node-0, will try to delete it$/,
      ],
    ] as const) {
      await using world = await settledWorld(1);
      await world.agents({ phase: () => phase });
      await world.clock.advance(2_000);
      has(world, pattern);
    }
  });

  it('do not tell that a namespace is going, and the rest is tried again', async () => {
    await using world = createWorld(1);
    world.apply(fluentd());
    const details = { causes: [{ reason: 'NamespaceTerminating', message: 'it is going' }] };
    world.client.failNext('create', resources.pods, new StatusError('Forbidden', 'it is going', details));
    await world.start();
    await world.converge();
    assert.ok(!events(world).some((text) => text.startsWith('FailedCreate')));
    assert.equal(world.pods().length, 1);
  });
});

describe('pods that are gone before they are deleted', () => {
  it('are as good as deleted: NotFound is no failure', async () => {
    await using world = await settledWorld(1);
    world.client.failNext('delete', resources.pods, new StatusError('NotFound', 'gone already'));
    await setImage(world, 'fluentd:2');
    await world.clock.advance(5_000);
    assert.ok(!events(world).some((text) => text.startsWith('FailedDelete')));
  });
});

describe('revisions that mean the same', () => {
  it('become one: the highest number stays, pods are relabelled and not restarted, the others go', async () => {
    await using world = await settledWorld(3);
    const { client } = world;
    const before = world.pods().map(({ metadata }) => metadata.uid);
    const [revision] = client.all(resources.controllerRevisions);
    const { labels, ownerReferences } = revision!.metadata;
    client.add(resources.controllerRevisions, {
      metadata: {
        namespace,
        name: 'fluentd-twin',
        labels: { ...labels, 'controller-revision-hash': 'twin' },
        ownerReferences: ownerReferences ?? [],
      },
      data: revision!.data,
      revision: revision!.revision + 1,
    });
    await world.converge();
    assert.deepEqual(
      client.all(resources.controllerRevisions).map(({ metadata }) => metadata.name),
      ['fluentd-twin'],
    );
    assert.deepEqual(
      world.pods().map(({ metadata }) => metadata.uid),
      before,
    );
    for (const { metadata } of world.pods()) assert.equal(metadata.labels?.['controller-revision-hash'], 'twin');
  });
});

describe('the status', () => {
  it('says observedGeneration = generation although no pod can be created', async () => {
    await using world = createWorld(3);
    world.apply(fluentd());
    world.client.failNext('create', resources.pods, new StatusError('Forbidden', 'exceeded quota'), 1_000);
    await world.start();
    await world.clock.advance(5_000);
    const { status } = world.daemonSet();
    assert.equal(status?.observedGeneration, 1);
    assert.equal(status.desiredNumberScheduled, 3);
    assert.equal(status.currentNumberScheduled, 0);
  });

  it('is written after all when another writer came in between', async () => {
    await using world = createWorld(1);
    world.apply(fluentd());
    const { clock } = world;
    const writtenAt: number[] = [];
    const client = interceptCalls(world.client, {
      around: (call, run) => {
        if (call.verb === 'update' && call.subresource === 'status') writtenAt.push(clock.now());
        return run();
      },
    });
    world.client.failNext('update', 'daemonsets/status', new StatusError('Conflict', 'another resourceVersion'));
    await world.start({ client });
    assert.equal(writtenAt[1], writtenAt[0], 'once more, with what is there now, without waiting for anything');
    await world.converge();
    assert.equal(world.daemonSet().status?.numberReady, 1);
  });

  it('counts misscheduled pods, and nodes that turn away no longer as desired', async () => {
    await using world = await settledWorld(2);
    const taints = [{ key: 'dedicated', value: 'x', effect: 'NoSchedule' }];
    await world.client.patch(resources.nodes, undefined, 'node-0', 'merge', { spec: { taints } });
    await world.clock.advance(5_000);
    const { status } = world.daemonSet();
    assert.deepEqual([status?.desiredNumberScheduled, status?.numberMisscheduled], [1, 1]);
    assert.deepEqual([status?.currentNumberScheduled, status?.numberUnavailable ?? 0], [1, 0]);
  });
});

describe('nodes whose changes upstream does not look at', () => {
  it('one that is deleted is no longer desired at once, though its pod is still there', async () => {
    await using world = await settledWorld(2);
    await world.client.delete(resources.nodes, undefined, 'node-0');
    await world.clock.advance(5_000);
    assert.equal(world.pods().length, 2);
    const { status } = world.daemonSet();
    assert.deepEqual([status?.desiredNumberScheduled, status?.currentNumberScheduled], [1, 1]);
  });

  it('one that stops matching while its pod waits to be bound loses it', async () => {
    await using world = createWorld(0);
    const { client, clock } = world;
    world.addNode('node-0', { disk: 'fast' });
    const { template } = fluentd().spec;
    world.apply(fluentd({ template: { ...template, spec: { ...template.spec, nodeSelector: { disk: 'fast' } } } }));
    await world.start();
    assert.equal(world.pods()[0]?.spec.nodeName, undefined, 'nobody has bound it');
    assert.equal(world.pods().length, 1);
    await client.patch(resources.nodes, undefined, 'node-0', 'merge', { metadata: { labels: { disk: 'slow' } } });
    await clock.advance(5_000);
    assert.deepEqual(world.live(), []);
    assert.equal(world.daemonSet().status?.desiredNumberScheduled, 0);
  });
});

describe('a DaemonSet that was deleted without its pods and made again with another template', () => {
  it('rolls the pods that it adopts, though their deprecated template generation is its own', async () => {
    await using world = createWorld(3);
    const { metadata, spec } = fluentd({}, 'fluentd:2');
    const annotations = { 'deprecated.daemonset.template.generation': '1' };
    world.apply({ metadata: { ...metadata, annotations }, spec });
    const labels = { name: 'fluentd', 'pod-template-generation': '1', 'controller-revision-hash': 'old' };
    for (const node of ['node-0', 'node-1', 'node-2'])
      world.client.add(resources.pods, podOn(node, { name: `orphan-${node}`, labels }));
    await world.agents();
    await world.start();
    assert.equal(world.daemonSet().status?.updatedNumberScheduled, 0);
    assert.equal(world.pods().filter(({ metadata: { name } }) => name.startsWith('orphan')).length, 3, 'adopted');
    await world.converge();
    assert.deepEqual(
      world.pods().map((pod) => pod.spec.containers[0]!.image),
      ['fluentd:2', 'fluentd:2', 'fluentd:2'],
    );
  });
});

describe('a finished pod that a finalizer holds', () => {
  it('does not hold its replacement', async () => {
    await using world = await settledWorld(1);
    const { client } = world;
    const [pod] = world.pods();
    await client.patch(resources.pods, namespace, pod!.metadata.name, 'merge', { metadata: { finalizers: ['a/b'] } });
    await world.agents({ phase: () => 'Succeeded' });
    await world.clock.advance(5_000);
    const standing = (entry: Stored<Pod>) => entry.metadata.deletionTimestamp === undefined;
    assert.equal(world.pods().filter(standing).length, 1);
    assert.equal(world.pods().length, 2, 'beside the one that is held');
    assert.equal(
      controllerReference(resources.daemonSets, world.daemonSet()).uid,
      world.live()[0]!.metadata.ownerReferences?.[0]?.uid,
    );
  });
});

describe('revisions that nobody owns, or that changed their labels', () => {
  it('an orphan of the same selector is adopted; an owned one that no longer matches is kept', async () => {
    await using world = await settledWorld(1);
    const { client } = world;
    const [revision] = client.all(resources.controllerRevisions);
    const { name } = revision!.metadata;
    const patch = (change: object) =>
      client.patch(resources.controllerRevisions, namespace, name, 'merge', { metadata: change });
    const ownerOf = () => client.all(resources.controllerRevisions)[0]!.metadata.ownerReferences?.[0]?.uid;
    await patch({ ownerReferences: null });
    await world.clock.advance(5_000);
    assert.equal(ownerOf(), world.daemonSet().metadata.uid);
    await patch({ labels: { name: 'other' } });
    await world.clock.advance(5_000);
    assert.equal(ownerOf(), world.daemonSet().metadata.uid);
    assert.equal(client.all(resources.controllerRevisions).length, 1);
  });
});

describe('a node without room', () => {
  it('gets its pod all the same: capacity, ports and readiness are not the controller’s to judge', async () => {
    await using world = createWorld(0);
    const { client } = world;
    client.add(resources.nodes, {
      metadata: { name: 'full', labels: {} },
      status: { allocatable: { cpu: '0', pods: '0' }, conditions: [{ type: 'Ready', status: 'False' }] },
    });
    const holder = podOn('full', { name: 'holder', labels: { other: 'x' } });
    const ports = [{ containerPort: 80, hostPort: 80 }];
    client.add(resources.pods, { ...holder, spec: { ...holder.spec, containers: [{ name: 'x', image: 'x', ports }] } });
    const container = { name: 'fluentd', image: 'fluentd:1', ports, resources: { requests: { cpu: '64' } } };
    const template = { metadata: { labels: { name: 'fluentd' } }, spec: { containers: [container] } };
    world.apply(fluentd({ template }));
    await world.start();
    assert.equal(world.pods().length, 2);
  });
});

describe('deletes', () => {
  it('name the pod that is meant by its UID', async () => {
    await using world = await settledWorld(3);
    const uids = new Set(world.pods().map(({ metadata }) => metadata.uid));
    world.client.calls.length = 0;
    await setImage(world, 'fluentd:2');
    await world.clock.advance(5_000);
    const deletes = world.client.calls.filter(({ verb, resource }) => verb === 'delete' && resource === 'pods');
    assert.equal(deletes.length, 1);
    const { preconditions } = deletes[0]!.body as { preconditions?: { uid?: string } };
    assert.ok(uids.has(preconditions?.uid ?? ''));
  });
});

describe('in the middle of a bad rollout', () => {
  it('a new node takes the newest template', async () => {
    await using world = await settledWorld(2);
    const ready = (pod: Stored<Pod>) => pod.spec.containers[0]!.image !== 'fluentd:broken';
    await setImage(world, 'fluentd:broken');
    await world.converge({ ready });
    world.addNode('node-new');
    await world.converge({ ready });
    const images = world.pods().map(({ spec }) => `${spec.nodeName} ${spec.containers[0]!.image}`);
    assert.ok(images.includes('node-new fluentd:broken'), String(images));
  });
});
