import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resources, StatusError } from '../api/index.ts';
import { createVirtualClock, seededRandom, startReflector } from '../machinery/index.ts';
import { silentLogger } from '../observe/index.ts';
import { createFakeClient } from './fake.ts';
import { listWatchIfServed } from './list-watch.ts';

test('a resource that the server does not have is none of them, until it has', async () => {
  const clock = createVirtualClock();
  const random = seededRandom(1);
  const fake = createFakeClient({ clock, random });
  let isServed = false;
  const lists: number[] = [];
  const client: typeof fake = {
    ...fake,
    list(resource, options) {
      lists.push(clock.now());
      if (!isServed) return Promise.reject(new StatusError('NotFound', 'the server could not find the resource'));
      return fake.list(resource, options);
    },
  };
  const abort = new AbortController();
  const seen: string[] = [];
  const reflector = startReflector({
    source: listWatchIfServed(client, resources.rolloutPolicies, clock),
    clock,
    random,
    log: silentLogger,
    signal: abort.signal,
    project: ({ metadata }) => metadata.name,
    handlers: { applied: (name) => seen.push(name), removed: (name) => seen.push(`no ${name}`) },
  });
  await clock.advance(0);
  await reflector.synced;
  await clock.advance(150_000);
  // Once a minute, and the reflector's own wait after what it takes for an expired watch.
  assert.ok(lists.length >= 2 && lists.length <= 4, `${lists.length} lists`);

  fake.add(resources.rolloutPolicies, { metadata: { name: 'a', namespace: 'n' }, spec: { targetRef: { name: 'x' } } });
  isServed = true;
  await clock.advance(90_000);
  assert.deepEqual(seen, ['a']);

  // What was served goes only when that has been said for a while: servers that have just started say many things.
  isServed = false;
  reflector.relist();
  await clock.advance(25_000);
  assert.deepEqual(seen, ['a']);
  isServed = true;
  await clock.advance(30_000);
  isServed = false;
  reflector.relist();
  await clock.advance(20_000);
  assert.deepEqual(seen, ['a']);
  await clock.advance(60_000);
  assert.deepEqual(seen, ['a', 'no a']);
  abort.abort();
  await clock.advance(0);
  await reflector.stopped;
});

test('any other refusal is one', async () => {
  const clock = createVirtualClock();
  const fake = createFakeClient({ clock, random: seededRandom(1) });
  fake.failNext('list', resources.rolloutPolicies, new StatusError('Forbidden', 'no'));
  const source = listWatchIfServed(fake, resources.rolloutPolicies, clock);
  await assert.rejects(source.list({ signal: new AbortController().signal }), { reason: 'Forbidden' });
});
