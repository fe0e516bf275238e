import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type KubernetesObject, StatusError, type WatchEvent } from '../api/index.ts';
import { silentLogger } from '../observe/index.ts';
import { createVirtualClock, seededRandom, type Source, startReflector } from './index.ts';

type Event = WatchEvent<KubernetesObject>;

const event = (type: Event['type'], name: string, version: string): Event => ({
  type,
  object: { metadata: { name, uid: `${name}-uid`, resourceVersion: version } },
});
const complete = (version: string): Event => ({
  type: 'BOOKMARK',
  object: { metadata: { resourceVersion: version, annotations: { 'k8s.io/initial-events-end': 'true' } } },
});

/** A reflector on a server whose streams are these, one after the other, and whose list has `listed`. */
const make = (streams: readonly (readonly (Event | Error)[] | 'silent')[]) => {
  const clock = createVirtualClock(0);
  const stop = new AbortController();
  const seen: string[] = [];
  const asked: string[] = [];
  let opened = 0;
  const never = (signal: AbortSignal) =>
    new Promise<void>((resolve) => {
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
  const source: Source<KubernetesObject> = {
    name: 'things',
    list() {
      asked.push('list');
      return Promise.resolve({ metadata: { resourceVersion: '50' }, items: [event('ADDED', 'listed', '49').object] });
    },
    async *watch({ resourceVersion, signal }) {
      asked.push(`watch ${resourceVersion}`);
      await never(signal);
      yield* [];
    },
    async *stream({ signal }) {
      asked.push('stream');
      const events = streams[opened++] ?? 'silent';
      if (events === 'silent') await never(signal);
      else
        for (const next of events) {
          if (next instanceof Error) throw next;
          yield next;
        }
    },
  };
  const reflector = startReflector<KubernetesObject, string>({
    source,
    clock,
    random: seededRandom(1),
    log: silentLogger,
    signal: stop.signal,
    project: ({ metadata }) => metadata.name,
    handlers: {
      replaced: (views) => seen.push(`=${views.join()}`),
      applied: (view, previous) => seen.push(`${previous === undefined ? '+' : '~'}${view}`),
      removed: (view) => seen.push(`-${view}`),
    },
  });
  return { clock, reflector, seen, asked, stop };
};

describe('a reflector whose source streams', () => {
  test('hands over everything at the marked bookmark, follows the same watch, and resumes it', async () => {
    const { clock, reflector, seen, asked } = make([
      [
        event('ADDED', 'a', '1'),
        event('ADDED', 'b', '2'),
        event('ADDED', 'c', '3'),
        event('MODIFIED', 'a', '4'),
        event('DELETED', 'b', '5'),
        complete('6'),
        event('ADDED', 'd', '7'),
        event('MODIFIED', 'a', '8'),
      ],
    ]);
    await reflector.synced;
    await clock.settle();
    assert.deepEqual(seen, ['=a,c', '+d', '~a']);
    assert.deepEqual(asked, ['stream', 'watch 8']);
  });

  test('asks for pages from then on when the server knows no such watch', async () => {
    const { clock, reflector, seen, asked } = make([[new StatusError('Invalid', 'sendInitialEvents is forbidden')]]);
    await reflector.synced;
    await clock.settle();
    assert.deepEqual(seen, ['=listed']);
    assert.deepEqual(asked, ['stream', 'list', 'watch 50']);
  });

  test('asks for pages when the marked bookmark does not come, and believes nothing of what came', async () => {
    for (const stream of [[event('ADDED', 'a', '1')], 'silent'] as const) {
      const { clock, reflector, seen, asked } = make([stream]);
      await clock.advance(120_000);
      await reflector.synced;
      await clock.settle();
      assert.deepEqual(seen, ['=listed']);
      assert.deepEqual(asked, ['stream', 'list', 'watch 50']);
    }
  });

  test('tries the stream again when the connection broke in the middle', async () => {
    const { clock, reflector, seen, asked } = make([
      [event('ADDED', 'half', '1'), new StatusError('ServiceUnavailable', 'broken')],
      [event('ADDED', 'a', '1'), complete('2')],
    ]);
    await clock.advance(10_000);
    await reflector.synced;
    assert.deepEqual(seen, ['=a']);
    assert.deepEqual(asked.slice(0, 2), ['stream', 'stream']);
  });

  test('tells only the differences when it has to begin anew', async () => {
    const { clock, seen } = make([
      [event('ADDED', 'a', '1'), event('ADDED', 'b', '2'), complete('3'), new StatusError('Expired', 'too old')],
      [event('ADDED', 'a', '1'), event('ADDED', 'c', '4'), complete('5')],
    ]);
    await clock.advance(10_000);
    assert.deepEqual(seen, ['=a,b', '-b', '+c']);
  });

  test('ends when it is told to, while it waits', async () => {
    const { clock, reflector, stop } = make(['silent']);
    await clock.settle();
    stop.abort(new Error('enough'));
    await reflector.stopped;
    await assert.rejects(reflector.synced, /enough/);
    assert.equal(clock.pending, 0);
  });
});
