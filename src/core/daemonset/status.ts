// The DaemonSet's status from the ledger's counts, and its two conditions in words.
import {
  type Condition,
  type DaemonSetStatus,
  findCondition,
  type RolloutPhase,
  type RolloutPolicyStatus,
  type Timestamp,
  withCondition,
} from '../../api/index.ts';
import type { Counts } from './totals.ts';
import { progress } from './policy/policy-status.ts';
import { resolveBudget } from './rollout.ts';
import type { Target } from './target.ts';

export const conditionTypes = { available: 'Available', progressing: 'Progressing' } as const;

/**
 * @param problem what keeps the controller from acting (quota, admission …), in the API server's words
 * @param rollout what the DaemonSet's RolloutPolicy says, if there is one
 */
export function nextStatus(
  before: DaemonSetStatus | undefined,
  target: Target,
  counts: Counts,
  problem: { readonly reason: string; readonly message: string } | undefined,
  now: Timestamp,
  rollout?: RolloutPolicyStatus,
): DaemonSetStatus {
  const conditions = [availableCondition(target, counts), progressingCondition(target, counts, problem, rollout)];
  return {
    currentNumberScheduled: counts.current,
    numberMisscheduled: counts.misscheduled,
    desiredNumberScheduled: counts.desired,
    numberReady: counts.ready,
    observedGeneration: target.generation,
    updatedNumberScheduled: counts.updated,
    numberAvailable: counts.available,
    numberUnavailable: counts.desired - counts.available,
    ...(before?.collisionCount === undefined ? {} : { collisionCount: before.collisionCount }),
    conditions: conditions.reduce((list, condition) => withCondition(list, condition, now), before?.conditions ?? []),
  };
}

/** One current, available pod on every node that should have one, and none elsewhere. */
export function isComplete({ desired, current, updated, available, misscheduled }: Counts): boolean {
  return current === desired && updated === desired && available === desired && misscheduled === 0;
}

/** Whether writing `next` would change anything a reader can see. */
export function sameStatus(before: DaemonSetStatus | undefined, next: DaemonSetStatus): boolean {
  return (
    before !== undefined &&
    counters.every((key) => (before[key] ?? 0) === (next[key] ?? 0)) &&
    before.observedGeneration === next.observedGeneration &&
    (next.conditions ?? []).every((condition) =>
      sameCondition(findCondition(before.conditions, condition.type), condition),
    )
  );
}

const counters = [
  'currentNumberScheduled',
  'numberMisscheduled',
  'desiredNumberScheduled',
  'numberReady',
  'updatedNumberScheduled',
  'numberAvailable',
  'numberUnavailable',
  'collisionCount',
] as const;

function sameCondition(before: Condition | undefined, next: Condition): boolean {
  return before?.status === next.status && before.reason === next.reason && before.message === next.message;
}

/** Available: the daemon serves on every node but for those the strategy allows to be without it. */
function availableCondition(target: Target, counts: Counts): Condition {
  const missing = counts.desired - counts.available;
  const { maxUnavailable } = resolveBudget(target, counts.desired);
  const type = conditionTypes.available;
  if (missing === 0)
    return { type, status: 'True', reason: 'AllAvailable', message: `available on all ${nodes(counts.desired)}` };
  const message = `not available on ${missing} of ${nodes(counts.desired)}`;
  return missing <= maxUnavailable
    ? { type, status: 'True', reason: 'WithinMaxUnavailable', message }
    : { type, status: 'False', reason: 'TooManyUnavailable', message };
}

/** Progressing: True while pods are on their way or all arrived, False when something stops the controller. */
function progressingCondition(
  target: Target,
  counts: Counts,
  problem: { readonly reason: string; readonly message: string } | undefined,
  rollout: RolloutPolicyStatus | undefined,
): Condition {
  const type = conditionTypes.progressing;
  if (problem !== undefined) return { type, status: 'False', ...problem };
  const { desired, updated, available } = counts;
  if (rollout?.phase !== undefined && waits.has(rollout.phase))
    return { type, status: progress(rollout.phase), reason: rollout.phase, message: rollout.message ?? '' };
  if (updated < desired) {
    const message = `revision ${target.revision} is on ${updated} of ${nodes(desired)}`;
    return target.strategy.type === 'OnDelete'
      ? {
          type,
          status: 'True',
          reason: 'WaitingForDeletion',
          message: `${message}; OnDelete waits for pods to be deleted`,
        }
      : { type, status: 'True', reason: 'RollingOut', message };
  }
  if (available < desired) {
    return {
      type,
      status: 'True',
      reason: 'WaitingForAvailability',
      message: `revision ${target.revision} is on all ${nodes(desired)}, available on ${available}`,
    };
  }
  return {
    type,
    status: 'True',
    reason: 'RolledOut',
    message: `revision ${target.revision} is available on all ${nodes(desired)}`,
  };
}

/** Phases in which nodes keep an older revision on purpose. */
const waits: ReadonlySet<RolloutPhase> = new Set([
  'Soaking',
  'WaitingForApproval',
  'Paused',
  'Held',
  'RolledBack',
  'Invalid',
]);

function nodes(count: number): string {
  return `${count} ${count === 1 ? 'node' : 'nodes'}`;
}
