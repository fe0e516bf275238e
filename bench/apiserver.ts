// What the embedded API server does over HTTPS with the default store (SQLite, durable): `node bench/apiserver.ts
// [scale]`, scale 0.1 for a quick look. The clients are a process of their own, on the same machine. Figures go to
// docs/performance.md by hand, with the machine's cores.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { Agent, Pool } from 'undici';
import { createApiServer, listenApiServer } from '../src/apiserver/index.ts';
import { systemClock, systemRandom } from '../src/machinery/index.ts';
import { createAuthority, issueCertificate } from '../src/pki/index.ts';
import { openSqliteStore } from '../src/store/index.ts';

interface Target {
  readonly url: string;
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
  readonly scale: number;
}

type Figure =
  | { readonly name: string; readonly requests: number; readonly ms: number }
  | { readonly name: string; readonly text: string }
  /** Only asks what was spent since the last message. */
  | { readonly spent: true };

const clients = 16;
const maps = '/api/v1/namespaces/default/configmaps';
const pods = '/api/v1/namespaces/default/pods';

if (process.send === undefined) await serve();
else process.once('message', (target) => void load(target as Target));

async function serve(): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'everynode-bench-'));
  const store = await openSqliteStore({ path: join(directory, 'state.db') });
  const server = await createApiServer({ store, clock: systemClock, random: systemRandom });
  // What a controller makes in a cluster: no pod without it.
  await server.handle({
    verb: 'create',
    group: '',
    version: 'v1',
    resource: 'serviceaccounts',
    namespace: 'default',
    body: { metadata: { name: 'default' } },
    user: { name: 'bench', groups: ['system:masters'] },
    userAgent: 'bench',
  });
  const now = Date.now();
  const authority = await createAuthority('bench', now);
  const [serving, admin] = await Promise.all([
    issueCertificate(authority, { usage: 'server', commonName: 'api', hosts: ['127.0.0.1'] }, now),
    issueCertificate(authority, { usage: 'client', commonName: 'admin', organizations: ['system:masters'] }, now),
  ]);
  const listener = await listenApiServer(server, {
    port: 0,
    tls: { ...serving, clientAuthority: authority.certificate },
  });
  process.stdout.write(`${cpus().length} cores (${cpus()[0]?.model}), Node ${process.versions.node}\n`);
  const child = fork(import.meta.filename, { execArgv: [] });
  const target: Target = {
    url: listener.url,
    ca: authority.certificate,
    cert: admin.certificate,
    key: admin.key,
    scale: Number(process.argv[2] ?? 1),
  };
  child.send(target);
  await report(child);
  await listener.close();
  await store.close();
  await rm(directory, { recursive: true, force: true });
}

/** Prints each figure with what it cost this process, which is the server alone. */
async function report(child: ChildProcess): Promise<void> {
  let spent = process.cpuUsage();
  let heldBytes = 0;
  child.on('message', (message: Figure | { readonly memory: 'before' | 'after'; readonly objects: number }) => {
    const { user, system } = process.cpuUsage(spent);
    spent = process.cpuUsage();
    const cpuUs = user + system;
    if ('memory' in message) {
      globalThis.gc?.();
      const { heapUsed, external } = process.memoryUsage();
      const bytes = heapUsed + external;
      if (message.memory === 'before') heldBytes = bytes;
      else line('memory per stored 4 kB pod', `${((bytes - heldBytes) / message.objects / 1000).toFixed(1)} kB`);
    } else if ('text' in message) line(message.name, message.text);
    else if ('requests' in message) {
      const { name, requests, ms } = message;
      const rate = Math.round((requests / ms) * 1000);
      line(name, `${rate.toLocaleString('en')}/s   (server CPU: ${Math.round(cpuUs / requests)} µs each)`);
    }
    child.send(cpuUs);
  });
  await once(child, 'exit');
}

function line(name: string, text: string): void {
  process.stdout.write(`${name.padEnd(44)} ${text}\n`);
}

async function load(target: Target): Promise<void> {
  const { url, ca, cert, key, scale } = target;
  // A reader of one big answer, and hundreds of watchers, are undici's; the many small requests are not: on two cores
  // an ordinary client needs more time for one than the server does.
  const pool = new Pool(url, { connections: clients, connect: { ca, cert, key } });
  const connections = await Promise.all(Array.from({ length: clients }, () => openConnection(target)));
  const tell = async (message: object) => {
    process.send!(message);
    const [cpuUs] = (await once(process, 'message')) as [number];
    return cpuUs;
  };
  const measure = async (
    name: string,
    requests: number,
    request: (connection: Connection, index: number) => Promise<void>,
  ) => {
    let next = 0;
    const started = performance.now();
    const client = async (connection: Connection) => {
      while (next < requests) await request(connection, next++);
    };
    await Promise.all(connections.map(client));
    await tell({ name, requests, ms: performance.now() - started });
  };
  const many = (count: number) => Math.max(50, Math.round(count * scale));

  await measure('(warm-up)', many(2_000), (connection, index) => connection('POST', maps, configMap(`warm-${index}`)));
  await measure('creates of config maps, 16 clients', many(20_000), (connection, index) =>
    connection('POST', maps, configMap(`m-${index}`)),
  );
  await measure('gets, 16 clients', many(60_000), (connection, index) =>
    connection('GET', `${maps}/m-${index % many(20_000)}`),
  );
  await tell({ memory: 'before', objects: 0 });
  const podCount = many(10_000);
  await measure('creates of 4 kB pods, 16 clients', podCount, (connection, index) =>
    connection('POST', pods, pod(`p-${index}`)),
  );
  await tell({ memory: 'after', objects: podCount });
  const list = async (name: string, rounds: number, before: (round: number) => Promise<void>) => {
    const times: number[] = [];
    const spent: number[] = [];
    let bytes = 0;
    for (let round = 0; round < rounds; round++) {
      await before(round);
      await tell({ spent: true });
      const started = performance.now();
      bytes = await drain(pool, pods);
      times.push(performance.now() - started);
      spent.push((await tell({ spent: true })) / 1000);
    }
    const what = `list of ${podCount} pods, ${Math.round(bytes / 1e6)} MB, ${name}`;
    const text = `${Math.round(median(times))} ms   (server CPU: ${Math.round(median(spent))} ms)`;
    await tell({ name: what, text });
  };
  // Every piece of it has changed since it was last sent; then none has.
  const touchMany = async (round: number) => {
    for (let index = 0; index < podCount; index += 25)
      await merge(pool, `${pods}/p-${index}`, { metadata: { labels: { round: `${round}` } } });
  };
  await list('all of it new', 7, touchMany);
  await list('again', 7, () => Promise.resolve());
  const paged: number[] = [];
  for (let round = 0; round < 5; round++) {
    const started = performance.now();
    await get(pool, `${pods}?limit=500`);
    paged.push(performance.now() - started);
  }
  await tell({ name: 'a page of 500 of them', text: `${Math.round(median(paged))} ms` });
  const watchers = many(1_000);
  const delays = await fanOut(new Agent({ connect: { ca, cert, key }, bodyTimeout: 0 }), pool, url, watchers);
  await tell({ name: `a watch event to ${watchers} watchers, median`, text: `${Math.round(median(delays))} ms` });
  await pool.destroy();
  process.disconnect();
  process.exit(0);
}

