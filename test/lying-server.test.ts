// The controller and an API server that does not tell the truth. A liar stands between the real controller and a real
// embedded cluster, and passes everything on as it is, until it lies: then the controller goes on living, says clearly
// what it was sent, deletes nothing because of it, stays small, and works again when the truth comes back.
import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { request as forward } from 'node:https';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { type DaemonSet, type Pod, resources, type Stored } from '../src/api/index.ts';
import { createHttpClient, eventSink, type HttpClient, loadKubeconfig } from '../src/client/index.ts';
import { type DaemonSetController, runDaemonSetController } from '../src/controllers/daemonset/index.ts';
import { type Clock, createEventRecorder, systemClock, systemRandom } from '../src/machinery/index.ts';
import { type Logger, silentLogger } from '../src/observe/index.ts';
import { startCluster, type TestCluster } from '../src/testing/index.ts';
import { eventually } from './e2e/support/eventually.ts';

/** Answers instead of the API server; false: passes the request on. */
type Lie = (request: IncomingMessage, response: ServerResponse) => boolean;

/** Time runs faster for the controller: its waits and deadlines are what they are, and the test is not. */
const haste = 20;
const fastClock: Clock = {
  now: () => systemClock.now(),
  after: (ms, callback) => systemClock.after(ms / haste, callback),
};
const lieMs = 400;
/** For a machine that does much else; what is waited for comes within a second or two. */
const patienceMs = 60_000;
const residentBytesMax = 900 * 1024 * 1024;
const mebibyte = 1024 * 1024;

let cluster: TestCluster;
let client: HttpClient;
let controller: DaemonSetController;
let lie: Lie | undefined;
let lied = 0;
const said: string[] = [];
const stop = new AbortController();
const liar = createServer(answer);
let unhandled: unknown;
const onUnhandled = (error: unknown) => {
  unhandled ??= error;
};

before(async () => {
  process.on('unhandledRejection', onUnhandled);
  cluster = await startCluster({ nodes: 3, controllers: ['*', '-daemonset-controller'] });
  const connection = await loadKubeconfig({ path: cluster.kubeconfigPath, clock: systemClock });
  const { tls } = connection;
  truth = { url: new URL(connection.server), ...(typeof tls === 'function' ? tls() : tls) };
  await new Promise<void>((resolve) => {
    liar.listen(0, '127.0.0.1', resolve);
  });
  client = createHttpClient({ server: `http://127.0.0.1:${(liar.address() as AddressInfo).port}`, clock: fastClock });
  const tell = (message: string, fields: Readonly<Record<string, unknown>> = {}) =>
    void said.push(`${message}: ${(fields['error'] as Error | undefined)?.message ?? ''}`);
  const log: Logger = { ...silentLogger, warn: tell, error: tell, child: () => log };
  const context = { client, clock: fastClock, random: systemRandom, log, signal: stop.signal };
  const recorder = createEventRecorder({ ...context, component: 'daemonset-controller', sink: eventSink(client) });
  controller = runDaemonSetController({ ...context, recorder });
  await cluster.client.create(resources.daemonSets, daemonSet);
  await controller.synced;
  await onePodOnEach();
});

after(async () => {
  stop.abort();
  await controller.stopped;
  await client.close();
  liar.closeAllConnections();
  liar.close();
  await cluster.close();
  process.off('unhandledRejection', onUnhandled);
});

const labels = { app: 'd' };
const daemonSet: DaemonSet = {
  metadata: { namespace: 'default', name: 'd' },
  spec: {
    selector: { matchLabels: labels },
    template: { metadata: { labels }, spec: { containers: [{ name: 'c', image: 'i' }] } },
  },
};

let truth: { readonly url: URL; readonly ca?: string; readonly certificate?: string; readonly key?: string };

function answer(request: IncomingMessage, response: ServerResponse): void {
  response.on('error', () => undefined);
  if (lie?.(request, response) === true) {
    lied += 1;
    return;
  }
  const { url, ca, certificate: cert, key } = truth;
  const { method, url: path, headers } = request;
  const passed = forward({ host: url.hostname, port: url.port, ca, cert, key, method, path, headers }, (answered) => {
    // At once, as the API server does: a watch that nothing happens to has its answer all the same.
    response.writeHead(answered.statusCode ?? 500, answered.headers).flushHeaders();
    answered.pipe(response);
  });
  passed.on('error', () => response.destroy());
  response.on('close', () => passed.destroy());
  request.pipe(passed);
}

