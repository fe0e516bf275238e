// The status of a RolloutPolicy: what is written at once because something waits for it, and what may wait itself.
import {
  type Condition,
  type RolloutPhase,
  type RolloutPolicy,
  type RolloutPolicyStatus,
  type Timestamp,
  withCondition,
} from '../../../api/index.ts';
import type { PolicyProblem } from './policy-view.ts';
import type { RolloutFacts } from './stage.ts';

/** Whether the rollout goes by it: it has to be written before anything is done. Numbers and words can wait. */
export function isStep(before: RolloutPolicyStatus | undefined, next: RolloutPolicyStatus): boolean {
  return before === undefined || JSON.stringify(essence(before)) !== JSON.stringify(essence(next));
}

function essence(status: RolloutPolicyStatus): unknown {
  const { observedGeneration, daemonSetUID, revision, provenRevision, badRevision, openWaves, phase } = status;
  const drawn = (status.waves ?? []).map(({ name, rankMax }) => [name, rankMax]);
  return [observedGeneration, daemonSetUID, revision, provenRevision, badRevision, openWaves, phase, drawn];
}

/** Whether writing `next` would change anything a reader can see. */
export function samePolicyStatus(before: RolloutPolicyStatus | undefined, next: RolloutPolicyStatus): boolean {
  return before !== undefined && JSON.stringify(seen(before)) === JSON.stringify(seen(next));
}

/** In one order of fields, whoever wrote it; an API server that stores the fields in another tells the same. */
function seen(status: RolloutPolicyStatus): unknown {
  const { message, soakingSince, progressedAt, settledMost, waves = [], conditions = [] } = status;
  const counts = waves.map(({ nodes, updated, available }) => [nodes, updated, available]);
  const states = conditions.map(({ type, status: state, reason, message: words }) => [type, state, reason, words]);
  return [essence(status), message, soakingSince, progressedAt, settledMost, counts, states];
}

/** The status with its two conditions. */
export function withConditions(
  status: RolloutPolicyStatus,
  before: readonly Condition[] | undefined,
  now: Timestamp,
): RolloutPolicyStatus {
  const { phase = 'Invalid', message = '' } = status;
  const accepted: Condition =
    phase === 'Invalid'
      ? { type: 'Accepted', status: 'False', reason: 'Invalid', message }
      : { type: 'Accepted', status: 'True', reason: 'Accepted', message: '' };
  const progressing: Condition = { type: 'Progressing', status: progress(phase), reason: phase, message };
  return { ...status, conditions: withCondition(withCondition(before, accepted, now), progressing, now) };
}

/** Whether a rollout stands still in this phase because its user wants it to. */
export function isWantedWait(phase: RolloutPhase | undefined): boolean {
  return phase === 'Soaking' || phase === 'WaitingForApproval' || phase === 'Paused';
}

/** As a Deployment says it: Unknown while it is paused, False when something is wrong. */
export function progress(phase: RolloutPhase): Condition['status'] {
  if (phase === 'Paused') return 'Unknown';
  return phase === 'Held' || phase === 'RolledBack' || phase === 'Invalid' ? 'False' : 'True';
}

/**
 * What a policy says that cannot be read: everything is held, with what is known to be proven. Where nothing is known yet,
 * that is the older revision of a rollout under way, or the newest.
 */
export function invalidStatus(
  { metadata, status }: Pick<RolloutPolicy, 'metadata' | 'status'>,
  { problem }: PolicyProblem,
  { daemonSetUid, revision, older }: Pick<RolloutFacts, 'daemonSetUid' | 'revision' | 'older'>,
): RolloutPolicyStatus {
  const begun = (): RolloutPolicyStatus => {
    const proven = older();
    return { daemonSetUID: daemonSetUid, revision, ...(proven === undefined ? {} : { provenRevision: proven }) };
  };
  const known = status?.daemonSetUID === daemonSetUid ? status : begun();
  return { ...known, observedGeneration: metadata.generation ?? 0, phase: 'Invalid', message: problem };
}

/** What a policy says that does not count, because an older one names the same DaemonSet. */
export function conflictStatus(
  { metadata, status }: Pick<RolloutPolicy, 'metadata' | 'status'>,
  winner: string,
  now: Timestamp,
): RolloutPolicyStatus {
  const message = `RolloutPolicy ${winner} is older and names the same DaemonSet`;
  const conflict: Condition = { type: 'Accepted', status: 'False', reason: 'Conflict', message };
  return { observedGeneration: metadata.generation ?? 0, conditions: withCondition(status?.conditions, conflict, now) };
}
