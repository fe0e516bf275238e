// Why a node is as it is: for each node of a survey one reason, as data and in words. The ledger has decided already; here
// it is only told, in the order in which it decides.
import { formatTime, type IntOrPercent } from '../../api/index.ts';
import { availableAt } from './availability.ts';
import { describeObstacle, type Obstacle } from './placement.ts';
import type { Action, CreateReason, DeleteReason } from './plan.ts';
import type { Stance } from './policy/gate.ts';
import { resolveBudget } from './rollout.ts';
import type { Slot, SlotState } from './slot.ts';
import type { Survey } from './survey.ts';
import { isNewestRevision, placementOn, surges, type Target, wantedRevision } from './target.ts';
import { isTerminal, type NodeView, type PodView, revisionOf } from './views.ts';

export interface NodeExplanation {
  readonly node: string;
  readonly state: SlotState;
  /** A pod should run here. */
  readonly desired: boolean;
  /** The index of the node's wave, under a policy. */
  readonly wave: number | undefined;
  readonly pods: readonly PodView[];
  readonly reason: Reason;
}

export type Reason =
  /** The right pod is there and available. */
  | { readonly kind: 'right' }
  /** The node does not exist (any more). */
  | { readonly kind: 'node-gone' }
  /** No pod belongs there. */
  | { readonly kind: 'not-here'; readonly obstacle: Obstacle; readonly pods: 'none' | 'stay' | 'go' }
  /** The controller does this now. */
  | { readonly kind: 'due'; readonly action: Action; readonly obstacle?: Obstacle }
  /** To be replaced as soon as the budget has room. */
  | { readonly kind: 'budget'; readonly field: 'maxUnavailable' | 'maxSurge'; readonly of: IntOrPercent }
  /** To be replaced when somebody deletes its pod. */
  | { readonly kind: 'on-delete' }
  /** The RolloutPolicy does not let it have the newest revision. */
  | { readonly kind: 'held'; readonly stance: Exclude<Stance, 'go'> }
  /** …and there is no other that it may have. */
  | { readonly kind: 'nothing-proven' }
  /** Ready, and not yet for minReadySeconds. */
  | { readonly kind: 'settling'; readonly until: number }
  /** The pod is not ready. */
  | { readonly kind: 'starting'; readonly pod: PodView }
  /** The new pod beside the old one is not available yet. */
  | { readonly kind: 'surging'; readonly pod: PodView }
  /** A pod has to be gone before the next. */
  | { readonly kind: 'leaving'; readonly pod: PodView };

/** Every node in the order of their names, and what is left on nodes that are gone. */
export function explain(survey: Survey, now: number): readonly NodeExplanation[] {
  const due = new Map<string, Action>();
  for (const action of [...survey.plan.creates, ...survey.plan.deletes]) due.set(action.node, action);
  return [...survey.ledger.slots]
    .map((slot) => explainSlot(slot, survey.target, due.get(slot.name), now))
    .toSorted((a, b) => (a.node < b.node ? -1 : 1));
}

function explainSlot(slot: Slot, target: Target, action: Action | undefined, now: number): NodeExplanation {
  const { assessment, wave, pods, name } = slot;
  const reason = reasonOf(slot, target, action, now);
  return { node: name, state: assessment.state, desired: assessment.desired, wave, pods, reason };
}

/** The order is the rule. */
function reasonOf(slot: Slot, target: Target, action: Action | undefined, now: number): Reason {
  const { node, pods } = slot;
  const obstacle = node === undefined ? undefined : placementOn(target, node).obstacle;
  if (action !== undefined) return { kind: 'due', action, ...(obstacle === undefined ? {} : { obstacle }) };
  if (node === undefined) return { kind: 'node-gone' };
  if (obstacle !== undefined) {
    const there = placementOn(target, node).stay ? 'stay' : 'go';
    return { kind: 'not-here', obstacle, pods: pods.length === 0 ? 'none' : there };
  }

  const live = pods.filter((pod) => pod.deletionAt === undefined && !isTerminal(pod));
  const leaving = pods.find((pod) => !live.includes(pod));
  const [pod] = live;
  if (pod === undefined) {
    if (wantedRevision(target, node) === undefined) return { kind: 'nothing-proven' };
    return leaving === undefined ? { kind: 'right' } : { kind: 'leaving', pod: leaving };
  }
  return reasonOfLive(slot, node, live, target, now);
}