async function pods(): Promise<readonly Stored<Pod>[]> {
  return (await cluster.client.list(resources.pods, { namespace: 'default' })).items;
}

const onePodOnEach = () =>
  eventually(
    'one pod on each node',
    async () => {
      const found = await pods();
      const where = found
        .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
        .map(({ spec }) => spec.nodeName ?? '');
      assert.deepEqual(where.toSorted(), ['node-1', 'node-2', 'node-3'], said.slice(-5).join('\n'));
      assert.equal(found.length, 3);
      return found;
    },
    patienceMs,
  );

const uids = (list: readonly Stored<Pod>[]) => list.map(({ metadata }) => metadata.uid).toSorted();

const isList = ({ url = '' }: IncomingMessage) => !url.includes('watch=true');
const asks =
  (what: string) =>
  ({ method, url = '' }: IncomingMessage) =>
    method === 'GET' && url.includes(`/${what}`);
const send =
  (body: string | Buffer, type = 'application/json', code = 200, headers = {}) =>
  (_request: IncomingMessage, response: ServerResponse) => {
    response.writeHead(code, { 'content-type': type, ...headers }).end(body);
    return true;
  };
const toWatches =
  (to: Lie): Lie =>
  (request, response) =>
    isRead(request) && !isList(request) && to(request, response);
/** What was seen is too long ago, and lists come as pages: so everything is listed, and the lie is told. */
const listsWithout =
  (to: Lie): Lie =>
  (request, response) => {
    if (!isRead(request)) return false;
    const isStream = (request.url ?? '').includes('sendInitialEvents');
    if (isStream)
      return send('{"kind":"Status","reason":"Invalid","code":422}', 'application/json', 422)(request, response);
    if (isList(request)) return to(request, response);
    return send('{"type":"ERROR","object":{"kind":"Status","reason":"Expired","code":410}}\n')(request, response);
  };
const isRead = (request: IncomingMessage) =>
  ['pods', 'nodes', 'daemonsets', 'controllerrevisions'].some((what) => asks(what)(request));

const kindOf = ({ url = '' }: IncomingMessage) =>
  ({ pods: 'Pod', nodes: 'Node', daemonsets: 'DaemonSet', controllerrevisions: 'ControllerRevision' })[
    /\/(pods|nodes|daemonsets|controllerrevisions)\b/.exec(url)![1]!
  ]!;
const listOf = (make: (kind: string) => unknown): Lie =>
  listsWithout((request, response) => send(JSON.stringify(make(kindOf(request))))(request, response));
const events = (...make: ((kind: string) => unknown)[]): Lie =>
  toWatches((request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    for (const one of make) response.write(`${JSON.stringify(one(kindOf(request)))}\n`);
    response.end();
    return true;
  });
const metadata = (name: string, version = '999999') => ({
  name,
  namespace: 'default',
  uid: `${name}-uid`,
  resourceVersion: version,
});
/** As much as is taken, until the other side hangs up. */
const endless =
  (head: string, piece: Buffer): Lie =>
  (_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.write(head);
    const more = () => {
      while (!response.destroyed && response.write(piece));
    };
    response.on('drain', more);
    more();
    return true;
  };

