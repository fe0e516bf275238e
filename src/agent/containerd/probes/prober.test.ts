import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test, type TestContext } from 'node:test';
import type { Container, Pod, Stored } from '../../../api/index.ts';
import { beginAttempt, newRecords, runAttempt } from '../../../core/pod/index.ts';
import { createVirtualClock, seededRandom } from '../../../machinery/index.ts';
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
          return Promise.resolve({ stdout: Buffer.from('out'), stderr: Buffer.from(''), exitCode: code });
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
  return { clock, exitCodes, asked, happened, prober, pod, record, findings };
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
  assert.deepEqual(new Set(happened), new Set(['Warning Unhealthy: Liveness probe errored: no such command']));
});

test('a container that runs no longer is asked no more', async (t) => {
  const { asked, clock, pod, prober, record } = world(t, { livenessProbe: command('alive') });
  await clock.advance(500);
  prober.follow(pod, [{ ...record, attempt: { is: 'absent' } }], '127.0.0.1');
  await clock.advance(10_000);
  assert.deepEqual([asked.length, prober.findings(id)], [1, undefined]);
});

test('HTTP: 2xx and 3xx are good, 4xx and 5xx are not, nor is silence or nobody; a port may have a name', async (t) => {
  const server = createServer(({ url, headers }, response) => {
    if (url === '/silence') return;
    response.writeHead(url === '/header' ? (headers['x-who'] === 'me' ? 204 : 400) : Number(url?.slice(1))).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const container = { name: 'c', ports: [{ name: 'web', containerPort: port }] };
  const target = { container, containerId: '', address: '127.0.0.1' } as unknown as Target;
  const { signal } = new AbortController();
  const get = async (path: string, more: object = {}) => {
    const { answer, message } = await ask({ httpGet: { port: 'web', path, ...more } }, target, 200, signal);
    return answer === 'success' ? answer : message;
  };
  assert.equal(await get('/200'), 'success');
  assert.equal(await get('302'), 'success');
  assert.equal(await get('/404'), 'HTTP probe failed with statuscode: 404');
  assert.equal(await get('/503'), 'HTTP probe failed with statuscode: 503');
  assert.equal(await get('/header', { httpHeaders: [{ name: 'X-Who', value: 'me' }] }), 'success');
  assert.match(await get('/silence'), /deadline exceeded/);
  assert.equal(await get('/200', { port: 'nobody' }), "couldn't find port: nobody");
  const tcp = async (at: number) => (await ask({ tcpSocket: { port: at } }, target, 200, signal)).answer;
  assert.deepEqual([await tcp(port), await tcp(1)], ['success', 'failure']);
});
