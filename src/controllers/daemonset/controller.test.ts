// The controller as a whole, on a fake API server in virtual time: what the seed's text and the flows of a user promise.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { controllerReference, isTrue, type Pod, resources, StatusError } from '../../api/index.ts';
import { createWorld, fluentd, imagesByNode, setImage } from './world.test-support.ts';

describe('one pod on every node', () => {
  it('creates one pinned pod a node and reports the rollout as done', async () => {
    await using world = createWorld(3);
    world.apply(fluentd());
    await world.start();
    await world.converge();
    assert.deepEqual(imagesByNode(world.pods()), {
      'node-0': 'fluentd:1',
      'node-1': 'fluentd:1',
      'node-2': 'fluentd:1',
    });
    const { status } = world.daemonSet();
    assert.equal(status?.desiredNumberScheduled, 3);
    assert.equal(status.numberAvailable, 3);
    assert.equal(status.updatedNumberScheduled, 3);
    assert.equal(status.observedGeneration, 1);
    assert.ok(isTrue(status.conditions, 'Available'));
  });

  it('gives a new node its pod', async () => {
    await using world = createWorld(1);
    world.apply(fluentd());
    await world.start();
    await world.converge();
    world.addNode('node-new');
    await world.converge();
    assert.ok('node-new' in imagesByNode(world.pods()));
  });

  it('brings back a deleted pod on the same node', async () => {
    await using world = createWorld(2);
    world.apply(fluentd());
    await world.start();
    await world.converge();
    const [victim] = world.pods();
    await world.client.delete(resources.pods, 'kube-system', victim!.metadata.name);
    await world.converge();
    assert.equal(world.pods().length, 2);
    assert.ok(world.pods().every((pod) => pod.metadata.uid !== victim!.metadata.uid));
  });

  it('adopts an orphan and removes the second pod of a node', async () => {
    await using world = createWorld(1);
    const daemonSet = world.apply(fluentd());
    world.client.add(resources.pods, loosePod('orphan', 'node-0'));
    world.client.add(resources.pods, {
      ...loosePod('owned', 'node-0'),
      metadata: {
        ...loosePod('owned', 'node-0').metadata,
        ownerReferences: [controllerReference(resources.daemonSets, daemonSet)],
      },
    });
    await world.start();
    await world.converge();
    assert.equal(world.pods().length, 1);
    assert.equal(world.pods()[0]!.metadata.ownerReferences?.[0]?.uid, daemonSet.metadata.uid);
  });

  it('lets a pod go whose labels no longer match, and replaces it', async () => {
    await using world = createWorld(1);
    world.apply(fluentd());
    await world.start();
    await world.converge();
    const [pod] = world.pods();
    await world.client.patch(resources.pods, 'kube-system', pod!.metadata.name, 'merge', {
      metadata: { labels: { name: 'debug' } },
    });
    await world.converge();
    const released = world.pods().find(({ metadata }) => metadata.uid === pod!.metadata.uid);
    assert.deepEqual(released?.metadata.ownerReferences ?? [], []);
    assert.equal(world.pods().filter(({ metadata }) => metadata.labels?.['name'] === 'fluentd').length, 1);
  });

  it('does nothing with an empty selector but say so', async () => {
    await using world = createWorld(1);
    world.apply(fluentd({ selector: {} }));
    await world.start();
    await world.converge();
    assert.equal(world.pods().length, 0);
    assert.ok(world.client.all(resources.events).some(({ reason }) => reason === 'SelectingAll'));
  });
});

