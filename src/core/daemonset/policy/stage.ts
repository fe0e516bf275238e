// How a rollout goes on under a policy: from wave to wave, or to its end. The stage is the policy's status, kept by the
// API server and nowhere else, so that whoever takes over goes on from there. Pure: the status as it was, what the ledger
// counts and `now` in, the next status out. One step at a time: the next is decided when this one has been written.
import {
  formatTime,
  parseTime,
  type RolloutPolicyStatus,
  type RolloutWaveStatus,
  scaleRoundingUp,
} from '../../../api/index.ts';
import type { NodeView } from '../views.ts';
import { rankOf } from './gate.ts';
import type { PolicyView, Wave } from './policy-view.ts';

/** What is so now. */
export interface RolloutFacts {
  readonly daemonSetUid: string;
  /** Hash of the newest revision. */
  readonly revision: string;
  /** Hashes that mean the same template. */
  readonly sameRevisions: ReadonlySet<string>;
  /** The other revision that most available pods carry, the newest of equals: proven, when a policy comes in mid-rollout. */
  readonly older: () => string | undefined;
  /** Whether there is such a revision. */
  readonly exists: (hash: string) => boolean;
  /** The DaemonSet waits for its users to delete pods: that takes as long as it takes. */
  readonly onDelete: boolean;
  /** By wave, as the newest revision is to be seen there; of waves without nodes there may be none. */
  readonly waves: readonly WaveCounts[];
  /** Nodes where the newest template should run. */
  readonly eligible: () => Iterable<NodeView>;
}

export interface WaveCounts {
  readonly nodes: number;
  readonly updated: number;
  readonly available: number;
  /** Neither updated and available, nor unavailable through no fault of the rollout. */
  readonly pending: number;
}

export interface Stage {
  readonly status: RolloutPolicyStatus;
  /** When time alone brings the next. */
  readonly reviewAt?: number;
}

export function nextStage(
  policy: PolicyView,
  before: RolloutPolicyStatus | undefined,
  facts: RolloutFacts,
  now: number,
): Stage {
  const stage = decide(policy, before, facts, now);
  const { revision, provenRevision, message } = stage.status;
  if (provenRevision === undefined || provenRevision === revision || facts.exists(provenRevision)) return stage;
  const lost = `revision ${provenRevision}, which is proven, does not exist any more: held nodes get no pod`;
  return { ...stage, status: { ...stage.status, message: `${message}; ${lost}` } };
}

function decide(policy: PolicyView, before: RolloutPolicyStatus | undefined, facts: RolloutFacts, now: number): Stage {
  const known = before?.daemonSetUID === facts.daemonSetUid ? before : undefined;
  const rolling = known?.revision !== undefined && facts.sameRevisions.has(known.revision);
  if (known === undefined || !rolling || !fits(known, policy)) return begin(policy, known, facts, now);
  const status = {
    ...known,
    observedGeneration: policy.generation,
    revision: facts.revision,
    ...(facts.sameRevisions.has(known.provenRevision ?? '') ? { provenRevision: facts.revision } : {}),
    waves: wavesNow(policy, known, facts),
  };
  if (known.observedGeneration !== policy.generation) return acknowledge(policy, status, facts, now);
  return go(policy, status, facts, now);
}

/** The status is about these waves; whoever may write it may have written anything. */
function fits({ waves = [], openWaves = 0 }: RolloutPolicyStatus, policy: PolicyView): boolean {
  const same = waves.map(({ name }) => name).join() === policy.waves.map(({ name }) => name).join();
  return same && openWaves >= 1 && openWaves <= policy.waves.length;
}

/**
 * An edited policy counts from here on. A step of its own: what the ledger counts is still seen through the gate of the
 * policy before.
 */
function acknowledge(policy: PolicyView, status: RolloutPolicyStatus, facts: RolloutFacts, now: number): Stage {
  const { revision } = facts;
  if (policy.paused) return at(status, 'Paused', pausedWords);
  if (status.phase !== 'Paused' && status.phase !== 'Invalid') return { status };
  // The deadline did not go on while nothing could.
  const resumed = restarted(status, now);
  if (status.provenRevision === revision) return at(resumed, 'Complete', `revision ${revision} is proven`);
  if (status.provenRevision === undefined) return at(resumed, 'Launching', 'nothing is proven yet');
  if (status.badRevision === revision) return bad(policy, resumed, facts);
  return at(resumed, 'RollingOut', `revision ${revision} goes on`);
}

const pausedWords = 'no node is replaced, and missing pods are of the proven revision';

