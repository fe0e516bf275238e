// What a real runtime says of a pod's containers, and what that makes of the records: adopting what an agent finds when
// it starts, and noticing what ended since. A restart of the agent restarts no container.
import type { Container, PodSpec } from '../../api/index.ts';
import { type ContainerRecord, containersInOrder, exitAttempt, type Exit } from './container-record.ts';

/** One container as the runtime has it, the newest and those before it. */
export interface RuntimeContainer {
  /** With the runtime's name: `containerd://…` */
  readonly id: string;
  readonly name: string;
  /** 0, 1, 2 …: which restart it is. */
  readonly attempt: number;
  readonly sandboxId: string;
  readonly state: 'created' | 'running' | 'exited' | 'unknown';
  readonly imageId: string;
  /** As the spec named it when the container was made; '' when nobody noted it. */
  readonly image: string;
  readonly createdMs: number;
  readonly startedMs: number;
  readonly finishedMs: number;
  readonly exitCode: number;
  readonly reason: string;
  readonly message: string;
}

/** SIGKILL, as the kubelet reports a container that it cannot find any more. */
const vanishedExitCode = 137;

/**
 * Records for a pod that ran before this agent did.
 * @param reported what the pod's status said last (adoptRecords), or new records.
 */
export function adoptContainers(
  spec: PodSpec,
  reported: readonly ContainerRecord[],
  containers: readonly RuntimeContainer[],
  now: number,
): readonly ContainerRecord[] {
  const specs = new Map(containersInOrder(spec).map(({ container }) => [container.name, container]));
  return reported.map((record) => {
    const [newest, before] = containers
      .filter((container) => container.name === record.name && !wasCutOff(container, record))
      .toSorted((a, b) => b.attempt - a.attempt || b.createdMs - a.createdMs);
    if (newest === undefined) return record.attempt.is === 'running' ? vanished(record, now) : record;
    const base: ContainerRecord = {
      ...record,
      imageId: newest.imageId,
      image: newest.image === '' ? record.image : newest.image,
      restartCount: newest.attempt,
      lastExit: before?.state === 'exited' ? toldExit(record, before) : record.lastExit,
    };
    return newest.state === 'running' ? adoptRunning(base, newest, specs.get(record.name)) : adoptEnded(base, newest);
  });
}

/**
 * Made and never started, or ended without ever having run and nobody was told of it: its start was cut off when the
 * agent was killed. It was no try, so it counts for nothing. (One that could not be started is in the status: that one counts.)
 */
function wasCutOff({ state, startedMs, id }: RuntimeContainer, { attempt, lastExit }: ContainerRecord): boolean {
  const told = attempt.is === 'exited' && attempt.exit.containerId === id;
  return state === 'created' || (state === 'exited' && startedMs === 0 && !told && lastExit?.containerId !== id);
}

/** An end that was told before, with the message that its container left: the runtime does not know that one. */
function toldExit({ attempt, lastExit }: ContainerRecord, container: RuntimeContainer): Exit {
  if (lastExit?.containerId === container.id) return lastExit;
  if (attempt.is === 'exited' && attempt.exit.containerId === container.id) return attempt.exit;
  return exitOf(container);
}

function adoptRunning(base: ContainerRecord, { id, startedMs }: RuntimeContainer, spec?: Container): ContainerRecord {
  const { attempt } = base;
  const same = attempt.is === 'running' && attempt.containerId === id;
  return {
    ...base,
    exitsInARow: base.exitsInARow === 0 ? base.restartCount : base.exitsInARow,
    attempt: {
      is: 'running',
      startedMs,
      containerId: id,
      // What was established stands until a probe says otherwise, so that readiness does not flap.
      started: same ? attempt.started : spec?.startupProbe === undefined,
      ready: same ? attempt.ready : spec?.startupProbe === undefined && spec?.readinessProbe === undefined,
    },
  };
}

function adoptEnded(base: ContainerRecord, newest: RuntimeContainer): ContainerRecord {
  const { attempt } = base;
  if (attempt.is === 'exited' && attempt.exit.containerId === newest.id) return base;
  return exitAttempt({ ...base, exitsInARow: newest.attempt }, exitOf(newest));
}

/** The records after a look at the runtime; the same ones where nothing happened. */
export function observeContainers(
  records: readonly ContainerRecord[],
  containers: readonly RuntimeContainer[],
  now: number,
): readonly ContainerRecord[] {
  const byId = new Map(containers.map((container) => [container.id, container]));
  return records.map((record) => {
    const { attempt } = record;
    if (attempt.is !== 'running') return record;
    const found = byId.get(attempt.containerId);
    if (found === undefined) return vanished(record, now);
    return found.state === 'running' ? record : exitAttempt(record, exitOf(found));
  });
}

export function exitOf(container: RuntimeContainer): Exit {
  const { state, reason, message, startedMs, finishedMs, createdMs, id } = container;
  // The runtime has lost it: whatever became of it, it has not done what it was to do.
  const exitCode = state === 'unknown' ? vanishedExitCode : container.exitCode;
  const asIs = state === 'unknown' ? 'ContainerStatusUnknown' : exitCode === 0 ? 'Completed' : 'Error';
  return {
    exitCode,
    reason: reason === '' ? asIs : reason,
    ...(message === '' ? {} : { message }),
    // One that never started (StartError) has neither time.
    startedMs: startedMs === 0 ? createdMs : startedMs,
    finishedMs: finishedMs === 0 ? createdMs : finishedMs,
    containerId: id,
  };
}

function vanished(record: ContainerRecord, now: number): ContainerRecord {
  const { attempt } = record;
  if (attempt.is !== 'running') return record;
  return exitAttempt(record, {
    exitCode: vanishedExitCode,
    reason: 'ContainerStatusUnknown',
    message: 'The container could not be located when the pod was terminated',
    startedMs: attempt.startedMs,
    finishedMs: now,
    containerId: attempt.containerId,
  });
}