describe('rolling update', () => {
  it('never takes down more than maxUnavailable and ends with the new image everywhere', async () => {
    await using world = createWorld(5);
    world.apply(
      fluentd({ updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 2, maxSurge: 0 } } }),
    );
    await world.start();
    await world.converge();
    await setImage(world, 'fluentd:2');
    let fewest = 5;
    for (let round = 0; round < 40; round++) {
      await world.clock.advance(1000);
      const ready = world.live().filter((pod) => isTrue(pod.status?.conditions, 'Ready')).length;
      fewest = Math.min(fewest, ready);
      await world.agents();
    }
    assert.equal(fewest, 3);
    assert.ok(Object.values(imagesByNode(world.pods())).every((image) => image === 'fluentd:2'));
    assert.equal(world.client.all(resources.controllerRevisions).length, 2);
  });

  it('stops at a revision that never gets ready', async () => {
    await using world = createWorld(4);
    world.apply(fluentd());
    await world.start();
    await world.converge();
    await setImage(world, 'fluentd:broken');
    await world.converge({ ready: (pod) => pod.spec.containers[0]!.image !== 'fluentd:broken' });
    const images = Object.values(imagesByNode(world.pods()));
    assert.equal(images.filter((image) => image === 'fluentd:broken').length, 1);
    assert.equal(images.filter((image) => image === 'fluentd:1').length, 3);
  });

  it('with surge starts the new pod before the old one goes', async () => {
    await using world = createWorld(3);
    world.apply(
      fluentd({ updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } } }),
    );
    await world.start();
    await world.converge();
    await setImage(world, 'fluentd:2');
    let fewestNodes = 3;
    let mostPods = 0;
    for (let round = 0; round < 40; round++) {
      await world.clock.advance(1000);
      const ready = world.live().filter((pod) => isTrue(pod.status?.conditions, 'Ready'));
      fewestNodes = Math.min(fewestNodes, new Set(ready.map((pod) => pod.spec.nodeName)).size);
      mostPods = Math.max(mostPods, world.live().length);
      await world.agents();
    }
    assert.equal(fewestNodes, 3);
    assert.equal(mostPods, 4);
    assert.ok(Object.values(imagesByNode(world.pods())).every((image) => image === 'fluentd:2'));
  });

  it('with OnDelete waits for somebody to delete', async () => {
    await using world = createWorld(2);
    world.apply(fluentd({ updateStrategy: { type: 'OnDelete' } }));
    await world.start();
    await world.converge();
    await setImage(world, 'fluentd:2');
    await world.converge();
    assert.ok(Object.values(imagesByNode(world.pods())).every((image) => image === 'fluentd:1'));
    await world.client.delete(resources.pods, 'kube-system', world.pods()[0]!.metadata.name);
    await world.converge();
    assert.deepEqual(Object.values(imagesByNode(world.pods())).toSorted(), ['fluentd:1', 'fluentd:2']);
  });
});

describe('history', () => {
  it('an undo takes up the old revision again under a new number, without making another', async () => {
    await using world = createWorld(1);
    world.apply(fluentd());
    await world.start();
    await world.converge();
    await setImage(world, 'fluentd:2');
    await world.converge();
    await setImage(world, 'fluentd:1');
    await world.converge();
    const revisions = world.client.all(resources.controllerRevisions);
    assert.deepEqual(
      revisions.map(({ revision }) => revision).toSorted((a, b) => a - b),
      [2, 3],
    );
  });

  it('keeps no more old revisions than asked for', async () => {
    await using world = createWorld(1);
    world.apply(fluentd({ revisionHistoryLimit: 1 }));
    await world.start();
    for (const image of ['fluentd:2', 'fluentd:3', 'fluentd:4']) {
      await world.converge();
      await setImage(world, image);
    }
    await world.converge();
    assert.deepEqual(
      world.client
        .all(resources.controllerRevisions)
        .map(({ revision }) => revision)
        .toSorted((a, b) => a - b),
      [3, 4],
    );
  });

  it('a name taken by other content counts a collision and goes on', async () => {
    await using world = createWorld(1);
    const daemonSet = world.apply(fluentd());
    const stop = await world.start();
    await world.converge();
    await stop();
    const [revision] = world.client.all(resources.controllerRevisions);
    await world.client.delete(resources.controllerRevisions, 'kube-system', revision!.metadata.name);
    const { metadata, ...rest } = revision!;
    const { uid: _uid, resourceVersion: _version, ...kept } = metadata;
    world.client.add(resources.controllerRevisions, {
      ...rest,
      metadata: { ...kept, labels: {}, ownerReferences: [] },
      data: { other: true },
    });
    await world.start();
    await world.converge();
    assert.equal(world.daemonSet().status?.collisionCount, 1);
    assert.equal(
      world.client
        .all(resources.controllerRevisions)
        .filter(({ metadata }) => metadata.ownerReferences?.[0]?.uid === daemonSet.metadata.uid).length,
      1,
    );
  });
});

