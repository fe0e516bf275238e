// What was sent counts as done until its answer is there, however late, and from then on until the watch shows it, however
// late: a slow API server and a slow watch together never make a second pod.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { StatusError } from '../../api/index.ts';
import type { Client } from '../../client/index.ts';
import { sleep } from '../../machinery/index.ts';
import { createWorld, fluentd, setImage, type World } from './world.test-support.ts';

/** Longer than what was sent and heard nothing of is believed (core/daemonset/slot.ts). */
const ageMs = 31_000;

/** Pods are never heard of by the watch; a create takes so long (the last for all that follow), and then works or does not. */
function slowed(
  world: World,
  answersMs: readonly number[],
  fails?: StatusError,
): { client: Client; created: () => number } {
  let created = 0;
  const client: Client = {
    ...world.client,
    async *watch(resource, options) {
      if (resource.name === 'pods')
        await sleep(world.clock, Number.MAX_SAFE_INTEGER, options.signal).catch(() => undefined);
      else yield* world.client.watch(resource, options);
    },
    async create(resource, object, options) {
      if (resource.name !== 'pods') return world.client.create(resource, object, options);
      const answerMs = answersMs[created++] ?? answersMs.at(-1)!;
      await sleep(world.clock, answerMs);
      if (fails !== undefined) throw fails;
      return world.client.create(resource, object, options);
    },
  };
  return { client, created: () => created };
}

describe('a create', () => {
  it('that has no answer yet is not sent again', async () => {
    // Two at a time after the first: there would be room.
    await using world = createWorld(2);
    world.apply(fluentd());
    const { client, created } = slowed(world, [0, 2 * ageMs]);
    await world.start({ client });
    await world.clock.advance(ageMs + 10_000);
    assert.equal(created(), 2);
  });

  it('that was answered late is not sent again while the watch does not show its pod', async () => {
    await using world = createWorld(1);
    world.apply(fluentd());
    const { client, created } = slowed(world, [ageMs - 5000]);
    await world.start({ client });
    await world.clock.advance(4 * ageMs);
    assert.deepEqual([created(), world.pods().length], [1, 1]);
  });

  it('whose answer was lost, and that did not arrive, is sent again', async () => {
    await using world = createWorld(1);
    world.apply(fluentd());
    const { client, created } = slowed(world, [ageMs], new StatusError('Timeout', 'no answer'));
    await world.start({ client });
    await world.clock.advance(ageMs + 5000);
    assert.equal(created(), 2);
  });

  it('is asked about until somebody can tell what became of it, and not sent again before', async () => {
    await using world = createWorld(1);
    world.apply(fluentd());
    const { client, created } = slowed(world, [1000], new StatusError('Timeout', 'no answer'));
    let answers = false;
    const get: Client['get'] = (resource, ...rest) =>
      resource.name === 'pods' && !answers
        ? Promise.reject(new StatusError('Timeout', 'no answer'))
        : client.get(resource, ...rest);
    await world.start({ client: { ...client, get } });
    await world.clock.advance(ageMs + 5000);
    // Another template makes another name: sent now, it would be a second pod if the first has come to be.
    await setImage(world, 'fluentd:2');
    await world.clock.advance(2 * ageMs);
    assert.equal(created(), 1);
    answers = true;
    await world.clock.advance(ageMs);
    assert.ok(created() > 1, 'it is known not to have come to be');
  });
});
