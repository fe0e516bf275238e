// The decision about one node: given its slot and the time, what state is it in, what does it count for, and what is to
// be done. Pure; the three cases of every DaemonSet text (none → create, too many → remove, one → right) stand in
// assessNode below. How many nodes may be in flux at once is not decided here but in rollout.ts.
import { taintKeys } from '../../api/index.ts';
import { availableAt, isAvailable } from './availability.ts';
import { blame } from './attribution.ts';
import { backoffEnds } from './backoff.ts';
import { type PodsByFate, sortPods } from './fate.ts';
import type { Action, CreateReason, DeleteReason } from './plan.ts';
import type { Verdict } from './placement.ts';
import { type Assessment, idle, nothing, type Removal, sentForgottenAt, type Slot, type SlotState } from './slot.ts';
import {
  isMended,
  isNewestRevision,
  isRolling,
  isWantedRevision,
  placementOn,
  surges,
  type Target,
  wantedRevision,
} from './target.ts';
import { isTerminal, type NodeView, type PodView, revisionOf } from './views.ts';

export function assess(slot: Slot, target: Target, now: number): Assessment {
  const assessment = assessPods(slot, target, now);
  const forgetAt = sentForgottenAt(slot);
  if (forgetAt === undefined || (assessment.reviewAt ?? Number.POSITIVE_INFINITY) <= forgetAt) return assessment;
  return { ...assessment, reviewAt: forgetAt };
}

/** Whether the action, sent already, would be decided again now if it had not been: what it was decided on still holds. */
export function confirms(slot: Slot, target: Target, action: Action, now: number): boolean {
  if (action.type === 'create') {
    if (slot.node === undefined || wantedRevision(target, slot.node) !== action.revision) return false;
    const { create, replaceable } = assessPods({ ...slot, creating: undefined }, target, now);
    return create !== undefined || (action.reason === 'surge' && surges(target) && replaceable !== undefined);
  }
  // The back-off took its step when a finished pod's removal was sent; the pod will not run again in any case.
  if (action.reason === 'failed' || action.reason === 'succeeded') return true;
  const deleting = new Map(slot.deleting);
  deleting.delete(action.uid);
  const { removals, replaceable, retirable } = assessPods({ ...slot, deleting }, target, now);
  const replaced = surges(target) ? retirable : (replaceable ?? retirable);
  return replaced?.uid === action.uid || removals.some(({ pod }) => pod.uid === action.uid);
}

function assessPods(slot: Slot, target: Target, now: number): Assessment {
  const pods = sortPods(slot, target, now);
  if (slot.node === undefined) return assessLost(pods);
  const verdict = slot.verdict ?? placementOn(target, slot.node);
  if (!verdict.stay) return assessUnwanted(pods);
  const node = asKnownByPods(slot.node, slot.aliveAt);
  if (!verdict.run) return assessMisscheduled(slot, node, verdict, pods, target, now);
  return assessNode(slot, node, pods, target, now);
}

/** A pod that turned ready after its node turned NotReady: the node is back, and only the watch of nodes is late. */
function asKnownByPods(node: NodeView, aliveAt: number): NodeView {
  const isBack = !node.ready && node.readyChangedAt !== undefined && aliveAt > node.readyChangedAt;
  return isBack ? { ...node, ready: true, readyChangedAt: aliveAt } : node;
}

/** The node is gone: what was never bound is ours to remove, bound pods are collected by the pod garbage collector. */
function assessLost({ live, finished, leaving }: PodsByFate): Assessment {
  if (live.length + finished.length + leaving.length === 0) return idle;
  return {
    ...nothing,
    state: 'lost',
    removals: remove(
      [...live, ...finished].filter((pod) => !pod.bound),
      'node-gone',
    ),
  };
}

/** The node does not qualify and nothing may stay. */
function assessUnwanted({ live, finished, leaving }: PodsByFate): Assessment {
  if (live.length + finished.length + leaving.length === 0) return idle;
  return { ...nothing, state: 'unwanted', misscheduled: true, removals: remove([...live, ...finished], 'unwanted') };
}

/**
 * A NoSchedule taint: a pod that is there stays, one at most; an outdated one goes with the rollout. When the taint only
 * says that the node is down, the node is expected back: its outdated pod is replaced then, within the budget, and a
 * node that went down after it got the new revision goes on counting against it.
 */
