import assert from 'node:assert/strict';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test, type TestContext } from 'node:test';
import type { Container, Pod, Stored } from '../../../api/index.ts';
import { beginAttempt, newRecords, runAttempt } from '../../../core/pod/index.ts';
import { createVirtualClock, seededRandom, sleep } from '../../../machinery/index.ts';
import { silentLogger } from '../../../observe/index.ts';
import type { NodeContext } from '../context.ts';
import { ask, type Target } from './handlers.ts';
import { createProber } from './prober.ts';

const id = 'containerd://abc';
const command = (name: string) => ({ exec: { command: [name] }, periodSeconds: 1, failureThreshold: 2 });

/** A running container whose commands answer as `exitCodes` says, in virtual time. */
function world(t: TestContext, container: Partial<Container>) {
  const clock = createVirtualClock();
  const exitCodes: Record<string, number | Error> = {};
  /** How long an answer takes. */
  const delays: Record<string, number> = {};
  const asked: string[] = [];
  const happened: string[] = [];
  const context = {
    clock,
    random: seededRandom(1),
    log: silentLogger,
    cri: {
      runtime: {
        execSync({ cmd: [name = ''] }: { cmd: string[] }) {
          asked.push(name);
          const code = exitCodes[name] ?? 0;
          if (code instanceof Error) return Promise.reject(code);
          const answer = { stdout: Buffer.from('out'), stderr: Buffer.from(''), exitCode: code };
          return sleep(clock, delays[name] ?? 0).then(() => answer);
        },
      },
    },
  } as unknown as NodeContext;
  const spec = { containers: [{ name: 'main', ...container }] };
  const pod: Stored<Pod> = {
    metadata: { name: 'p', namespace: 'ns', uid: 'u', resourceVersion: '1', creationTimestamp: '' },
    spec,
  };
  const prober = createProber({
    context,
    tell: (_, type, reason, message) => void happened.push(`${type} ${reason}: ${message}`),
    changed: () => void happened.push('changed'),
    unhealthy: (name, containerId, kind) => void happened.push(`${kind} of ${name} ${containerId}`),
  });
  t.after(() => prober.stop());
  const record = runAttempt(beginAttempt(newRecords(spec)[0]!), {
    startedMs: clock.now(),
    containerId: id,
    imageId: '',
    started: container.startupProbe === undefined,
    ready: container.startupProbe === undefined && container.readinessProbe === undefined,
  });
  prober.follow(pod, [record], '127.0.0.1');
  const findings = () => {
    const { started, ready } = prober.findings(id) ?? {};
    return [started, ready];
  };
  return { clock, exitCodes, delays, asked, happened, prober, pod, record, findings };
}

test('readiness comes with the first good answer and goes with the last of several bad ones', async (t) => {
  const { clock, exitCodes, findings, happened } = world(t, { readinessProbe: command('ready') });
  exitCodes['ready'] = 1;
  await clock.advance(500);
  assert.deepEqual(findings(), [true, false]);
  assert.deepEqual(happened, ['Warning Unhealthy: Readiness probe failed: out']);
  exitCodes['ready'] = 0;
  await clock.advance(1_000);
  assert.deepEqual(findings(), [true, true]);
  exitCodes['ready'] = 1;
  await clock.advance(1_000);
  assert.deepEqual(findings(), [true, true], 'one bad answer is none');
  await clock.advance(1_000);
  assert.deepEqual(findings(), [true, false]);
});

test('until the startup probe has passed, nothing else is asked', async (t) => {
  const { asked, clock, exitCodes, findings } = world(t, {
    startupProbe: { ...command('startup'), failureThreshold: 10 },
    livenessProbe: command('alive'),
    readinessProbe: { ...command('ready'), initialDelaySeconds: 5 },
  });
  exitCodes['startup'] = 1;
  await clock.advance(3_500);
  assert.deepEqual([new Set(asked), findings()], [new Set(['startup']), [false, false]]);
  exitCodes['startup'] = 0;
  await clock.advance(1_000);
  assert.deepEqual([new Set(asked), findings()], [new Set(['startup', 'alive']), [true, false]]);
  await clock.advance(1_000);
  assert.deepEqual(findings(), [true, true]);
});

test('a container that fails its liveness probe is reported once, and asked no more', async (t) => {
  const { asked, clock, exitCodes, happened } = world(t, { livenessProbe: command('alive') });
  exitCodes['alive'] = 1;
  await clock.advance(10_000);
  assert.equal(happened.filter((line) => line === `liveness of main ${id}`).length, 1);
  assert.equal(asked.length, 2);
});

test('a command that cannot even be run says nothing of the container', async (t) => {
  const { clock, exitCodes, happened } = world(t, { livenessProbe: command('alive') });
  exitCodes['alive'] = new Error('no such command');
  await clock.advance(10_000);
  assert.deepEqual(
    new Set(happened),
    new Set(['Warning Unhealthy: Liveness probe errored and resulted in unknown state: no such command']),
  );
});

