// The status of one container in words and fields, from its record: what `kubectl get pods` and `describe` show.
import { type ContainerState, type ContainerStatus, formatTime, type PodSpec } from '../../api/index.ts';
import { formatDuration, pullErrorShownMs, restartDelayMs } from './back-off.ts';
import type { ContainerRecord, Exit } from './container-record.ts';
import { restartAt } from './plan.ts';

export interface StatusContext {
  readonly spec: PodSpec;
  /** `name_namespace(uid)`: how the kubelet names a pod in messages (format.Pod). */
  readonly podTitle: string;
  /** No container of the pod will be started any more. */
  readonly final: boolean;
  readonly now: number;
}

export function containerStatus(record: ContainerRecord, context: StatusContext): ContainerStatus {
  const { attempt } = record;
  const backingOff = isBackingOff(record, context);
  const lastExit = backingOff && attempt.is === 'exited' ? attempt.exit : record.lastExit;
  const containerId =
    attempt.is === 'running'
      ? attempt.containerId
      : attempt.is === 'exited'
        ? attempt.exit.containerId
        : lastExit?.containerId;
  const ready =
    attempt.is === 'running'
      ? attempt.ready && record.kind !== 'ephemeral'
      : record.kind === 'init' && attempt.is === 'exited' && attempt.exit.exitCode === 0;
  return {
    name: record.name,
    image: record.image,
    imageID: record.imageId,
    ready,
    started: attempt.is === 'running' && attempt.started,
    restartCount: record.restartCount,
    ...(record.allocated.requests === undefined ? {} : { allocatedResources: record.allocated.requests }),
    resources: record.resources,
    state: state(record, backingOff, context),
    lastState: lastExit === undefined ? {} : { terminated: terminated(lastExit) },
    ...(containerId === undefined ? {} : { containerID: containerId }),
  };
}

function isBackingOff(record: ContainerRecord, { spec, final }: StatusContext): boolean {
  return !final && restartAt(spec, record) !== undefined;
}

function state(record: ContainerRecord, backingOff: boolean, context: StatusContext): ContainerState {
  const { attempt } = record;
  switch (attempt.is) {
    case 'absent':
    case 'creating':
      // Of a pod with init containers also once they are done: whoever reads `Init:0/1` waits for `PodInitializing`.
      return {
        waiting: { reason: isEmpty(context.spec.initContainers) ? 'ContainerCreating' : 'PodInitializing' },
      };
    case 'pull-failed':
      return { waiting: pullFailure(record.image, attempt.error, attempt.failedMs, context.now) };
    case 'refused':
      return { waiting: { reason: attempt.reason, message: attempt.message } };
    case 'running':
      return { running: { startedAt: formatTime(attempt.startedMs) } };
    case 'exited':
      return backingOff ? { waiting: crashLoop(record, context) } : { terminated: terminated(attempt.exit) };
  }
}

function isEmpty(list: readonly unknown[] | undefined): boolean {
  return list === undefined || list.length === 0;
}

function pullFailure(image: string, error: string, failedMs: number, now: number) {
  return now < failedMs + pullErrorShownMs
    ? { reason: 'ErrImagePull', message: error }
    : { reason: 'ImagePullBackOff', message: `Back-off pulling image "${image}": ErrImagePull: ${error}` };
}

function crashLoop({ name, exitsInARow }: ContainerRecord, { podTitle }: StatusContext) {
  const delay = formatDuration(restartDelayMs(exitsInARow));
  return {
    reason: 'CrashLoopBackOff',
    message: `back-off ${delay} restarting failed container=${name} pod=${podTitle}`,
  };
}

function terminated(exit: Exit) {
  return {
    exitCode: exit.exitCode,
    reason: exit.reason,
    ...(exit.message === undefined ? {} : { message: exit.message }),
    startedAt: formatTime(exit.startedMs),
    finishedAt: formatTime(exit.finishedMs),
    containerID: exit.containerId,
  };
}
