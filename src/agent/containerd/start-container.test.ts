import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Pod, Stored } from '../../api/index.ts';
import { beginAttempt, type ContainerRecord, newRecords } from '../../core/pod/index.ts';
import { createVirtualClock } from '../../machinery/index.ts';
import type { NodeContext } from './context.ts';
import { type StartContext, startContainer } from './start-container.ts';

const main = { name: 'main', image: 'localhost/tools:1' };
const pod: Stored<Pod> = {
  metadata: { name: 'p', namespace: 'ns', uid: 'u', resourceVersion: '1', creationTimestamp: '' },
  spec: { containers: [main] },
};
const [record] = newRecords(pod.spec) as [ContainerRecord];

test('when a container started is the runtime’s word, so that the next agent says the same', async (t) => {
  const root = mkdtempSync(join(tmpdir(), 'everynode-start-'));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  const clock = createVirtualClock();
  let status: (() => Promise<object>) | undefined;
  const runtime = {
    createContainer: () => Promise.resolve({ containerId: 'abc' }),
    // It answers a while after the container runs.
    startContainer: () => clock.advance(300),
    containerStatus: () => status!(),
  };
  const images = { imageStatus: () => Promise.resolve({ image: { id: 'sha256:1', username: '', size: 1n } }) };
  const context = {
    cri: { runtime, images },
    clock,
    nodeName: 'node',
    paths: { root, podLogs: join(root, 'logs'), containerLogs: join(root, 'links') },
    machine: { hostIP: '192.0.2.1', allocatable: {}, memoryBytes: 1e9, cgroups: 2 },
    environment: {},
    objects: { sourcesFor: () => Promise.resolve({}) },
  } as unknown as NodeContext;
  const start: StartContext = {
    context,
    pod,
    sandbox: { id: 's', ip: '192.0.2.2', config: {} },
    volumes: new Map(),
    tell: () => undefined,
    signal: new AbortController().signal,
  };
  const started = async () => {
    const { attempt } = await startContainer(start, main, beginAttempt(record));
    assert.ok(attempt.is === 'running', JSON.stringify(attempt));
    return attempt.startedMs;
  };
  const then = clock.now();
  const noted = { annotations: {}, createdAt: 1n, startedAt: BigInt(then + 100) * 1_000_000n, finishedAt: 0n };
  status = () => Promise.resolve({ status: noted });
  assert.equal(await started(), then + 100);
  status = () => Promise.reject(new Error('the runtime is away'));
  assert.equal(await started(), clock.now(), 'it runs all the same');
});