/** A revision's first stage: whatever is known to be proven stays so. */
function begin(policy: PolicyView, known: RolloutPolicyStatus | undefined, facts: RolloutFacts, now: number): Stage {
  const proven = known === undefined ? facts.older() : (known.provenRevision ?? launched(known, facts));
  const isProven = facts.sameRevisions.has(proven ?? '');
  const everywhere = proven === undefined || isProven;
  const status: RolloutPolicyStatus = {
    observedGeneration: policy.generation,
    daemonSetUID: facts.daemonSetUid,
    revision: facts.revision,
    ...(proven === undefined ? {} : { provenRevision: isProven ? facts.revision : proven }),
    openWaves: everywhere ? policy.waves.length : 1,
    waves: wavesNow(policy, undefined, facts),
    settledMost: 0,
    progressedAt: formatTime(momentOf(undefined, now)),
    phase: policy.paused ? 'Paused' : proven === undefined ? 'Launching' : isProven ? 'Complete' : 'RollingOut',
    message: `revision ${facts.revision} begins`,
  };
  return { status };
}

/**
 * A launch that was not done when the next template came: where more than half of its nodes were served, that is what the
 * others keep meanwhile. One node that never comes up must not leave every rollout without waves.
 */
function launched(known: RolloutPolicyStatus, { older }: RolloutFacts): string | undefined {
  const waves = known.waves ?? [];
  const total = (count: (wave: RolloutWaveStatus) => number) => waves.reduce((sofar, wave) => sofar + count(wave), 0);
  // Nodes that are updated and nodes that are available need not be the same: so many are both at least.
  const served = total(({ nodes, updated, available }) => Math.max(0, updated + available - nodes));
  return served * 2 > total(({ nodes }) => nodes) && older() === known.revision ? known.revision : undefined;
}

function go(policy: PolicyView, status: RolloutPolicyStatus, facts: RolloutFacts, now: number): Stage {
  const { revision } = facts;
  if (policy.paused) return at(status, 'Paused', pausedWords);
  if (status.provenRevision === revision) return at(settled(status), 'Complete', `revision ${revision} is proven`);
  if (status.provenRevision === undefined) return launch(policy, status, facts);
  if (status.badRevision === revision) {
    if (policy.retried !== revision) return bad(policy, status, facts);
    const { badRevision: _, ...again } = status;
    return at(restarted(again, now), 'RollingOut', `revision ${revision} is tried again`);
  }
  return roll(policy, status, facts, now);
}

/** Nothing is proven yet, so nothing is held: all nodes at once. */
function launch(policy: PolicyView, status: RolloutPolicyStatus, { revision, waves }: RolloutFacts): Stage {
  const { nodes, pending } = sum(waves);
  const launching = at(
    { ...status, openWaves: policy.waves.length },
    'Launching',
    `nothing is proven yet; revision ${revision} is awaited on ${pending} of ${nodes} nodes`,
  );
  return nodes === 0 || pending > policy.tolerated(nodes) ? launching : proven(status, revision);
}

function roll(policy: PolicyView, status: RolloutPolicyStatus, facts: RolloutFacts, now: number): Stage {
  const open = status.openWaves ?? 1;
  const wave = policy.waves[open - 1]!;
  const { nodes, pending } = inOpenWaves(status, facts);
  if (pending > policy.tolerated(nodes)) return wait(policy, status, facts, now);

  const since = momentOf(status.soakingSince, now);
  const soaking = { ...status, soakingSince: formatTime(since), settledMost: nodes - pending };
  const soakedAt = since + wave.soakMs;
  const done = `wave ${wave.name} is done`;
  if (now < soakedAt) return at(soaking, 'Soaking', `${done} and soaks until ${formatTime(soakedAt)}`, soakedAt);
  if (wave.manual && policy.approved !== `${facts.revision}/${wave.name}`)
    return at(soaking, 'WaitingForApproval', `${done} and waits for the approval ${facts.revision}/${wave.name}`);
  if (open >= policy.waves.length) return proven(status, facts.revision);
  const next = policy.waves[open]!;
  return at(restarted({ ...status, openWaves: open + 1 }, now), 'RollingOut', `wave ${next.name} is open`);
}

/** Nodes of the open waves are on their way, or in trouble. */
function wait(policy: PolicyView, status: RolloutPolicyStatus, facts: RolloutFacts, now: number): Stage {
  const { revision, onDelete } = facts;
  const { nodes, pending } = inOpenWaves(status, facts);
  const settledMost = Math.max(status.settledMost ?? 0, nodes - pending);
  const forward = settledMost > (status.settledMost ?? 0);
  // A node that falls back in the soak: its time begins there.
  const fellBack = status.soakingSince !== undefined;
  const progressedAt = momentOf(forward || fellBack ? undefined : status.progressedAt, now);
  const going = { ...withoutSoak(status), settledMost, progressedAt: formatTime(progressedAt) };
  const deadlineAt = progressedAt + policy.progressDeadlineMs;
  const patient = onDelete || policy.retried === revision;
  if (!patient && now >= deadlineAt) return bad(policy, going, facts);
  return at(going, 'RollingOut', awaited(policy, status, facts), patient ? undefined : deadlineAt);
}