function assessMisscheduled(
  slot: Slot,
  node: NodeView,
  verdict: Verdict,
  pods: PodsByFate,
  target: Target,
  now: number,
): Assessment {
  const { live, finished, leaving } = pods;
  if (live.length + finished.length + leaving.length === 0) return idle;
  const finishedNow = removeFinished(slot, finished, now);
  const [kept, ...extra] = live;
  const outdated = kept !== undefined && !isWantedRevision(target, node, revisionOf(kept));
  const down = saysNodeIsDown(verdict);
  const broken = down && kept !== undefined && !outdated && !isAvailable(kept, target.minReadyMs, now);
  return {
    ...nothing,
    state: 'misscheduled',
    misscheduled: true,
    blocking: broken && blame(node, kept, leaving, target, now).counts,
    removals: [...finishedNow.removals, ...remove(extra, 'excess')],
    ...(outdated && !down && isRolling(target, node) ? { retirable: kept } : {}),
    // Which of several stays depends on which serves, and that time may change.
    ...review(finishedNow.reviewAt, ...live.map((pod) => becomesAvailable(pod, target, now))),
  };
}

function saysNodeIsDown({ obstacle }: Verdict): boolean {
  if (obstacle?.kind !== 'taint') return false;
  const { key } = obstacle.taint;
  return key === taintKeys.notReady || key === taintKeys.unreachable;
}

/** A node that should have exactly one pod. */
function assessNode(slot: Slot, node: NodeView, pods: PodsByFate, target: Target, now: number): Assessment {
  const { live, finished, leaving } = pods;
  const wanted = (pod: PodView) => isWantedRevision(target, node, revisionOf(pod));
  const isNewest = (pod: PodView | undefined) => pod !== undefined && isNewestRevision(target, revisionOf(pod));
  const available = (pod: PodView) => isAvailable(pod, target.minReadyMs, now);
  const surge = surges(target);
  const creating = slot.creating !== undefined;

  const finishedNow = removeFinished(slot, finished, now);
  // With surge, old and new may stand side by side: one of each. Without, there is one, whatever its revision.
  const fresh = surge ? live.find(wanted) : live[0] !== undefined && wanted(live[0]) ? live[0] : undefined;
  const old = surge ? live.find((pod) => !wanted(pod)) : fresh === undefined ? live[0] : undefined;
  const extra = live.filter((pod) => pod !== fresh && pod !== old);
  /** Of the new revision too, but finished: it still stands for the new revision on this node. */
  const finishedFresh = finished.find(wanted);
  const removals: Removal[] = [...finishedNow.removals, ...remove(extra, 'excess')];

  let create: CreateReason | undefined;
  let replaceable: PodView | undefined;
  const rolling = isRolling(target, node);

  if (fresh === undefined && old === undefined) {
    // None → create. Without surge the name and place of the old pod must be free; with surge a terminating one may
    // linger, once it is seen to terminate: until then its deletion may have been lost. A finished pod has to be removed
    // first, which is where its back-off holds the next one up.
    const free = surge ? !leaving.some(mayComeBack) : leaving.length === 0;
    const made = wantedRevision(target, node) !== undefined;
    if (made && free && finished.length === 0 && !creating) create = 'missing';
  } else if (fresh !== undefined && old !== undefined) {
    // Surge, both there: the old one goes when it does not serve, or when the new one does.
    if (!old.ready || available(fresh))
      removals.push({ pod: old, reason: available(fresh) ? 'superseded' : 'outdated-unready' });
  } else if (old !== undefined && rolling && finished.length === 0) {
    const crowded = surge && standing(slot.pods) >= standingMax;
    if (old.ready) replaceable = creating || crowded ? undefined : old;
    else if (!surge) removals.push({ pod: old, reason: 'outdated-unready' });
    else if (!creating && !crowded) create = 'surge-unready';
  } else if (old !== undefined && !old.ready && isMended(target, node, revisionOf(old)))
    removals.push({ pod: old, reason: 'outdated-unready' });

  /** Whatever the node should have: the pod of the newest revision, and what stands beside it. */
  const [arrived, beside] = isNewest(fresh) ? [fresh, old] : isNewest(old) ? [old, fresh] : [];
  const serving = live.filter(available);
  const isUnavailable = serving.length === 0;
  const fault = isUnavailable
    ? blame(node, fresh ?? arrived ?? finishedFresh, leaving, target, now)
    : { counts: false };
  return {
    state: stateOf({ fresh, old, extra, finished, leaving }, available),
    desired: true,
    current: live.length + finished.length + leaving.length > 0,
    ready: live.some((pod) => pod.ready),
    available: !isUnavailable,
    // Beside an old pod that still serves, the new one counts once it can take over.
    updated: arrived !== undefined && (beside === undefined || available(arrived)),
    misscheduled: false,
    blocking: isUnavailable && fault.counts,
    surging: surge && isSurging(slot, node, fresh ?? finishedFresh, old, available),
    removals,
    ...(create === undefined ? {} : { create }),
    ...(replaceable === undefined ? {} : { replaceable, replaceableIsSettling: !available(replaceable) }),
    ...review(finishedNow.reviewAt, fault.reviewAt, ...live.map((pod) => becomesAvailable(pod, target, now))),
  };
}

