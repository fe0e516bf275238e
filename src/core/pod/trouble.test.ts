import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ContainerState, ContainerStatus, PodStatus } from '../../api/index.ts';
import { troubleOf } from './trouble.ts';

const container = (state: ContainerState, more: Partial<ContainerStatus> = {}): ContainerStatus => ({
  name: 'main',
  image: 'main:1',
  imageID: '',
  ready: false,
  restartCount: 0,
  state,
  ...more,
});
const one = (state: ContainerState, more: Partial<ContainerStatus> = {}): PodStatus => ({
  containerStatuses: [container(state, more)],
});
const ended = (exitCode: number, reason?: string) => ({
  terminated: { exitCode, ...(reason === undefined ? {} : { reason }) },
});

const rows: readonly (readonly [why: string, status: PodStatus, short: string | undefined, long?: string])[] = [
  ['nothing is known', {}, undefined],
  ['it is ready', { ...one({ waiting: { reason: 'X' } }), conditions: [{ type: 'Ready', status: 'True' }] }, undefined],
  ['evicted', { reason: 'Evicted', message: 'low on memory' }, 'Evicted', 'Evicted: low on memory'],
  [
    'not scheduled',
    { conditions: [{ type: 'PodScheduled', status: 'False', message: '0/1 nodes are available' }] },
    'not scheduled',
    'not scheduled: 0/1 nodes are available',
  ],
  ['its container is being made, as every one is', one({ waiting: { reason: 'ContainerCreating' } }), undefined],
  [
    'its image cannot be pulled',
    one({ waiting: { reason: 'ImagePullBackOff', message: 'Back-off pulling image "x"' } }),
    'container main: ImagePullBackOff',
    'container main: ImagePullBackOff: Back-off pulling image "x"',
  ],
  [
    'it crashes again and again: how it ended is said in both',
    one({ waiting: { reason: 'CrashLoopBackOff', message: 'back-off 10s' } }, { lastState: ended(137, 'OOMKilled') }),
    'container main: CrashLoopBackOff, ended with 137 (OOMKilled)',
    'container main: CrashLoopBackOff, ended with 137 (OOMKilled): back-off 10s',
  ],
  ['it ended badly', one(ended(2, 'Error')), 'container main, ended with 2 (Error)'],
  ['it ended well', one(ended(0, 'Completed')), undefined],
  [
    'it runs and is not ready',
    one({ running: {} }, { restartCount: 2, lastState: ended(1) }),
    'container main is not ready',
    'container main is not ready, started again 2 times, ended with 1',
  ],
  [
    'the init container stands in the way of the others',
    {
      initContainerStatuses: [container({ waiting: { reason: 'ErrImagePull' } }, { name: 'first' })],
      containerStatuses: [container({ waiting: { reason: 'PodInitializing' } })],
    },
    'container first: ErrImagePull',
  ],
  [
    'a readiness gate',
    {
      containerStatuses: [container({ running: {} }, { ready: true })],
      conditions: [{ type: 'Ready', status: 'False', reason: 'ReadinessGatesNotReady', message: 'gate x is closed' }],
    },
    'ReadinessGatesNotReady',
    'ReadinessGatesNotReady: gate x is closed',
  ],
];

for (const [why, status, short, long = short] of rows)
  test(`what keeps a pod from being ready: ${why}`, () => {
    const found = troubleOf({ metadata: {}, spec: { containers: [] }, status });
    assert.deepEqual(found, short === undefined ? undefined : { short, long });
  });
