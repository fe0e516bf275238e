// When a DaemonSet last came nearer to what is wanted of it: for the number of seconds that a rollout stands still.
import type { Counts, Target } from '../../core/daemonset/index.ts';

export interface Progress {
  readonly complete: boolean;
  readonly revision: string;
  readonly desired: number;
  /** The most there were since it was last complete: a pod that comes and goes is no progress. */
  readonly updatedMost: number;
  readonly availableMost: number;
  /** Milliseconds since the epoch. */
  readonly since: number;
}

export function nextProgress(before: Progress | undefined, target: Target, counts: Counts, now: number): Progress {
  const { desired, updated, available } = counts;
  const { revision } = target;
  const complete = updated >= desired && available >= desired;
  const sameGoal = before?.complete === false && before.revision === revision && before.desired === desired;
  if (!sameGoal) return { complete, revision, desired, updatedMost: updated, availableMost: available, since: now };
  const forward = complete || updated > before.updatedMost || available > before.availableMost;
  return {
    complete,
    revision,
    desired,
    updatedMost: Math.max(updated, before.updatedMost),
    availableMost: Math.max(available, before.availableMost),
    since: forward ? now : before.since,
  };
}

/** 0 when everything is as wanted. */
export function stalledMs(progress: Progress | undefined, now: number): number {
  return progress === undefined || progress.complete ? 0 : now - progress.since;
}