describe('when writes go wrong', () => {
  it('a create whose answer was lost makes no second pod', async () => {
    await using world = createWorld(1);
    world.apply(fluentd());
    const { client } = world;
    const create = client.create.bind(client);
    let lost = false;
    client.create = async (resource, object, options) => {
      const made = await create(resource, object, options);
      if (resource.name !== 'pods' || lost) return made;
      lost = true;
      throw new StatusError('Timeout', 'the answer was lost');
    };
    await world.start();
    await world.converge();
    assert.ok(lost);
    assert.equal(world.pods().length, 1);
  });

  it('a server that refuses pods is asked less and less often, the condition says why, and it recovers', async () => {
    await using world = createWorld(50);
    world.apply(fluentd());
    world.client.failNext('create', resources.pods, new StatusError('Forbidden', 'exceeded quota: pods'), 10);
    await world.start();
    await world.clock.advance(60_000);
    assert.ok(world.client.count('create', resources.pods) < 10, 'a minute of refusals costs a handful of requests');
    const progressing = world.daemonSet().status?.conditions?.find(({ type }) => type === 'Progressing');
    assert.equal(progressing?.reason, 'FailedCreate');
    assert.match(progressing.message ?? '', /exceeded quota/);
    await world.clock.advance(600_000);
    await world.converge();
    assert.equal(world.daemonSet().status?.numberAvailable, 50);
    assert.ok(isTrue(world.daemonSet().status?.conditions, 'Progressing'));
  });

  it('a pod that always fails is replaced less and less often', async () => {
    await using world = createWorld(1);
    world.apply(fluentd());
    await world.start();
    for (let second = 0; second < 120; second++) {
      await world.agents({ phase: () => 'Failed' });
      await world.clock.advance(1000);
    }
    const creates = world.client.count('create', resources.pods);
    // 1 s, 2 s, 4 s, … 64 s: seven doublings fit into two minutes.
    assert.ok(creates >= 5 && creates <= 9, `${creates} creates in two minutes`);
  });

  it("a name that another node's pod has already is left to it", async () => {
    await using world = createWorld(2);
    world.apply(fluentd());
    const stop = await world.start();
    await world.converge();
    await stop();
    const first = world.pods().find((pod) => pod.spec.nodeName === 'node-0')!;
    for (const pod of world.pods()) world.client.remove(resources.pods, 'kube-system', pod.metadata.name);
    // As if the hashes of both nodes were the same: the name meant for node-0 stands on node-1.
    const { uid: _uid, resourceVersion: _version, ...metadata } = first.metadata;
    world.client.add(resources.pods, { ...first, metadata, spec: { ...first.spec, nodeName: 'node-1' } });
    await world.start();
    await world.converge();
    assert.deepEqual(imagesByNode(world.pods()), { 'node-0': 'fluentd:1', 'node-1': 'fluentd:1' });
  });

  it('a broken watch loses nothing', async () => {
    await using world = createWorld(2);
    world.apply(fluentd());
    await world.start();
    await world.converge();
    world.client.endWatches(new StatusError('ServiceUnavailable', 'connection lost'));
    world.client.compact();
    world.addNode('node-late');
    await world.clock.advance(60_000);
    await world.converge();
    assert.equal(world.pods().length, 3);
  });
});

it('two controllers at once make no second pod', async () => {
  await using world = createWorld(10);
  world.apply(fluentd());
  await world.start();
  await world.start();
  await world.converge();
  const nodes = world.pods().map((pod) => pod.spec.nodeName);
  assert.equal(nodes.length, 10);
  assert.equal(new Set(nodes).size, 10);
});

it('writes nothing in a settled cluster', async () => {
  await using world = createWorld(3);
  world.apply(fluentd());
  await world.start();
  await world.converge();
  world.client.calls.length = 0;
  await world.clock.advance(3_600_000);
  const writes = world.client.calls.filter(({ verb }) => ['create', 'update', 'patch', 'delete'].includes(verb));
  assert.deepEqual(writes, []);
});

function loosePod(name: string, node: string): Pod {
  return {
    metadata: { name, namespace: 'kube-system', labels: { name: 'fluentd' } },
    spec: { nodeName: node, containers: [{ name: 'fluentd', image: 'fluentd:1' }] },
  };
}
