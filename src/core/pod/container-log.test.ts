import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ContainerStatus } from '../../api/index.ts';
import { chooseLog } from './container-log.ts';

const status = (rest: Partial<ContainerStatus>): ContainerStatus => ({
  name: 'main',
  image: 'i',
  imageID: '',
  ready: false,
  restartCount: 0,
  ...rest,
});
const ended = (containerID?: string) => ({
  terminated: { exitCode: 1, ...(containerID === undefined ? {} : { containerID }) },
});
const waiting = (reason?: string) => ({ state: { waiting: reason === undefined ? {} : { reason } } });

const cases: readonly [string, ContainerStatus | undefined, boolean, string][] = [
  [
    'that runs',
    status({ state: { running: {} }, containerID: 'r://now', lastState: ended('r://old') }),
    false,
    'r://now',
  ],
  ['that ran before', status({ state: { running: {} }, lastState: ended('r://old') }), true, 'r://old'],
  ['that has ended', status({ state: ended('r://now'), lastState: ended('r://old') }), false, 'r://now'],
  ['in back-off', status({ ...waiting('CrashLoopBackOff'), lastState: ended('r://old') }), false, 'r://old'],
  [
    'that never restarted',
    status({ state: { running: {} } }),
    true,
    'previous terminated container "main" in pod "p" not found',
  ],
  ['nothing is known of', undefined, false, 'container "main" in pod "p" is not available'],
  ['that was never made', status({ state: ended() }), false, 'container "main" in pod "p" is terminated'],
  [
    'whose image cannot be pulled',
    status(waiting('ErrImagePull')),
    false,
    'container "main" in pod "p" is waiting to start: image can\'t be pulled',
  ],
  [
    'whose image is not tried at the moment',
    status(waiting('ImagePullBackOff')),
    false,
    'container "main" in pod "p" is waiting to start: trying and failing to pull image',
  ],
  [
    'that is being made',
    status(waiting('ContainerCreating')),
    false,
    'container "main" in pod "p" is waiting to start: ContainerCreating',
  ],
  ['that waits', status(waiting()), false, 'container "main" in pod "p" is waiting to start - no logs yet'],
];

for (const [what, given, previous, wanted] of cases)
  test(`the log of a container ${what}`, () => {
    const choice = chooseLog('p', 'main', given, previous);
    assert.equal('refusal' in choice ? choice.refusal : choice.containerId, wanted);
  });
