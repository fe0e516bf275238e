import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Node, resources, StatusError, type Stored } from '../api/index.ts';
import { createFakeClient, type FakeClient, listWatch } from '../client/index.ts';
import { silentLogger } from '../observe/index.ts';
import { createVirtualClock, seededRandom, startReflector, type VirtualClock } from './index.ts';

interface View {
  readonly name: string;
  readonly colour: string | undefined;
}

const make = ({ pageItemsMax = 500, replaced = false } = {}) => {
  const clock = createVirtualClock(0);
  const client = createFakeClient({ clock, random: seededRandom(1) });
  const stop = new AbortController();
  const seen: string[] = [];
  const start = () =>
    startReflector<Stored<Node>, View>({
      source: listWatch(client, resources.nodes),
      clock,
      random: seededRandom(2),
      log: silentLogger,
      signal: stop.signal,
      pageItemsMax,
      project: ({ metadata }) =>
        metadata.labels?.['ignore'] === undefined
          ? { name: metadata.name, colour: metadata.labels?.['colour'] }
          : undefined,
      handlers: {
        applied: (view, previous) => seen.push(`${previous === undefined ? '+' : '~'}${view.name}`),
        removed: (view) => seen.push(`-${view.name}`),
        ...(replaced
          ? { replaced: (views: readonly View[]) => seen.push(`=${views.map(({ name }) => name).join()}`) }
          : {}),
      },
    });
  return { clock, client, stop, seen, start };
};
const add = (client: FakeClient, name: string, labels: Record<string, string> = {}) =>
  client.add(resources.nodes, { metadata: { name, labels } });
const label = (client: FakeClient, name: string, labels: Record<string, string | null>) =>
  client.patch(resources.nodes, undefined, name, 'merge', { metadata: { labels } });
const take = (seen: string[]) => seen.splice(0).join(' ');
const settled = async (clock: VirtualClock) => clock.advance(10_000);

describe('a reflector', () => {
  test('lists in pages, hands the first list over at once, then follows the watch', async () => {
    const { clock, client, seen, start } = make({ pageItemsMax: 2, replaced: true });
    for (const name of ['a', 'b', 'c', 'd', 'e']) add(client, name);
    const reflector = start();
    await reflector.synced;
    assert.equal(take(seen), '=a,b,c,d,e');
    assert.equal(client.count('list', resources.nodes), 3);
    await clock.settle();
    add(client, 'f');
    await label(client, 'a', { colour: 'red' });
    await client.delete(resources.nodes, undefined, 'b');
    await clock.settle();
    assert.equal(take(seen), '+f ~a -b');
    assert.deepEqual([reflector.size, reflector.get('a')?.colour, reflector.get('b')], [5, 'red', undefined]);
  });

  test('resumes an ended or broken watch where it stood, without listing again and without loss', async () => {
    for (const error of [undefined, new StatusError('ServiceUnavailable', 'broken')]) {
      const { clock, client, seen, start } = make();
      add(client, 'a');
      await start().synced;
      await clock.settle();
      client.endWatches(error);
      add(client, 'b');
      await client.delete(resources.nodes, undefined, 'a');
      await settled(clock);
      assert.equal(take(seen), '+a +b -a');
      assert.equal(client.count('list', resources.nodes), 1);
    }
  });

  test('lists again when its version is gone (410), and tells only the differences', async () => {
    const { clock, client, seen, start } = make({ replaced: true });
    for (const name of ['same', 'changed', 'gone', 'reborn']) add(client, name);
    await start().synced;
    await clock.settle();
    take(seen);
    client.endWatches(new StatusError('ServiceUnavailable', 'broken'));
    await clock.settle();
    await label(client, 'changed', { colour: 'red' });
    for (const name of ['gone', 'reborn']) await client.delete(resources.nodes, undefined, name);
    add(client, 'reborn');
    add(client, 'new');
    client.compact();
    await settled(clock);
    assert.deepEqual(take(seen).split(' ').toSorted(), ['+new', '+reborn', '-gone', '-reborn', '~changed'].toSorted());
    assert.equal(client.count('list', resources.nodes), 2);
  });

  test('survives a list that fails, with waits that grow and stay bounded', async () => {
    const { clock, client, start } = make();
    client.failNext('list', resources.nodes, new StatusError('ServiceUnavailable', 'down'), 8);
    const reflector = start();
    const at: number[] = [];
    for (let calls = 0; calls < 9; ) {
      await clock.advance(100);
      if (client.calls.length === calls) continue;
      calls = client.count('list', resources.nodes);
      at.push(clock.now());
    }
    await reflector.synced;
    const waits = at.slice(1).map((ms, index) => ms - at[index]!);
    assert.ok(waits[0]! >= 700 && waits[0]! <= 1700, String(waits));
    assert.ok(waits[7]! >= 29_900 && waits[7]! <= 60_100, String(waits));
  });

  test('lists without pages when the snapshot behind the pages expires', async () => {
    const { client, seen, start, clock } = make({ pageItemsMax: 1 });
    for (const name of ['a', 'b', 'c']) add(client, name);
    const list = client.list.bind(client);
    client.list = async (resource, options) => {
      if (options?.continue !== undefined) throw new StatusError('Expired', 'continue token too old');
      return list(resource, options);
    };
    await start().synced;
    await clock.settle();
    assert.equal(take(seen), '+a +b +c');
  });

  test('keeps no object that the projection leaves out, and sees it enter and leave', async () => {
    const { clock, client, seen, start } = make();
    add(client, 'a', { ignore: 'yes' });
    const reflector = start();
    await reflector.synced;
    await clock.settle();
    assert.equal(reflector.size, 0);
    await label(client, 'a', { ignore: null });
    await label(client, 'a', { ignore: 'yes' });
    await clock.settle();
    assert.equal(take(seen), '+a -a');
  });

  test('stops at the signal, before or after its first list, leaving no timer and no watch', async () => {
    const { clock, client, stop, seen, start } = make();
    client.failNext('list', resources.nodes, new StatusError('ServiceUnavailable', 'down'), 100);
    const early = start();
    await clock.settle();
    stop.abort(new Error('enough'));
    await early.stopped;
    await assert.rejects(early.synced, /enough/);
    const after = make();
    const late = after.start();
    await late.synced;
    await after.clock.settle();
    after.stop.abort();
    add(after.client, 'x');
    await late.stopped;
    assert.deepEqual([clock.pending, after.clock.pending, seen, after.seen], [0, 0, [], []]);
  });

  test('does not ask in a hot loop when the server ends every watch at once', async () => {
    const { clock, client, start } = make();
    await start().synced;
    const watch = client.watch.bind(client);
    client.watch = (resource, options) => {
      queueMicrotask(() => queueMicrotask(() => queueMicrotask(() => client.endWatches())));
      return watch(resource, options);
    };
    client.endWatches();
    await clock.settle();
    const before = client.count('watch', resources.nodes);
    await clock.advance(10 * 60 * 1000);
    const watches = client.count('watch', resources.nodes) - before;
    assert.ok(watches > 5 && watches < 60, String(watches));
  });

  test('lets a programmer error in a handler surface instead of trying again for ever', async () => {
    const { clock, client, stop } = make();
    add(client, 'a');
    const reflector = startReflector({
      source: listWatch(client, resources.nodes),
      clock,
      random: seededRandom(1),
      log: silentLogger,
      signal: stop.signal,
      project: (node) => node,
      handlers: {
        applied() {
          throw new TypeError('a bug');
        },
        removed() {},
      },
    });
    await assert.rejects(reflector.stopped, /a bug/);
  });
});