/**
 * A place in the surge is taken while the new pod beside an old one is not available: asked for, starting, or finished
 * and in its back-off (else a revision that always fails would reach every node). Dead nodes are left out.
 */
function isSurging(
  slot: Slot,
  node: NodeView,
  newcomer: PodView | undefined,
  old: PodView | undefined,
  available: (pod: PodView) => boolean,
): boolean {
  if (old === undefined) return false;
  if (newcomer === undefined) return slot.creating?.reason === 'surge';
  if (!isTerminal(newcomer) && available(newcomer)) return false;
  return node.ready || newcomer.startedAt !== undefined;
}

/** Its deletion was sent and not seen yet: it may have been lost, and one that is not ready now may be so then. */
function mayComeBack(pod: PodView): boolean {
  return pod.deletionAt === undefined && !isTerminal(pod);
}

/** Old and new: with surge a node never has more pods than these, deletions that were sent but not seen included. */
const standingMax = 2;

function standing(pods: readonly PodView[]): number {
  return pods.filter((pod) => pod.deletionAt === undefined && !isTerminal(pod)).length;
}

function stateOf(
  pods: {
    readonly fresh: PodView | undefined;
    readonly old: PodView | undefined;
    readonly extra: readonly PodView[];
    readonly finished: readonly PodView[];
    readonly leaving: readonly PodView[];
  },
  available: (pod: PodView) => boolean,
): SlotState {
  const { fresh, old, extra, finished, leaving } = pods;
  if (extra.length > 0) return 'excess';
  if (fresh !== undefined && old !== undefined) return 'surging';
  if (old !== undefined) return 'outdated';
  if (fresh !== undefined) return available(fresh) ? 'current' : fresh.ready ? 'settling' : 'starting';
  if (finished.length > 0) return 'failing';
  return leaving.length > 0 ? 'leaving' : 'absent';
}

/** Failed and succeeded pods go, all of them at once, when the node's back-off has passed. */
function removeFinished(
  slot: Slot,
  finished: readonly PodView[],
  now: number,
): { readonly removals: readonly Removal[]; readonly reviewAt?: number } {
  if (finished.length === 0) return { removals: [] };
  const allowedAt = backoffEnds(slot.backoff);
  if (now < allowedAt) return { removals: [], reviewAt: allowedAt };
  return { removals: finished.map((pod) => ({ pod, reason: pod.phase === 'Failed' ? 'failed' : 'succeeded' })) };
}

function becomesAvailable(pod: PodView, target: Target, now: number): number | undefined {
  if (target.minReadyMs === 0) return undefined;
  const at = availableAt(pod, target.minReadyMs);
  return at !== undefined && at > now ? at : undefined;
}

function remove(pods: readonly PodView[], reason: DeleteReason): Removal[] {
  return pods.map((pod) => ({ pod, reason }));
}

function review(...times: readonly (number | undefined)[]): { readonly reviewAt?: number } {
  let earliest: number | undefined;
  for (const time of times) if (time !== undefined && (earliest === undefined || time < earliest)) earliest = time;
  return earliest === undefined ? {} : { reviewAt: earliest };
}
