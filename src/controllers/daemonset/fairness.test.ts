// Many DaemonSets, one API server that answers slowly: who gets its pods first.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { DaemonSet } from '../../api/index.ts';
import { interceptCalls } from '../../client/index.ts';
import { sleep } from '../../machinery/index.ts';
import { createWorld, fluentd } from './world.test-support.ts';

const nodes = 400;
const answerMs = 500;

function named(name: string, podSpec: Partial<DaemonSet['spec']['template']['spec']> = {}): DaemonSet {
  const { metadata, spec } = fluentd();
  const template = { metadata: { labels: { name } }, spec: { ...spec.template.spec, ...podSpec } };
  return { metadata: { ...metadata, name }, spec: { ...spec, selector: { matchLabels: { name } }, template } };
}

it('a critical DaemonSet does not wait behind the pods of others, and those take turns', async () => {
  await using world = createWorld(nodes);
  const { client, clock } = world;
  const slow = interceptCalls(client, {
    around: async ({ verb, resource }, run) => {
      if (verb === 'create' && resource.name === 'pods') await sleep(clock, answerMs);
      return run();
    },
  });
  world.apply(named('first'));
  world.apply(named('second'));
  await world.start({ client: slow });
  // Both have more to create than the server has room for.
  await clock.advance(8 * answerMs);
  const count = (name: string) => world.pods().filter(({ metadata }) => metadata.labels?.['name'] === name).length;
  const before = [count('first'), count('second')];
  assert.ok(Math.max(...before) < nodes, `there is a queue to wait in: ${before.join()}`);
  assert.ok(Math.abs(before[0]! - before[1]!) <= nodes / 10, `they take turns: ${before.join()}`);

  world.apply(named('network', { priorityClassName: 'system-node-critical' }));
  while (count('network') < nodes) await clock.advance(answerMs);
  assert.ok(count('first') < nodes && count('second') < nodes, 'it was done first though it came last');
  await clock.advance(60_000);
  assert.deepEqual([count('first'), count('second')], [nodes, nodes]);
});

it('a status does not wait behind the pods of its DaemonSet', async () => {
  await using world = createWorld(nodes);
  const { client, clock } = world;
  const slow = interceptCalls(client, {
    around: async ({ verb, resource }, run) => {
      if (verb === 'create' && resource.name === 'pods') await sleep(clock, answerMs);
      return run();
    },
  });
  world.apply(named('first'));
  await world.start({ client: slow });
  let behind = 0;
  for (let elapsedMs = 0; world.pods().length < nodes; elapsedMs += answerMs) {
    await clock.advance(answerMs);
    behind = Math.max(behind, world.pods().length - (world.daemonSet().status?.currentNumberScheduled ?? 0));
  }
  // What the limiter lets go at a time, not what waits for it.
  assert.ok(behind <= 70, `${behind} behind`);
});