test('the beat is that of the questions: an answer that takes its time does not slow it down', async (t) => {
  const { asked, clock, delays } = world(t, { readinessProbe: { ...command('ready'), periodSeconds: 3 } });
  delays['ready'] = 2_000;
  await clock.advance(10_000);
  assert.equal(asked.length, 4);
  delays['ready'] = 5_000;
  await clock.advance(15_000);
  assert.equal(asked.length, 7);
});

test('of a pod on its way out only readiness is asked', async (t) => {
  const probes = { livenessProbe: command('alive'), readinessProbe: command('ready') };
  const { asked, clock, exitCodes, findings, happened, prober } = world(t, probes);
  await clock.advance(500);
  assert.deepEqual(findings(), [true, true]);
  prober.leave();
  asked.length = 0;
  exitCodes['ready'] = exitCodes['alive'] = 1;
  await clock.advance(5_000);
  assert.deepEqual([new Set(asked), findings()], [new Set(['ready']), [true, false]]);
  assert.ok(!happened.some((line) => line.startsWith('liveness')));
});

test('a container that runs no longer is asked no more', async (t) => {
  const { asked, clock, pod, prober, record } = world(t, { livenessProbe: command('alive') });
  await clock.advance(500);
  prober.follow(pod, [{ ...record, attempt: { is: 'absent' } }], '127.0.0.1');
  await clock.advance(10_000);
  assert.deepEqual([asked.length, prober.findings(id)], [1, undefined]);
});

test('HTTP: 2xx is good, 4xx and 5xx are not, nor is silence or nobody; a port may have a name', async (t) => {
  const { target, port } = await serve(t, (path, response, headers) => {
    if (path === '/silence') return;
    if (path === '/stream') {
      response.writeHead(200);
      const more = () => void response.write('x'.repeat(1000), more);
      more();
      return;
    }
    response.writeHead(path === '/header' ? (headers['x-who'] === 'me' ? 204 : 400) : Number(path.slice(1))).end();
  });
  const get = async (path: string, more: object = {}, timeoutMs = patienceMs) => {
    const { answer, message } = await ask({ httpGet: { port: 'web', path, ...more } }, target, timeoutMs, signal);
    return answer === 'success' ? answer : message;
  };
  const url = `http://127.0.0.1:${port}`;
  assert.equal(await get('200'), 'success');
  assert.equal(await get('/404'), 'HTTP probe failed with statuscode: 404');
  assert.equal(await get('/503'), 'HTTP probe failed with statuscode: 503');
  assert.equal(await get('/header', { httpHeaders: [{ name: 'X-Who', value: 'me' }] }), 'success');
  assert.equal(await get('/stream'), 'success', 'an answer without end is one');
  const late = 'context deadline exceeded (Client.Timeout exceeded while awaiting headers)';
  assert.equal(await get('/silence', {}, 100), `Get "${url}/silence": ${late}`);
  const refused = 'dial tcp 127.0.0.1:1: connect: connection refused';
  assert.equal(await get('/', { port: 1 }), `Get "http://127.0.0.1:1/": ${refused}`);
  const tcp = (at: number | string) => ask({ tcpSocket: { port: at } }, target, patienceMs, signal);
  assert.equal((await tcp(port)).answer, 'success');
  assert.deepEqual(await tcp(1), { answer: 'failure', message: refused });
  assert.deepEqual(await tcp('nobody'), { answer: 'none', message: "couldn't find port: nobody" });
});

test('HTTP: it is sent on within the same host, not beyond it, and not for ever', async (t) => {
  const { target } = await serve(t, (path, response) => {
    const [, code, to = ''] = /^\/(\d+)(?:\?(.*))?$/.exec(path) ?? [];
    response.writeHead(Number(code), to === '' ? {} : { location: to }).end('body');
  });
  const get = (path: string) => ask({ httpGet: { port: 'web', path } }, target, patienceMs, signal);
  assert.equal((await get('/302?/200')).answer, 'success');
  assert.deepEqual(await get('/302?/500'), { answer: 'failure', message: 'HTTP probe failed with statuscode: 500' });
  const elsewhere = { answer: 'warning', message: 'Probe terminated redirects, Response body: body' };
  assert.deepEqual(await get('/307?http://192.0.2.1/500'), elsewhere);
  assert.deepEqual(await get('/302'), elsewhere);
  assert.match((await get('/301?/301?/200')).answer, /success/);
  const { target: circle } = await serve(t, (_, response) => void response.writeHead(302, { location: '/' }).end());
  assert.match(
    (await ask({ httpGet: { port: 'web' } }, circle, patienceMs, signal)).message,
    /stopped after 10 redirects/,
  );
});

const { signal } = new AbortController();
/** What an answer may take on a busy machine. */
const patienceMs = 30_000;

type Answer = (path: string, response: ServerResponse, headers: IncomingHttpHeaders) => void;

/** A container whose port `web` answers so. */
async function serve(t: TestContext, answer: Answer): Promise<{ readonly target: Target; readonly port: number }> {
  const server = createServer(({ url, headers }, response) => answer(url ?? '', response, headers));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const container = { name: 'c', ports: [{ name: 'web', containerPort: port }] };
  return { target: { container, containerId: '', address: '127.0.0.1' } as unknown as Target, port };
}
