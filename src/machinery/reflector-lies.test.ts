import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { KubernetesObject, WatchEvent } from '../api/index.ts';
import { silentLogger } from '../observe/index.ts';
import { createVirtualClock, seededRandom, type Source, startReflector } from './index.ts';

type Event = WatchEvent<KubernetesObject>;
type List = readonly [version: string, ...names: string[]];

const object = (name: string, version: string): KubernetesObject => ({
  metadata: { name, uid: `${name}-uid`, resourceVersion: version },
});
const event = (type: Event['type'], name: string, version: string): Event => ({ type, object: object(name, version) });

/** Lists one after the other (the last for ever), and the events of each watch. */
const make = (lists: readonly List[], watches: readonly (readonly Event[])[] = []) => {
  const clock = createVirtualClock(0);
  const stop = new AbortController();
  const seen: string[] = [];
  const said: string[] = [];
  let listed = 0;
  let watched = 0;
  const source: Source<KubernetesObject> = {
    name: 'things',
    list() {
      const [version, ...names] = lists[Math.min(listed++, lists.length - 1)]!;
      return Promise.resolve({ metadata: { resourceVersion: version }, items: names.map((name) => object(name, '1')) });
    },
    async *watch({ signal }) {
      yield* watches[watched++] ?? [];
      if (watched <= watches.length) return;
      await new Promise<void>((resolve) => {
        signal.addEventListener('abort', () => resolve(), { once: true });
      });
    },
  };

  const reflector = startReflector<KubernetesObject, string>({
    source,
    clock,
    random: seededRandom(1),
    log: {
      ...silentLogger,
      warn: (message, fields) =>
        void said.push(`${message}: ${String((fields?.['error'] as Error | undefined)?.message)}`),
    },
    signal: stop.signal,
    project: ({ metadata }) => metadata.name,
    handlers: {
      applied: (view, previous) => seen.push(`${previous === undefined ? '+' : '~'}${view}`),
      removed: (view) => seen.push(`-${view}`),
    },
  });
  return { clock, reflector, seen, said, stop, lists: () => listed };
};

describe('a reflector whose API server does not tell the truth', () => {
  test('does not believe an event from before what it has seen, and lists anew', async () => {
    const { clock, seen, said, lists } = make(
      [
        ['10', 'a', 'b'],
        ['12', 'a', 'b'],
      ],
      [[event('MODIFIED', 'a', '12'), event('DELETED', 'b', '3'), event('DELETED', 'a', '13')]],
    );
    await clock.advance(10_000);
    assert.deepEqual(seen.slice(0, 3), ['+a', '+b', '~a']);
    assert.ok(!seen.includes('-b'));
    assert.equal(lists(), 2);
    assert.match(said.join(), /an event of version 3 after 12/);
  });

  test('does not act on a list from before what it has seen, as long as that may pass', async () => {
    const { clock, seen, said } = make(
      [['10', 'a', 'b'], ['4', 'a'], ['5'], ['11', 'a', 'b', 'c']],
      [[event('MODIFIED', 'a', '2')]],
    );
    await clock.advance(60_000);
    assert.deepEqual(
      seen.filter((line) => line.startsWith('-')),
      [],
    );
    assert.ok(seen.includes('+c'));
    assert.match(said.join(), /a list of version 4, after 10 had been seen/);
  });

  test('believes a server that stays with it: its memory was lost', async () => {
    const { clock, seen, said, reflector } = make(
      [
        ['10', 'a', 'b'],
        ['4', 'a'],
      ],
      [[event('MODIFIED', 'a', '2')]],
    );
    await clock.advance(20_000);
    assert.ok(!seen.includes('-b'), 'not at once');
    await clock.advance(160_000);
    assert.ok(seen.includes('-b'));
    assert.equal(reflector.version, '4');
    assert.match(said.join(), /went back in time for good/);
  });
});
