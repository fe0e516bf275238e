// What had to wait for the API server's room is looked at once more before it goes out. Here everything waits: the first
// status write is answered with Retry-After, when one pod of three has been made.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Pod, resources, StatusError } from '../../api/index.ts';
import type { Client } from '../../client/index.ts';
import { sleep } from '../../machinery/index.ts';
import { createWorld, fluentd, setImage, type World } from './world.test-support.ts';

const restSeconds = 20;

/** Two creates wait. */
async function waiting(world: World): Promise<void> {
  world.apply(fluentd());
  const busy = new StatusError('TooManyRequests', 'slow down', { retryAfterSeconds: restSeconds });
  world.client.failNext('update', 'daemonsets/status', busy);
  const { client } = world;
  const create: Client['create'] = async (resource, object, options) => {
    if (resource.name === 'pods') await sleep(world.clock, 100);
    return client.create(resource, object, options);
  };
  await world.start({ client: { ...client, create } });
  assert.equal(world.pods().length, 1);
  world.client.calls.length = 0;
}

const created = (world: World) =>
  world.client.calls.filter(({ verb, resource }) => verb === 'create' && resource === 'pods');

describe('creates that had to wait', () => {
  it('go out when the server may be asked again', async () => {
    await using world = createWorld(3);
    await waiting(world);
    await world.clock.advance((restSeconds - 2) * 1000);
    assert.equal(created(world).length, 0);
    await world.clock.advance(3000);
    assert.equal(world.pods().length, 3);
  });

  it('do not go where nothing may run any more', async () => {
    await using world = createWorld(3);
    await waiting(world);
    const taken = world.pods()[0]!.spec.affinity;
    for (const { metadata } of world.client.all(resources.nodes))
      if (!JSON.stringify(taken).includes(metadata.name))
        await world.client.patch(resources.nodes, undefined, metadata.name, 'merge', {
          spec: { taints: [{ key: 'full', effect: 'NoSchedule' }] },
        });
    await world.clock.advance(2 * restSeconds * 1000);
    assert.equal(created(world).length, 0);
  });

  it('do not go out with a template that is the old one by now', async () => {
    await using world = createWorld(3);
    await waiting(world);
    await setImage(world, 'fluentd:2');
    await world.clock.advance(2 * restSeconds * 1000);
    const images = created(world).map(({ body }) => (body as Pod).spec.containers[0]?.image);
    assert.ok(images.length >= 2);
    assert.ok(
      images.every((image) => image === 'fluentd:2'),
      images.join(),
    );
  });

  it('do not go out for a DaemonSet that is going', async () => {
    await using world = createWorld(3);
    await waiting(world);
    await world.client.delete(resources.daemonSets, 'kube-system', 'fluentd', { propagationPolicy: 'Foreground' });
    await world.clock.advance(2 * restSeconds * 1000);
    assert.equal(created(world).length, 0);
  });
});

it('a DaemonSet that is going is left to the garbage collector: nothing is written, nothing is tried over and over', async () => {
  await using world = createWorld(3);
  world.apply(fluentd());
  let syncs = 0;
  await world.start({ onSync: () => syncs++ });
  await world.converge();
  await world.client.delete(resources.daemonSets, 'kube-system', 'fluentd', { propagationPolicy: 'Foreground' });
  for (const { metadata } of world.pods()) world.client.remove(resources.pods, 'kube-system', metadata.name);
  await world.clock.advance(1000);
  world.client.calls.length = 0;
  syncs = 0;
  await world.clock.advance(60_000);
  assert.deepEqual([world.client.calls.filter(({ verb }) => verb !== 'watch').length, syncs], [0, 0]);
});

it('a pod that exists already is taken for the one that was decided on, not made again under another name', async () => {
  await using world = createWorld(1);
  world.apply(fluentd());
  const stop = await world.start();
  await world.converge();
  await stop();
  // The next life's first list and its watch are older than the pod.
  const { client } = world;
  await world.start({
    client: {
      ...client,
      list: async (resource, options) => {
        const list = await client.list(resource, options);
        return resource.name === 'pods' ? { ...list, items: [] } : list;
      },
    },
  });
  await world.clock.advance(60_000);
  assert.equal(world.pods().length, 1);
});

function orphan(node: string): Pod {
  return {
    metadata: { name: 'orphan', namespace: 'kube-system', labels: { name: 'fluentd' } },
    spec: { nodeName: node, containers: [{ name: 'fluentd', image: 'fluentd:1' }] },
  };
}

describe('an orphan', () => {
  it('whose adoption met a Conflict is adopted all the same, and gets no pod beside it', async () => {
    await using world = createWorld(1);
    world.apply(fluentd());
    world.client.add(resources.pods, orphan('node-0'));
    world.client.failNext('patch', resources.pods, new StatusError('Conflict', 'it has changed'));
    await world.start();
    await world.clock.advance(10_000);
    assert.deepEqual([world.client.count('create', resources.pods), world.pods().length], [0, 1]);
    assert.equal(world.pods()[0]!.metadata.ownerReferences?.length, 1);
  });

  it('that comes while the revision is being written gets no pod beside it either', async () => {
    await using world = createWorld(1);
    world.apply(fluentd());
    const { client } = world;
    const create: Client['create'] = async (resource, object, options) => {
      if (resource.name === 'controllerrevisions') await sleep(world.clock, 3000);
      return client.create(resource, object, options);
    };
    await world.start({ client: { ...client, create } });
    client.add(resources.pods, orphan('node-0'));
    await world.clock.advance(10_000);
    assert.deepEqual([client.count('create', resources.pods), world.pods().length], [0, 1]);
  });
});

it('a status that met a Conflict is not written to another DaemonSet that has the name by now', async () => {
  await using world = createWorld(2);
  world.apply(fluentd());
  const { client } = world;
  const written: unknown[] = [];
  const update: Client['update'] = (resource, object, options) => {
    if (resource.name !== 'daemonsets') return client.update(resource, object, options);
    const { uid: _uid, resourceVersion: _version, ...metadata } = fluentd().metadata;
    if (written.push(object.metadata.uid) > 1) return client.update(resource, object, options);
    client.remove(resources.daemonSets, 'kube-system', 'fluentd');
    client.add(resources.daemonSets, { ...fluentd(), metadata });
    return Promise.reject(new StatusError('Conflict', 'it has changed'));
  };
  // The watch tells of neither: only the answers do.
  const watch: Client['watch'] = async function* (resource, options) {
    if (resource.name !== 'daemonsets') yield* client.watch(resource, options);
    else await sleep(world.clock, Number.MAX_SAFE_INTEGER, options.signal).catch(() => undefined);
  };
  await world.start({ client: { ...client, update, watch } });
  await world.clock.advance(10_000);
  assert.equal(world.daemonSet().status, undefined);
});
