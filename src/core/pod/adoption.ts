// Back from a status to records: how a restarted agent without memory of its own takes its pods up again. What runs goes
// on running; what waited goes on waiting. A restart of the agent restarts no container.
import { type ContainerStatus, type Pod, parseTime } from '../../api/index.ts';
import { type Attempt, type ContainerRecord, type Exit, newRecords } from './container-record.ts';

/** @param now used where the status carries no time: since when a pull has been failing. */
export function adoptRecords(pod: Pod, now: number): readonly ContainerRecord[] {
  const { status } = pod;
  const statuses = new Map(
    [
      ...(status?.initContainerStatuses ?? []),
      ...(status?.containerStatuses ?? []),
      ...(status?.ephemeralContainerStatuses ?? []),
    ].map((each) => [each.name, each]),
  );
  return newRecords(pod.spec).map((fresh) => {
    const known = statuses.get(fresh.name);
    return known === undefined ? fresh : adoptRecord(fresh, known, now);
  });
}

/** Whether the agent has reported on this pod before. */
export function isKnownToAgent(pod: Pod): boolean {
  return pod.status?.startTime !== undefined && (pod.status.containerStatuses?.length ?? 0) > 0;
}

function adoptRecord(fresh: ContainerRecord, known: ContainerStatus, now: number): ContainerRecord {
  const { attempt, exits } = adoptAttempt(known, now);
  const lastExit = known.lastState?.terminated;
  return {
    ...fresh,
    // What it was tried with; the spec may name another one by now.
    image: known.image === '' ? fresh.image : known.image,
    imageId: known.imageID,
    // What stands in the spec may have been asked for while nobody was there to grant it.
    allocated: known.resources ?? fresh.allocated,
    resources: known.resources ?? fresh.resources,
    restartCount: known.restartCount,
    exitsInARow: known.restartCount + exits,
    attempt,
    lastExit: lastExit === undefined || attempt.is === 'exited' ? undefined : adoptExit(lastExit, known.containerID),
  };
}

function adoptAttempt(
  { state, lastState, ready, started, containerID }: ContainerStatus,
  now: number,
): { readonly attempt: Attempt; readonly exits: number } {
  if (state?.running !== undefined) {
    const startedMs = parseTime(state.running.startedAt) ?? now;
    return {
      attempt: { is: 'running', startedMs, containerId: containerID ?? '', started: started ?? true, ready },
      exits: 0,
    };
  }
  if (state?.terminated !== undefined)
    return { attempt: { is: 'exited', exit: adoptExit(state.terminated, containerID) }, exits: 1 };
  const { reason, message = '' } = state?.waiting ?? {};
  if (reason === 'CrashLoopBackOff' && lastState?.terminated !== undefined)
    return { attempt: { is: 'exited', exit: adoptExit(lastState.terminated, containerID) }, exits: 1 };
  if (reason === 'ErrImagePull' || reason === 'ImagePullBackOff') {
    const error = message.replace(/^Back-off pulling image "[^"]*": ErrImagePull: /, '');
    return { attempt: { is: 'pull-failed', pullFailures: 1, failedMs: now, error }, exits: 0 };
  }
  return { attempt: { is: 'absent' }, exits: 0 };
}

function adoptExit(
  terminated: NonNullable<NonNullable<ContainerStatus['state']>['terminated']>,
  containerID: string | undefined,
): Exit {
  const finishedMs = parseTime(terminated.finishedAt) ?? 0;
  return {
    exitCode: terminated.exitCode,
    reason: terminated.reason ?? 'Error',
    ...(terminated.message === undefined ? {} : { message: terminated.message }),
    startedMs: parseTime(terminated.startedAt) ?? finishedMs,
    finishedMs,
    containerId: terminated.containerID ?? containerID ?? '',
  };
}
