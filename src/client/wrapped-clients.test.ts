import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isReason, resources, StatusError } from '../api/index.ts';
import { createVirtualClock, seededRandom } from '../machinery/index.ts';
import { createMetrics, type Logger, silentLogger } from '../observe/index.ts';
import { type Client, createDryRunClient, createFakeClient, gateWrites, measureCalls } from './index.ts';

const make = () => {
  const clock = createVirtualClock();
  const random = seededRandom(1);
  const client = createFakeClient({ clock, random });
  client.add(resources.pods, pod('p'));
  return { clock, random, client };
};
const pod = (name: string) => ({ metadata: { namespace: 'a', name }, spec: { containers: [] } });

/** Every write there is, once. */
const writes: readonly [string, (client: Client) => Promise<unknown>][] = [
  ['create', (client) => client.create(resources.pods, pod('new'))],
  ['update', (client) => client.update(resources.pods, pod('p'), { subresource: 'status' })],
  ['patch', (client) => client.patch(resources.pods, 'a', 'p', 'merge', { metadata: { labels: { a: 'b' } } })],
  ['delete', (client) => client.delete(resources.pods, 'a', 'p')],
  [
    'createSubresource',
    (client) => client.createSubresource(resources.pods, 'a', 'p', 'eviction', { metadata: { name: 'p' } }),
  ],
];
const written = ({ calls }: ReturnType<typeof createFakeClient>) =>
  calls.filter(({ verb }) => !['get', 'list', 'watch'].includes(verb));

describe('a gated client', () => {
  test('reads whenever it is asked, and writes only while it may', async () => {
    const { client } = make();
    let open = false;
    const gated = gateWrites(client, () => open);
    assert.equal((await gated.get(resources.pods, 'a', 'p')).metadata.name, 'p');
    assert.equal((await gated.list(resources.pods)).items.length, 1);
    for (const [name, write] of writes)
      await assert.rejects(write(gated), (error) => isReason(error, 'ServiceUnavailable'), name);
    assert.deepEqual(written(client), [], 'nothing was sent');
    open = true;
    await gated.create(resources.pods, pod('new'));
    assert.equal(written(client).length, 1);
  });
});

describe('a dry-run client', () => {
  const lines: string[] = [];
  const log: Logger = {
    ...silentLogger,
    info: (message, fields) =>
      void lines.push(`${message} ${fields?.['resource'] as string}/${fields?.['name'] as string}`),
  };

  test('sends no write, answers as if it had, and tells of each once', async () => {
    const { client, ...rest } = make();
    const dry = createDryRunClient(client, { ...rest, log });
    for (const [, write] of [...writes, ...writes]) await write(dry);
    assert.deepEqual(written(client), []);
    assert.deepEqual(lines.splice(0), [
      'would create pods/new',
      'would update pods/p',
      'would patch pods/p',
      'would delete pods/p',
      'would create pods/p',
    ]);
    const made = await dry.create(resources.pods, pod('again'));
    assert.ok(made.metadata.uid !== undefined && made.metadata.creationTimestamp !== undefined);
    assert.equal((await client.list(resources.pods)).items.length, 1);
  });

  test('says nothing of events', async () => {
    const { client, ...rest } = make();
    lines.splice(0);
    const dry = createDryRunClient(client, { ...rest, log });
    await dry.create(resources.events, { metadata: { namespace: 'a', name: 'e' }, involvedObject: {} });
    assert.deepEqual(lines, []);
    assert.deepEqual(written(client), []);
  });
});

describe('a measured client', () => {
  test('counts calls by verb, resource and code, and what got no answer apart', async () => {
    const { client, clock } = make();
    const metrics = await createMetrics({ process: false });
    const measured = measureCalls(client, metrics, clock);
    await measured.get(resources.pods, 'a', 'p');
    await assert.rejects(measured.get(resources.pods, 'a', 'none'));
    await measured.create(resources.pods, pod('made'));
    const away = new StatusError('ServiceUnavailable', 'x', undefined, { cause: new Error('ECONNREFUSED') });
    client.failNext('list', resources.nodes, away);
    await assert.rejects(measured.list(resources.nodes));
    await measured.update(resources.pods, pod('p'), { subresource: 'status' });
    const stop = new AbortController();
    stop.abort();
    measured.watch(resources.nodes, { resourceVersion: '0', signal: stop.signal });
    const broken = new StatusError('ServiceUnavailable', 'the watch sent nonsense', undefined, {
      cause: new Error('x'),
    });
    client.failNext('watch', resources.daemonSets, broken);
    await assert.rejects(async () => {
      const watch = measured.watch(resources.daemonSets, { resourceVersion: '0' });
      for await (const _event of watch) assert.fail('nothing comes');
    });
    const lines = (await metrics.text()).split('\n');
    for (const labels of [
      'verb="get",resource="pods",code="200"',
      'verb="get",resource="pods",code="404"',
      'verb="create",resource="pods",code="201"',
      'verb="list",resource="nodes",code="<error>"',
      'verb="update",resource="pods/status",code="200"',
      'verb="watch",resource="nodes",code="200"',
      'verb="watch",resource="daemonsets",code="200"',
      'verb="watch",resource="daemonsets",code="<error>"',
    ])
      assert.ok(lines.includes(`everynode_api_requests_total{${labels}} 1`), labels);
    assert.ok(lines.includes('everynode_api_request_seconds_count{verb="get",resource="pods"} 2'));
  });
});
