// What one generation of a DaemonSet asks for, compiled once: everything the per-node decision needs besides the node
// and its pods. "Which revision should this node have" is asked here, per node, so that policies can answer it.
import {
  type DaemonSet,
  type DaemonSetSpec,
  type IntOrPercent,
  nearestNumber,
  scaleRoundingUp,
} from '../../api/index.ts';
import { compilePlacement, type Placement } from './placement.ts';
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
}

export type Strategy =
  | { readonly type: 'OnDelete' }
  | { readonly type: 'RollingUpdate'; readonly maxUnavailable: IntOrPercent; readonly maxSurge: IntOrPercent };

const graceSecondsDefault = 30;

export function compileTarget(daemonSet: DaemonSet, revision: string, sameRevisions: Iterable<string> = []): Target {
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

/** The revision a pod on this node should be made from. */
export function wantedRevision(target: Target, _node: NodeView): string {
  return target.revision;
}

/** Whether a pod of this revision is what the node should have: the same hash, or one that means the same template. */
export function isWantedRevision(target: Target, node: NodeView, revision: string | undefined): boolean {
  if (revision === undefined) return false;
  return revision === wantedRevision(target, node) || target.sameRevisions.has(revision);
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
    a.sameRevisions.symmetricDifference(b.sameRevisions).size === 0
  );
}