function reasonOfLive(
  { assessment }: Slot,
  node: NodeView,
  live: readonly PodView[],
  target: Target,
  now: number,
): Reason {
  const { state } = assessment;
  const newcomer = live.find((pod) => isNewestRevision(target, revisionOf(pod))) ?? live[0]!;
  if (state === 'surging') return { kind: 'surging', pod: newcomer };
  if (state === 'settling') return { kind: 'settling', until: availableAt(newcomer, target.minReadyMs) ?? now };
  if (state === 'starting') return { kind: 'starting', pod: newcomer };
  const stance = target.gate?.stanceOn(node) ?? 'go';
  if (stance !== 'go' && !isNewestRevision(target, revisionOf(newcomer))) return { kind: 'held', stance };
  if (state === 'current') return { kind: 'right' };
  const { strategy } = target;
  if (strategy.type === 'OnDelete') return { kind: 'on-delete' };
  return surges(target)
    ? { kind: 'budget', field: 'maxSurge', of: strategy.maxSurge }
    : { kind: 'budget', field: 'maxUnavailable', of: strategy.maxUnavailable };
}

/** Nodes whose lack of an available pod, or whose second pod, takes up the budget. */
export function budgetHolders({ ledger, target }: Survey): {
  readonly most: number;
  readonly nodes: readonly string[];
} {
  const { maxUnavailable, maxSurge } = resolveBudget(target, ledger.counts.desired);
  const key = maxSurge > 0 ? 'surging' : 'blocking';
  const nodes = [...ledger.slots].filter(({ assessment }) => assessment[key]).map(({ name }) => name);
  return { most: maxSurge > 0 ? maxSurge : maxUnavailable, nodes: nodes.toSorted() };
}

/** In words; the same for nodes of the same fate, so that they can be told together. */
export function describeReason(reason: Reason): string {
  switch (reason.kind) {
    case 'right':
      return 'the right pod is there and available';
    case 'node-gone':
      return 'the node does not exist; what is left is removed by the pod garbage collector';
    case 'not-here':
      return `${describeObstacle(reason.obstacle)}${thereWords[reason.pods]}`;
    case 'due':
      return describeAction(reason.action, reason.obstacle);
    case 'budget':
      return `waits for its turn: ${reason.field} is ${reason.of}`;
    case 'on-delete':
      return 'keeps its older revision until somebody deletes the pod: the strategy is OnDelete';
    case 'held':
      return stanceWords[reason.stance];
    case 'nothing-proven':
      return 'the RolloutPolicy holds the newest revision back, and there is no proven one';
    case 'settling':
      return `ready, and available at ${formatTime(reason.until)}, after minReadySeconds`;
    case 'starting':
      return 'the pod is not ready';
    case 'surging':
      return 'the new pod beside the old one is not available yet';
    case 'leaving':
      return leavingWords(reason.pod);
  }
}

const thereWords = { none: '', stay: '; the pod that is there may stay', go: '; the pod that is there goes' } as const;

const stanceWords: Readonly<Record<Exclude<Stance, 'go'>, string>> = {
  hold: 'held by the RolloutPolicy: keeps the proven revision',
  pause: 'the RolloutPolicy is paused, or has not taken the newest template up yet: keeps what it has',
  back: 'the newest revision is bad: goes back to the proven one, or is there',
};

function leavingWords(pod: PodView): string {
  if (isTerminal(pod)) return `a pod has ${pod.phase.toLowerCase()}; it goes when its back-off is over`;
  const since = pod.deletionAt === undefined ? '' : `, due at ${formatTime(pod.deletionAt)}`;
  return `a pod is terminating${since}; the next comes when it is gone`;
}

function describeAction(action: Action, obstacle: Obstacle | undefined): string {
  if (action.type === 'create') return createWords[action.reason];
  if (action.reason === 'unwanted' && obstacle !== undefined) return `removed: ${describeObstacle(obstacle)}`;
  return deleteWords[action.reason];
}

const createWords: Readonly<Record<CreateReason, string>> = {
  missing: 'has no pod: one is created',
  surge: 'its pod is of an older revision: a new one starts beside it',
  'surge-unready': 'its pod is of an older revision and not ready: a new one starts beside it',
};

const deleteWords: Readonly<Record<DeleteReason, string>> = {
  excess: 'has more than one pod: what is too many is removed',
  failed: 'its pod has failed: it is removed, and another is created',
  succeeded: 'its pod has ended: it is removed, and another is created',
  unwanted: 'no pod belongs here: it is removed',
  'node-gone': 'the node does not exist: the pod, which was never bound, is removed',
  outdated: 'its pod is of an older revision: it is replaced',
  'outdated-unready': 'its pod is of an older revision and not ready: it is replaced',
  superseded: 'the new pod has taken over: the old one is removed',
  retired: 'its pod is of an older revision, and the new one does not belong here: it is removed',
};
