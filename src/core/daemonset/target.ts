// What one generation of a DaemonSet asks for, compiled once: everything the per-node decision needs besides the node
// and its pods. "Which revision should this node have" is asked here, per node, so that policies can answer it.
import {
  type DaemonSet,
  type DaemonSetSpec,
  type IntOrPercent,
  nearestNumber,
  scaleRoundingUp,
} from '../../api/index.ts';
import { compilePlacement, type Placement, type Verdict } from './placement.ts';
import type { Gate, Stance } from './policy/gate.ts';
import type { NodeView } from './views.ts';

export interface Target {
  readonly uid: string;
  readonly name: string;
  readonly namespace: string;
  readonly generation: number;
  readonly placement: Placement;
  /** Hash of the newest revision. */
  readonly revision: string;
  /** Hashes of revisions that mean the same template as the newest one (among them its own). */
  readonly sameRevisions: ReadonlySet<string>;
  readonly strategy: Strategy;
  readonly minReadyMs: number;
  /** The template's grace period: how long a pod of it may take to stop. */
  readonly graceMs: number;
  /** What a RolloutPolicy says of each node; absent without one. */
  readonly gate: Gate | undefined;
}

export type Strategy =
  | { readonly type: 'OnDelete' }
  | { readonly type: 'RollingUpdate'; readonly maxUnavailable: IntOrPercent; readonly maxSurge: IntOrPercent };

const graceSecondsDefault = 30;

export function compileTarget(
  daemonSet: DaemonSet,
  revision: string,
  sameRevisions: Iterable<string> = [],
  gate?: Gate,
): Target {
  const { metadata, spec } = daemonSet;
  return {
    uid: metadata.uid ?? '',
    name: metadata.name ?? '',
    namespace: metadata.namespace ?? '',
    generation: metadata.generation ?? 0,
    placement: compilePlacement(spec.template.spec),
    revision,
    sameRevisions: new Set([revision, ...sameRevisions]),
    strategy: strategyOf(spec),
    minReadyMs: (spec.minReadySeconds ?? 0) * 1000,
    graceMs: nearestNumber(spec.template.spec.terminationGracePeriodSeconds ?? graceSecondsDefault) * 1000,
    gate,
  };
}

/** Without a strategy, or with a rolling one that leaves its block out, upstream's defaults hold: one at a time. */
function strategyOf(spec: DaemonSetSpec): Strategy {
  const { type = 'RollingUpdate', rollingUpdate } = spec.updateStrategy ?? {};
  if (type !== 'RollingUpdate') return { type: 'OnDelete' };
  return {
    type: 'RollingUpdate',
    maxUnavailable: rollingUpdate?.maxUnavailable ?? 1,
    maxSurge: rollingUpdate?.maxSurge ?? 0,
  };
}

/** Without a policy every node gets the newest revision. */
function stanceOn({ gate }: Target, node: NodeView): Stance {
  return gate?.stanceOn(node) ?? 'go';
}

/** The revision a pod on this node should be made from; undefined when there is none that it may have. */
export function wantedRevision(target: Target, node: NodeView): string | undefined {
  return stanceOn(target, node) === 'go' ? target.revision : target.gate?.proven?.hash;
}

/** Whether a pod of this revision is what the node should have: the same hash, or one that means the same template. */
export function isWantedRevision(target: Target, node: NodeView, revision: string | undefined): boolean {
  const wanted = wantedRevision(target, node);
  if (revision === undefined || wanted === undefined) return false;
  return revision === wanted || (wanted === target.revision && target.sameRevisions.has(revision));
}

/** Whether the pod is of the newest revision, wanted or not. */
export function isNewestRevision(target: Target, revision: string | undefined): boolean {
  return revision !== undefined && target.sameRevisions.has(revision);
}

/** Whether pods of other revisions are replaced on this node, as the budget allows. */
export function isRolling(target: Target, node: NodeView): boolean {
  const stance = stanceOn(target, node);
  return target.strategy.type === 'RollingUpdate' && (stance === 'go' || stance === 'back');
}

/** Whether a pod of this revision goes from this node when it does not serve, though pods that serve stay. */
export function isMended(target: Target, node: NodeView, revision: string | undefined): boolean {
  const stays = isNewestRevision(target, revision) || isWantedRevision(target, node, revision);
  const held = target.strategy.type === 'RollingUpdate' && stanceOn(target, node) === 'hold';
  return held && !stays && wantedRevision(target, node) !== undefined;
}

/**
 * Where the node's revision runs. What is there already stays on a held node when either revision may stay; where the
 * proven one does not exist any more, only a taint drives it out.
 */
export function placementOn(target: Target, node: NodeView): Verdict {
  const newest = target.placement(node);
  const stance = stanceOn(target, node);
  if (stance === 'go') return newest;
  const revision = target.gate?.proven;
  if (revision === undefined) return newest.obstacle?.kind === 'taint' ? newest : { ...newest, stay: true };
  if (revision.placement === undefined) return newest;
  const proven = revision.placement(node);
  return stance !== 'back' && newest.stay && !proven.stay ? { ...proven, stay: true } : proven;
}

/** Whether a new pod may start beside the old one: a surge that is not zero, of whatever size. (upstream: AllowsSurge) */
export function surges({ strategy }: Target): boolean {
  return strategy.type === 'RollingUpdate' && (scaleRoundingUp(strategy.maxSurge, 1) ?? 0) > 0;
}

/** Whether two targets of one DaemonSet ask for the same, so that no slot needs to be looked at again. */
export function sameTarget(a: Target | undefined, b: Target): boolean {
  return (
    a?.generation === b.generation &&
    a.revision === b.revision &&
    a.gate?.key === b.gate?.key &&
    a.sameRevisions.symmetricDifference(b.sameRevisions).size === 0
  );
}
