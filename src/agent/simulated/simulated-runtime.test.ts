import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ContainerStatus, Pod, PodStatus, Stored } from '../../api/index.ts';
import { createVirtualClock } from '../../machinery/index.ts';
import type { LogOptions } from '../kubelet-api/index.ts';
import { createSimulatedRuntime } from './simulated-runtime.ts';

const target = { namespace: 'ns', pod: 'p', container: 'main' };
const plain: LogOptions = { follow: false, previous: false, timestamps: false, stream: 'All' };
const pod = {
  metadata: { name: 'p', namespace: 'ns', uid: 'u', resourceVersion: '1', creationTimestamp: '2026-11-24T02:00:00Z' },
  spec: { containers: [{ name: 'main', image: 'i:1' }], nodeName: 'node-1' },
} as Stored<Pod>;
const started = '2026-11-24T02:00:00Z';
const statusOf = (rest: Partial<ContainerStatus>): PodStatus => ({
  containerStatuses: [{ name: 'main', image: 'i:1', imageID: '', ready: true, restartCount: 0, ...rest }],
});
const running = statusOf({ state: { running: { startedAt: started } }, containerID: 's://1' });
const crash = {
  exitCode: 1,
  reason: 'Error',
  startedAt: started,
  finishedAt: '2026-11-24T02:00:09Z',
  containerID: 's://1',
};

function runtimeOf(status: () => PodStatus | undefined) {
  const clock = createVirtualClock();
  const runtime = createSimulatedRuntime(clock, ({ pod: name }) => (name === 'p' ? { pod, status } : undefined));
  const none = new AbortController().signal;
  const logs = async (options: Partial<LogOptions> = {}, signal = none) => {
    let text = '';
    for await (const chunk of await runtime.logs(target, { ...plain, ...options }, signal)) text += String(chunk);
    return text;
  };
  return { clock, runtime, logs };
}

const twoLines = `container main of pod ns/p on node node-1 started, image i:1
this node is simulated: the container runs no process and will say nothing else
`;

test('a simulated container says that it started, the same each time, as much of it as is asked for', async () => {
  const { logs } = runtimeOf(() => running);
  assert.equal(await logs(), twoLines);
  assert.equal(await logs(), twoLines);
  assert.equal(await logs({ tailLines: 1 }), twoLines.split('\n').slice(1).join('\n'));
  assert.equal(await logs({ tailLines: 0 }), '');
  assert.equal(await logs({ limitBytes: 9 }), 'container');
  assert.match(await logs({ timestamps: true }), /^2026-11-24T02:00:00Z container main/);
  assert.equal(await logs({ sinceMs: Date.parse(started) + 1 }), '');
  await assert.rejects(logs({ previous: true }), /previous terminated container "main" in pod "p" not found/);
});

test('one that has crashed says how, also of the run before', async () => {
  const ended = 'container main ended with exit code 1 (Error)\n';
  const inBackOff = statusOf({ state: { waiting: { reason: 'CrashLoopBackOff' } }, lastState: { terminated: crash } });
  assert.equal(await runtimeOf(() => inBackOff).logs(), twoLines + ended);
  const again = statusOf({
    state: { running: { startedAt: '2026-11-24T02:01:00Z' } },
    lastState: { terminated: crash },
    containerID: 's://2',
  });
  assert.equal(await runtimeOf(() => again).logs({ previous: true }), twoLines + ended);
  assert.equal(await runtimeOf(() => again).logs(), twoLines);
});

test('followed, the log ends with the container, and when nobody listens', async () => {
  let status: PodStatus | undefined = running;
  const { clock, logs } = runtimeOf(() => status);
  const followed = logs({ follow: true });
  await clock.advance(2_000);
  status = statusOf({ state: { terminated: crash }, containerID: 's://1' });
  await clock.advance(2_000);
  assert.match(await followed, /exit code 1 \(Error\)\n$/);

  status = running;
  const gone = logs({ follow: true });
  await clock.advance(2_000);
  status = undefined;
  await clock.advance(2_000);
  assert.equal(await gone, twoLines);

  status = running;
  const leaving = new AbortController();
  const left = logs({ follow: true }, leaving.signal);
  await clock.advance(2_000);
  leaving.abort();
  assert.equal(await left, twoLines);
});

test('there is nothing to exec into, and the refusal says why', async () => {
  const { runtime } = runtimeOf(() => running);
  const options = { stdin: false, stdout: true, stderr: true, tty: false };
  const why = /pod p runs on simulated node node-1, where containers have no processes/;
  await assert.rejects(runtime.exec(target, ['ls'], options), why);
  await assert.rejects(runtime.attach(target, options), why);
  await assert.rejects(runtime.portForward(target), why);
  await assert.rejects(runtime.portForward({ ...target, pod: 'other' }), /runs on no simulated node/);
});
