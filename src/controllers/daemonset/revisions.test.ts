// Revisions that somebody takes away while the controller's own write of them is still to be answered.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { resources, StatusError } from '../../api/index.ts';
import type { Client } from '../../client/index.ts';
import { sleep } from '../../machinery/index.ts';
import { createWorld, fluentd, setImage, type World } from './world.test-support.ts';

/** The first answer to this kind of write comes so late that the watch has shown the revision come and go before. */
function removedMeanwhile(world: World, verb: 'create' | 'update'): Client {
  const { client } = world;
  let done = false;
  const late = async <T>(resource: { readonly name: string }, write: () => Promise<T>): Promise<T> => {
    const written = await write();
    if (resource.name !== 'controllerrevisions' || done) return written;
    done = true;
    const { metadata } = written as { readonly metadata: { readonly namespace?: string; readonly name: string } };
    client.remove(resources.controllerRevisions, metadata.namespace, metadata.name);
    await sleep(world.clock, 2000);
    return written;
  };
  return {
    ...client,
    create: (resource, object, options) =>
      verb === 'create'
        ? late(resource, () => client.create(resource, object, options))
        : client.create(resource, object, options),
    update: (resource, object, options) =>
      verb === 'update'
        ? late(resource, () => client.update(resource, object, options))
        : client.update(resource, object, options),
  };
}

async function settled(world: World): Promise<void> {
  await world.clock.advance(10_000);
  await world.converge();
  const images = world.client.all(resources.controllerRevisions).map(({ data }) => JSON.stringify(data));
  const [{ spec }] = world.client.all(resources.daemonSets) as unknown as [ReturnType<World['daemonSet']>];
  const image = spec.template.spec.containers[0]!.image!;
  assert.ok(
    images.some((data) => data.includes(image)),
    `no revision of ${image}`,
  );
}

describe('a revision that somebody deletes before the answer of its write is there', () => {
  it('is made again when it was being made', async () => {
    await using world = createWorld(2);
    world.apply(fluentd());
    await world.start({ client: removedMeanwhile(world, 'create') });
    await settled(world);
  });

  it('is made again when it was being numbered', async () => {
    await using world = createWorld(2);
    world.apply(fluentd());
    await world.start({ client: removedMeanwhile(world, 'update') });
    await world.converge();
    await setImage(world, 'fluentd:2');
    await world.converge();
    await setImage(world, 'fluentd:1');
    await settled(world);
  });
});

it('a revision that came and went between two lists of a broken watch is made again', async () => {
  await using world = createWorld(2);
  world.apply(fluentd());
  await world.start();
  await world.converge();
  const { client } = world;
  client.endWatches(new StatusError('ServiceUnavailable', 'connection lost'));
  // The watch of DaemonSets is back first: the revision is made while nobody watches revisions.
  await setImage(world, 'fluentd:2');
  let made: string | undefined;
  for (let step = 0; step < 400 && made === undefined; step++) {
    await world.clock.advance(10);
    made = client.all(resources.controllerRevisions).find(({ data }) => JSON.stringify(data).includes('fluentd:2'))
      ?.metadata.name;
  }
  client.endWatches(new StatusError('ServiceUnavailable', 'connection lost'));
  client.remove(resources.controllerRevisions, 'kube-system', made!);
  client.compact();
  await settled(world);
});
