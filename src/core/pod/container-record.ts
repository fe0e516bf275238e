// What a node agent knows about one container of a pod, and how that knowledge moves on. Records are values: a runtime
// (simulated, containerd) reports what happened, and gets the next record. No status, no decisions here.
import type { Container, PodSpec, ResourceRequirements } from '../../api/index.ts';
import { crashStreakResetMs } from './back-off.ts';

/** `sidecar`: an init container with restartPolicy Always. `ephemeral`: added to look into the pod, which goes on without it. */
export type ContainerKind = 'init' | 'sidecar' | 'main' | 'ephemeral';

/** How an attempt ended. */
export interface Exit {
  readonly exitCode: number;
  /** Completed | Error | OOMKilled | … */
  readonly reason: string;
  readonly message?: string;
  readonly startedMs: number;
  readonly finishedMs: number;
  readonly containerId: string;
}

export type Attempt =
  /** Nothing was tried yet. */
  | { readonly is: 'absent' }
  /** The image is being pulled or the container being made. */
  | { readonly is: 'creating'; readonly pullFailures: number }
  | { readonly is: 'pull-failed'; readonly pullFailures: number; readonly failedMs: number; readonly error: string }
  /** The container could not be made as its spec says; unlike a pull, tried again after a fixed time. */
  | { readonly is: 'refused'; readonly reason: string; readonly message: string; readonly failedMs: number }
  | {
      readonly is: 'running';
      readonly startedMs: number;
      readonly containerId: string;
      /** The startup probe has passed, or there is none. */
      readonly started: boolean;
      /** The readiness probe passes, or there is none. */
      readonly ready: boolean;
    }
  | { readonly is: 'exited'; readonly exit: Exit };

export interface ContainerRecord {
  readonly name: string;
  readonly kind: ContainerKind;
  readonly image: string;
  /** What the node has granted it; the spec may ask for something else (in-place.ts). */
  readonly allocated: ResourceRequirements;
  /** What it runs with. */
  readonly resources: ResourceRequirements;
  /** '' until the image is there. */
  readonly imageId: string;
  readonly restartCount: number;
  /** Exits in a row without a long run between them: what the back-off grows with. */
  readonly exitsInARow: number;
  readonly attempt: Attempt;
  /** The end of the attempt before this one. */
  readonly lastExit: Exit | undefined;
}

/** The containers of a pod that was never run, init containers first: the order in which they start. */
export function newRecords(spec: PodSpec): readonly ContainerRecord[] {
  return containersInOrder(spec).map(({ container, kind }) => newRecord(container, kind));
}

/** The records, and new ones of containers that the spec names and they do not: the ephemeral ones that were added. */
export function withNewContainers(spec: PodSpec, records: readonly ContainerRecord[]): readonly ContainerRecord[] {
  const all = containersInOrder(spec);
  if (all.length === records.length) return records;
  const known = new Set(records.map(({ name }) => name));
  const added = all.filter(({ container, kind }) => kind === 'ephemeral' && !known.has(container.name));
  return [...records, ...added.map(({ container, kind }) => newRecord(container, kind))];
}

function newRecord(container: Container, kind: ContainerKind): ContainerRecord {
  return {
    name: container.name,
    kind,
    image: container.image ?? '',
    allocated: container.resources ?? {},
    resources: container.resources ?? {},
    imageId: '',
    restartCount: 0,
    exitsInARow: 0,
    attempt: { is: 'absent' },
    lastExit: undefined,
  };
}

/** One of those that come before the main containers. */
export function isInit({ kind }: Pick<ContainerRecord, 'kind'>): boolean {
  return kind === 'init' || kind === 'sidecar';
}

export function containersInOrder(
  spec: PodSpec,
): readonly { readonly container: Container; readonly kind: ContainerKind }[] {
  const init = (spec.initContainers ?? []).map((container) => ({
    container,
    kind: container.restartPolicy === 'Always' ? ('sidecar' as const) : ('init' as const),
  }));
  const main = spec.containers.map((container) => ({ container, kind: 'main' as const }));
  const ephemeral = (spec.ephemeralContainers ?? []).map((container) => ({ container, kind: 'ephemeral' as const }));
  return [...init, ...main, ...ephemeral];
}

/** A new attempt begins, with what was granted; after an exit that is a restart. */
export function beginAttempt(before: ContainerRecord): ContainerRecord {
  const { attempt } = before;
  const record = before.resources === before.allocated ? before : { ...before, resources: before.allocated };
  const next: Attempt = {
    is: 'creating',
    pullFailures: attempt.is === 'pull-failed' || attempt.is === 'creating' ? attempt.pullFailures : 0,
  };
  if (attempt.is !== 'exited') return { ...record, attempt: next };
  return { ...record, attempt: next, lastExit: attempt.exit, restartCount: record.restartCount + 1 };
}

export function failPull(record: ContainerRecord, failedMs: number, error: string): ContainerRecord {
  const before = record.attempt.is === 'creating' ? record.attempt.pullFailures : 0;
  return { ...record, attempt: { is: 'pull-failed', pullFailures: before + 1, failedMs, error } };
}

/** @param reason CreateContainerConfigError, CreateContainerError, ErrImageNeverPull … */
export function refuseAttempt(
  record: ContainerRecord,
  refusal: { readonly reason: string; readonly message: string; readonly failedMs: number },
): ContainerRecord {
  return { ...record, attempt: { is: 'refused', ...refusal } };
}

/** The pod's sandbox was lost, and with it all that ran in it: everything starts again from the first init container. */
export function loseSandbox(record: ContainerRecord): ContainerRecord {
  if (record.kind === 'ephemeral') return record;
  if (record.attempt.is !== 'exited') return { ...record, attempt: { is: 'absent' } };
  return {
    ...record,
    attempt: { is: 'absent' },
    lastExit: record.attempt.exit,
    restartCount: record.restartCount + 1,
  };
}

export function runAttempt(
  record: ContainerRecord,
  run: {
    readonly startedMs: number;
    readonly containerId: string;
    readonly imageId: string;
    readonly started: boolean;
    readonly ready: boolean;
  },
): ContainerRecord {
  const { imageId, ...running } = run;
  return { ...record, imageId, attempt: { is: 'running', ...running } };
}

/** What the probes found. The same record when nothing changed; a container that does not run is not probed. */
export function probed(
  record: ContainerRecord,
  found: { readonly started: boolean; readonly ready: boolean },
): ContainerRecord {
  const { attempt } = record;
  if (attempt.is !== 'running' || (attempt.started === found.started && attempt.ready === found.ready)) return record;
  return { ...record, attempt: { ...attempt, ...found } };
}

/** A run of ten minutes and more starts the back-off afresh (kubelet: twice the longest back-off). */
export function exitAttempt(record: ContainerRecord, exit: Exit): ContainerRecord {
  const ranLong = exit.finishedMs - exit.startedMs >= crashStreakResetMs;
  return { ...record, attempt: { is: 'exited', exit }, exitsInARow: ranLong ? 1 : record.exitsInARow + 1 };
}
