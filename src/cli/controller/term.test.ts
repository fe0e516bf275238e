import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { formatTime, resources, StatusError } from '../../api/index.ts';
import { type Client, createDryRunClient, createFakeClient } from '../../client/index.ts';
import type { DaemonSetController } from '../../controllers/daemonset/index.ts';
import { createVirtualClock, seededRandom } from '../../machinery/index.ts';
import { type Logger, silentLogger } from '../../observe/index.ts';
import { Refusal } from '../failure.ts';
import { runTerm, type TermOptions } from './term.ts';

const scene = (nodes = 3) => {
  const clock = createVirtualClock();
  const random = seededRandom(1);
  const client = createFakeClient({ clock, random });
  const ready = { type: 'Ready', status: 'True', lastTransitionTime: formatTime(clock.now()) };
  for (let index = 0; index < nodes; index++)
    client.add(resources.nodes, { metadata: { name: `node-${index}` }, status: { conditions: [ready] } });
  client.add(resources.daemonSets, {
    metadata: { namespace: 'a', name: 'd', generation: 1 },
    spec: {
      selector: { matchLabels: { a: 'b' } },
      template: { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', image: 'i' }] } },
    },
  });
  const stop = new AbortController();
  const lines: string[] = [];
  const tell = (message: string) => void lines.push(message);
  const log: Logger = { ...silentLogger, info: tell, warn: tell, child: () => log };
  const run = (with_: { client?: Client; preflight?: TermOptions['preflight'] } = {}) => {
    let running: DaemonSetController | undefined;
    const options = { clock, random, log, signal: stop.signal, concurrency: 8, onSync: () => undefined };
    const ended = runTerm({ ...options, client, preflight: undefined, running: (now) => (running = now), ...with_ });
    ended.catch(() => undefined);
    return { ended, running: () => running };
  };
  const preflight = { client, namespace: 'ops', waitMs: 5000 };
  return { clock, random, client, stop, lines, log, run, preflight };
};

describe('a term', () => {
  test('writes nothing of its own before the preflight has found nobody', async () => {
    const { clock, client, stop, run, preflight } = scene();
    const { ended, running } = run({ preflight });
    await clock.advance(4000);
    assert.equal(client.count('create', resources.pods), 0);
    assert.equal(running(), undefined);
    await clock.advance(4000);
    assert.equal(client.count('create', resources.pods), 3);
    assert.equal(running()?.inspect().daemonSets.length, 1);
    stop.abort();
    await clock.advance(0);
    await ended;
    assert.equal(running(), undefined);
  });

  test('is refused when another controller answers', async () => {
    const { clock, client, run, preflight } = scene();
    const { ended } = run({ preflight });
    await clock.advance(500);
    const probe = client.all(resources.daemonSets).find(({ metadata }) => metadata.namespace === 'ops')!;
    const status = { observedGeneration: 1 };
    await client.patch(
      resources.daemonSets,
      'ops',
      probe.metadata.name,
      'merge',
      { status },
      { subresource: 'status' },
    );
    await clock.advance(500);
    await assert.rejects(
      ended,
      (error) => error instanceof Refusal && /another DaemonSet controller/.test(error.message),
    );
    assert.equal(client.count('create', resources.pods), 0);
  });

  test('looks again while the API server is away, and gives up when it may not look', async () => {
    const { clock, client, stop, run, preflight } = scene();
    client.failNext('create', resources.daemonSets, new StatusError('ServiceUnavailable', 'away'), 3);
    const first = run({ preflight });
    await clock.advance(20_000);
    assert.equal(client.count('create', resources.pods), 3);
    stop.abort();
    await clock.advance(0);
    await first.ended;

    const other = scene();
    other.client.failNext('create', resources.daemonSets, new StatusError('Forbidden', 'not for you'));
    const second = other.run({ preflight: other.preflight });
    await other.clock.advance(100);
    await assert.rejects(second.ended, /in namespace ops: not for you .*--skip-preflight/);
  });

  test('in a dry run says what it would do once, and is quiet from then on', async () => {
    const { clock, random, client, stop, lines, log, run } = scene(50);
    const { ended } = run({ client: createDryRunClient(client, { clock, random, log }) });
    await clock.advance(10_000);
    assert.equal(lines.filter((line) => line === 'would create').length, 51, 'fifty pods and a revision');
    const before = { lines: lines.length, calls: client.calls.length };
    await clock.advance(3_600_000);
    assert.equal(lines.length, before.lines);
    assert.ok(client.calls.length - before.calls < 20, `${client.calls.length - before.calls} requests in an hour`);
    assert.ok(client.calls.every(({ verb }) => ['get', 'list', 'watch'].includes(verb)));
    stop.abort();
    await clock.advance(0);
    await ended;
  });
});
