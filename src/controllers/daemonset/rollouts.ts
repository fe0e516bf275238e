// Carries the rollout of one DaemonSet on under its RolloutPolicy: aims the ledger at what the policy allows, and writes
// each stage to the policy's status before anything is done for it. The write names the version of the policy it was
// decided on, so that a pause, or any other edit, is never overtaken: it makes the write fail.
import {
  formatTime,
  isReason,
  resources,
  type RolloutPolicy,
  type RolloutPolicyStatus,
  StatusError,
  type Stored,
} from '../../api/index.ts';
import {
  aimAt,
  conflictStatus,
  invalidStatus,
  isStep,
  newsOf,
  nextStage,
  readPolicy,
  rolloutFacts,
  samePolicyStatus,
  sameTarget,
  type Stage,
  type Target,
  withConditions,
} from '../../core/daemonset/index.ts';
import { steadyNow } from '../../machinery/index.ts';
import type { SyncContext } from './context.ts';
import type { PolicyIndex } from './policy-index.ts';
import type { Tracked } from './tracked.ts';

type StoredPolicy = Stored<RolloutPolicy>;

/** Waves that are done at once are passed one by one; what takes more steps than this goes on in the next sync. */
const stepsMax = 100;
/** Numbers and words of the status are written this often. */
const countsMs = 1000;
const retryMs = 1000;

/** Has the ledger go for what the DaemonSet asks for, as far as its policy lets it. */
export function aim(context: SyncContext, tracked: Tracked): void {
  const { current, ledger } = tracked;
  if (current === undefined) return;
  // The object may be another by now: that is the next history's.
  const { object, hash, duplicates } = current;
  const [policy] = context.policies.of(tracked.key);
  tracked.aimedBy = policy;
  const revisions = () => tracked.revisions.values();
  const target = aimAt({ daemonSet: object, hash, duplicates, revisions, policy });
  if (!sameTarget(ledger.target, target)) ledger.retarget(target, context.clock.now());
}

/** What the DaemonSet's policy says of its rollout; undefined without one, and as long as it speaks of another DaemonSet. */
export function rolloutOf(policies: PolicyIndex, { key, uid }: Tracked): RolloutPolicyStatus | undefined {
  const status = policies.of(key)[0]?.status;
  return status?.daemonSetUID === uid ? status : undefined;
}

/** Takes the steps that are due. Returns when it wants to be called again (ms from now), if time alone brings more. */
export async function settleRollout(context: SyncContext, tracked: Tracked): Promise<number | undefined> {
  for (let step = 0; step < stepsMax && !tracked.gone && !tracked.targetIsStale; step++) {
    const [policy, ...others] = context.policies.of(tracked.key);
    for (const other of others) await refuse(context, tracked, other, policy!.metadata.name);
    if (policy === undefined) return undefined;
    // What is counted, and done, goes by the policy as it is known now, an answer of a moment ago included.
    if (policy !== tracked.aimedBy) aim(context, tracked);
    const { target } = tracked.ledger;
    if (target === undefined) return undefined;
    const stage = decide(tracked, target, policy, context.clock.now());
    const waitMs = isStep(policy.status, stage.status) ? 0 : countsDueMs(context, tracked, policy, stage);
    if (waitMs > 0) return shortest(waitMs, stage, context.clock.now());
    const outcome = await write(context, tracked, policy, stage.status);
    if (outcome === 'failed') return retryMs;
    if (outcome !== 'written') continue;
    for (const { type, reason, message } of newsOf(policy.status, stage.status))
      context.record(tracked, type, reason, message);
  }
  return retryMs;
}

function decide(tracked: Tracked, target: Target, policy: StoredPolicy, now: number): Stage {
  const view = readPolicy(policy);
  const facts = rolloutFacts(tracked.ledger, target, [...tracked.revisions.values()], now);
  if ('problem' in view) return { status: invalidStatus(policy, view, facts) };
  return nextStage(view, policy.status, facts, now);
}

/** Numbers and words: nothing waits for them, and they are written now and then. Returns ms until they are due. */
function countsDueMs({ clock }: SyncContext, tracked: Tracked, { status }: StoredPolicy, next: Stage): number {
  if (samePolicyStatus(status, withConditions(next.status, status?.conditions, formatTime(clock.now()))))
    return Number.POSITIVE_INFINITY;
  return tracked.policyWrittenAt + countsMs - steadyNow(clock);
}

function shortest(waitMs: number, { reviewAt = Number.POSITIVE_INFINITY }: Stage, now: number): number | undefined {
  const ms = Math.min(waitMs, Math.max(reviewAt - now, 1));
  return Number.isFinite(ms) ? ms : undefined;
}

/** `changed`: not written, for what it was decided on is known to be no longer so; it is to be decided anew. */
type Outcome = 'written' | 'changed' | 'failed';

/** What is written is decided once more when its turn has come: it may have waited for long. */
function write(
  context: SyncContext,
  tracked: Tracked,
  policy: StoredPolicy,
  step: RolloutPolicyStatus,
): Promise<Outcome> {
  const { clock, policies } = context;
  tracked.policyWrittenAt = steadyNow(clock);
  return update(context, tracked, policy, () => {
    const { target } = tracked.ledger;
    const isKnown = policies.of(tracked.key)[0] === policy && !tracked.targetIsStale && !tracked.gone;
    if (!isKnown || target === undefined) return undefined;
    const now = clock.now();
    const { status } = decide(tracked, target, policy, now);
    return isStep(step, status) ? undefined : withConditions(status, policy.status?.conditions, formatTime(now));
  });
}

/** A policy that does not count says so. */
async function refuse(context: SyncContext, tracked: Tracked, policy: StoredPolicy, winner: string): Promise<void> {
  const status = conflictStatus(policy, winner, formatTime(context.clock.now()));
  if (!samePolicyStatus(policy.status, status)) await update(context, tracked, policy, () => status);
}

/** @param statusNow asked just before it is sent; undefined: it is not to be sent any more */
async function update(
  { client, limit, policies, signal, log }: SyncContext,
  tracked: Tracked,
  policy: StoredPolicy,
  statusNow: () => RolloutPolicyStatus | undefined,
): Promise<Outcome> {
  const { namespace, name } = policy.metadata;
  try {
    const written = await limit(tracked, 'sync', () => {
      const status = statusNow();
      if (status === undefined) return Promise.resolve(undefined);
      return client.update(resources.rolloutPolicies, { ...policy, status }, { subresource: 'status', signal });
    }).catch((error: unknown) => {
      if (!isReason(error, 'Conflict')) throw error;
      return undefined;
    });
    if (written !== undefined) {
      policies.learn(written);
      return 'written';
    }
    // A user was faster, or a write of ours whose answer was lost.
    policies.learn(await client.get(resources.rolloutPolicies, namespace, name, { signal }));
    return 'changed';
  } catch (error) {
    if (!(error instanceof StatusError) || signal.aborted) throw error;
    // Gone: the watch will tell.
    if (!isReason(error, 'NotFound'))
      log.warn('status of a RolloutPolicy not written', { policy: `${namespace}/${name}`, error });
    return 'failed';
  }
}