/** The revision is known to be bad. What was rolled back stays so; what is held goes back once the policy says so. */
function bad(policy: PolicyView, status: RolloutPolicyStatus, facts: RolloutFacts): Stage {
  const { revision } = facts;
  const hasWay = facts.exists(status.provenRevision ?? '');
  const back = status.phase === 'RolledBack' || (policy.onFailure === 'Rollback' && hasWay);
  const found = { ...status, badRevision: revision };
  const late = `${policy.progressDeadlineMs / 1000} s without progress`;
  const ways = `all nodes go back to ${status.provenRevision}`;
  if (back) return at(found, 'RolledBack', `revision ${revision} is bad (${late}): ${ways}`);
  return at(found, 'Held', `${awaited(policy, status, facts)}; it is bad (${late})`);
}

function awaited({ waves }: PolicyView, status: RolloutPolicyStatus, facts: RolloutFacts): string {
  const { nodes, pending } = inOpenWaves(status, facts);
  const wave = waves[(status.openWaves ?? 1) - 1];
  return `wave ${wave?.name}: revision ${facts.revision} is awaited on ${pending} of ${nodes} nodes`;
}

function proven(status: RolloutPolicyStatus, revision: string): Stage {
  return at(settled({ ...status, provenRevision: revision }), 'Complete', `revision ${revision} is proven`);
}

function settled(status: RolloutPolicyStatus): RolloutPolicyStatus {
  return { ...withoutSoak(status), openWaves: status.waves?.length ?? 0 };
}

/** The current wave's time and progress begin anew. */
function restarted(status: RolloutPolicyStatus, now: number): RolloutPolicyStatus {
  return { ...withoutSoak(status), settledMost: 0, progressedAt: formatTime(momentOf(undefined, now)) };
}

function withoutSoak(status: RolloutPolicyStatus): RolloutPolicyStatus {
  const { soakingSince: _, ...rest } = status;
  return rest;
}

function at(
  status: RolloutPolicyStatus,
  phase: RolloutPolicyStatus['phase'],
  message: string,
  reviewAt?: number,
): Stage {
  return { status: { ...status, phase: phase!, message }, ...(reviewAt === undefined ? {} : { reviewAt }) };
}

/** Ranks are drawn when a rollout begins and when the policy is edited; nodes that join later fall under them. */
function wavesNow(policy: PolicyView, known: RolloutPolicyStatus | undefined, facts: RolloutFacts) {
  const keeps = known !== undefined && known.observedGeneration === policy.generation;
  const ranks = keeps ? (known.waves ?? []).map(({ rankMax }) => rankMax) : drawRanks(policy.waves, facts.eligible());
  return policy.waves.map(({ name }, index) => {
    const { nodes = 0, updated = 0, available = 0 } = facts.waves[index] ?? {};
    const rankMax = ranks[index];
    return { name, nodes, updated, available, ...(rankMax === undefined ? {} : { rankMax }) };
  });
}

/** The highest rank that each wave takes, where it is limited: wave by wave, of the nodes that are left. */
export function drawRanks(waves: readonly Wave[], nodes: Iterable<NodeView>): readonly (number | undefined)[] {
  let left = [...nodes];
  return waves.map(({ takes, limit }) => {
    const matching = left.filter(takes);
    if (limit === undefined) {
      left = left.filter((node) => !takes(node));
      return undefined;
    }
    const count = scaleRoundingUp(limit, matching.length) ?? 0;
    const ranks = matching.map(({ name }) => rankOf(name)).toSorted((a, b) => a - b);
    const rankMax = ranks[Math.min(count, ranks.length) - 1] ?? 0;
    left = left.filter((node) => !takes(node) || rankOf(node.name) > rankMax);
    return rankMax;
  });
}

/**
 * A time of the status, or now: in whole seconds, rounded up so that nothing ends too early. What lies in the future was
 * written by a clock that has been set back since, and counts as now.
 */
function momentOf(time: string | undefined, now: number): number {
  return Math.ceil(Math.min(parseTime(time) ?? now, now) / 1000) * 1000;
}

function inOpenWaves({ openWaves = 1 }: RolloutPolicyStatus, { waves }: RolloutFacts) {
  return sum(waves.slice(0, openWaves));
}

function sum(waves: readonly WaveCounts[]): { readonly nodes: number; readonly pending: number } {
  return waves.reduce(
    (total, { nodes, pending }) => ({ nodes: total.nodes + nodes, pending: total.pending + pending }),
    { nodes: 0, pending: 0 },
  );
}