type Connection = (method: 'GET' | 'POST', path: string, body?: object) => Promise<void>;

/** One keep-alive connection that does the least a client can do: it waits for a good answer, and drops it. */
async function openConnection({ url, ca, cert, key }: Target): Promise<Connection> {
  const socket = connect({ host: '127.0.0.1', port: Number(new URL(url).port), ca, cert, key });
  await once(socket, 'secureConnect');
  socket.setEncoding('latin1');
  let answer = '';
  let left = 0;
  let done: (() => void) | undefined;
  socket.on('data', (chunk: string) => {
    if (left > 0) left -= chunk.length;
    else {
      answer += chunk;
      const end = answer.indexOf('\r\n\r\n');
      if (end < 0) return;
      if (!answer.startsWith('HTTP/1.1 20')) throw new Error(answer);
      left = Number(/content-length: (\d+)/i.exec(answer)![1]) - (answer.length - end - 4);
      answer = '';
    }
    if (left === 0) done?.();
  });
  return (method, path, object) => {
    const body = object === undefined ? '' : JSON.stringify(object);
    const length = body === '' ? '' : `content-type: application/json\r\ncontent-length: ${body.length}\r\n`;
    socket.write(`${method} ${path} HTTP/1.1\r\nhost: bench\r\n${length}\r\n${body}`);
    return new Promise((resolve) => {
      done = resolve;
    });
  };
}

async function fanOut(agent: Agent, pool: Pool, url: string, watchers: number): Promise<readonly number[]> {
  const resourceVersion = (JSON.parse(await get(pool, `${maps}?limit=1`)) as { metadata: { resourceVersion: string } })
    .metadata.resourceVersion;
  const path = `/api/v1/namespaces/default/secrets?watch=true&resourceVersion=${resourceVersion}`;
  const delays: number[] = [];
  let sent = 0;
  const open = async () => {
    const { body } = await agent.request({ origin: url, path, method: 'GET' });
    body.on('data', () => delays.push(performance.now() - sent));
  };
  for (let opened = 0; opened < watchers; opened += 50) await Promise.all(Array.from({ length: 50 }, open));
  for (let round = 0; round < 10; round++) {
    const expected = delays.length + watchers;
    sent = performance.now();
    await create(pool, '/api/v1/namespaces/default/secrets', { metadata: { name: `s-${round}` } });
    while (delays.length < expected) await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return delays;
}

async function create(client: Pool, path: string, object: object): Promise<void> {
  const headers = { 'content-type': 'application/json' };
  const { statusCode, body } = await client.request({
    path,
    method: 'POST',
    headers,
    body: JSON.stringify(object),
  });
  const text = await body.text();
  if (statusCode !== 201) throw new Error(text);
}

async function merge(client: Pool, path: string, body: object): Promise<void> {
  const headers = { 'content-type': 'application/merge-patch+json' };
  const answer = await client.request({ path, method: 'PATCH', headers, body: JSON.stringify(body) });
  const text = await answer.body.text();
  if (answer.statusCode !== 200) throw new Error(text);
}

async function get(client: Pool, path: string): Promise<string> {
  const { statusCode, body } = await client.request({ path, method: 'GET' });
  const text = await body.text();
  if (statusCode !== 200) throw new Error(text);
  return text;
}

/** Reads an answer to its end and keeps nothing: what its reader makes of it is not the server's time. */
async function drain(client: Pool, path: string): Promise<number> {
  const { body } = await client.request({ path, method: 'GET' });
  let bytes = 0;
  for await (const chunk of body) bytes += (chunk as Buffer).length;
  return bytes;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
}

function configMap(name: string): object {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'default' }, data: { key: 'value' } };
}

function pod(name: string): object {
  const env = Array.from({ length: 45 }, (_, index) => ({
    name: `VARIABLE_${index}`,
    value: `the value of ${index} in ${name}`,
  }));
  const metadata = { name, namespace: 'default', labels: { app: 'bench', name } };
  return { apiVersion: 'v1', kind: 'Pod', metadata, spec: { containers: [{ name: 'main', image: 'busybox:1', env }] } };
}