const lies: readonly (readonly [name: string, lie: Lie, words: RegExp | undefined])[] = [
  [
    'a page of HTML',
    send('<html><body>Please log in</body></html>', 'text/html'),
    /not JSON|that is not JSON|ended in the middle/,
  ],
  ['a redirect', send('', 'text/plain', 302, { location: 'https://elsewhere/' }), /not JSON|failed/],
  ['another content type', send('{}', 'application/octet-stream'), /without metadata|ended in the middle/],
  [
    'protobuf that is none',
    send('k8s\0\x0a\x7f', 'application/vnd.kubernetes.protobuf'),
    /a frame of more than|malformed|not JSON/,
  ],
  ['success without content', send('', 'application/json', 204), undefined],
  [
    'a list of another kind',
    listOf(() => ({ kind: 'ConfigMapList', metadata: { resourceVersion: '1' }, items: [] })),
    /"ConfigMapList" as kind/,
  ],
  [
    'a list of no version',
    listOf((kind) => ({ kind: `${kind}List`, metadata: {}, items: [] })),
    /without metadata.resourceVersion/,
  ],
  [
    'a list of long ago, with nothing in it',
    listOf((kind) => ({ kind: `${kind}List`, metadata: { resourceVersion: '1' }, items: [] })),
    /a list of version 1, after/,
  ],
  [
    'a list of nonsense',
    listOf((kind) => ({ kind: `${kind}List`, metadata: { resourceVersion: '999999' }, items: [null, 5, {}] })),
    /that is none/,
  ],
  [
    'objects without what they are made of',
    listOf((kind) => ({
      kind: `${kind}List`,
      metadata: { resourceVersion: '999999' },
      items: [{ metadata: metadata('x'), spec: 'x', status: 5 }],
    })),
    /no object/,
  ],
  [
    'events of no known type',
    events((kind) => ({ type: 'BOOM', object: { kind, metadata: metadata('x') } })),
    /an event of type "BOOM"/,
  ],
  [
    'events of another kind',
    events(() => ({ type: 'DELETED', object: { kind: 'ConfigMap', metadata: metadata('x') } })),
    /"ConfigMap" as kind/,
  ],
  ['events without object', events(() => ({ type: 'DELETED' })), /is no object/],
  ['events of null', events(() => null), /an event of type/],
  [
    'events of the past',
    events((kind) => ({ type: 'DELETED', object: { kind, metadata: metadata('node-1', '1') } })),
    /an event of version 1 after/,
  ],
  [
    'events that go back',
    events(
      (kind) => ({ type: 'BOOKMARK', object: { kind, metadata: { resourceVersion: '999999' } } }),
      (kind) => ({ type: 'DELETED', object: { kind, metadata: metadata('node-1', '5') } }),
    ),
    /an event of version 5 after 999999/,
  ],
  ['half an event', toWatches(send('{"type":"DELETED","obj')), /ended in the middle/],
  [
    'a connection that breaks',
    toWatches((_request, response) => {
      response.writeHead(200).write('{');
      setImmediate(() => response.destroy());
      return true;
    }),
    /failed/,
  ],
  [
    'drops, slowly',
    toWatches((_request, response) => {
      response.writeHead(200).write('{');
      const timer = setInterval(() => response.write(' '), 20);
      response.on('close', () => clearInterval(timer));
      return true;
    }),
    undefined,
  ],
  [
    'an object of megabytes of labels',
    events((kind) => ({
      type: 'ADDED',
      object: {
        kind,
        metadata: {
          ...metadata('bomb'),
          labels: Object.fromEntries(Array.from({ length: 100_000 }, (_, n) => [`label-${n}`, 'v'])),
        },
        spec: 'x',
      },
    })),
    /no object/,
  ],
  ['a line without end', toWatches(endless('', Buffer.alloc(mebibyte, 'x'))), /a line of more than/],
  [
    'a list without end',
    listsWithout(endless('{"items":[', Buffer.from('{"metadata":{}},'.repeat(65_536)))),
    /more than 134217728 bytes/,
  ],
  [
    'a failure without end',
    (request, response) => {
      if (!isRead(request)) return false;
      response.writeHead(500);
      const more = () => {
        while (!response.destroyed && response.write(Buffer.alloc(mebibyte, 'x')));
      };
      response.on('drain', more);
      more();
      return true;
    },
    /more than 1048576 bytes/,
  ],
];

for (const [name, told, words] of lies)
  test(name, async () => {
    const before = uids(await onePodOnEach());
    said.length = 0;
    lied = 0;
    lie = told;
    // Whatever is open ends, so that everything is asked for again.
    liar.closeAllConnections();
    await eventually('the lie was heard', async () => assert.ok(lied > 0), patienceMs);
    if (words !== undefined)
      await eventually('it was said', async () => assert.match(said.join('\n'), words), patienceMs);
    await delay(lieMs);
    assert.deepEqual(uids(await pods()), before, 'nothing is deleted or made because of it');
    const { rss } = process.memoryUsage();
    assert.ok(rss < residentBytesMax, `${Math.round(rss / mebibyte)} MiB`);
    lie = undefined;
    liar.closeAllConnections();
    const [victim] = await pods();
    await cluster.client.delete(resources.pods, 'default', victim!.metadata.name, { gracePeriodSeconds: 0 });
    const now = uids(await onePodOnEach());
    assert.equal(now.filter((uid) => before.includes(uid)).length, 2, 'it works again');
    assert.equal(unhandled, undefined);
  });
