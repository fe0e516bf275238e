// Whose fault is an unavailable pod? A node that was already dead must not hold a rollout; a node that died of the new
// revision must. Asked only for nodes that have no available pod.
import type { Target } from './target.ts';
import type { NodeView, PodView } from './views.ts';

/** How long past its deadline a terminating pod on a NotReady node counts as stuck rather than slow. */
const overdueMs = 30_000;
/** A replacement appears at most its predecessor's grace period, and this, after the node was touched. */
const replacementSlackMs = 10_000;

export interface Blame {
  /** The unavailability counts against maxUnavailable. */
  readonly counts: boolean;
  /** When the answer may change by time alone. */
  readonly reviewAt?: number;
}

const excused: Blame = { counts: false };
const counted: Blame = { counts: true };

/**
 * @param updated the pod of the wanted revision, running or finished, if the node has one
 * @param leaving terminating pods on the node
 */
export function blame(
  node: NodeView,
  updated: PodView | undefined,
  leaving: readonly PodView[],
  target: Target,
  now: number,
): Blame {
  if (node.ready) return counted;
  const downSince = node.readyChangedAt ?? Number.NEGATIVE_INFINITY;
  if (updated !== undefined) {
    // Never started there: the dead node does not even know the new revision.
    if (updated.startedAt === undefined) return excused;
    // The node broke after (or while) the new revision arrived: this is what a bad rollout looks like.
    return downSince >= updated.createdAt - target.graceMs - replacementSlackMs ? counted : excused;
  }
  let reviewAt: number | undefined;
  for (const pod of leaving) {
    if (pod.deletionAt === undefined || downSince < pod.deletionAt - pod.deletionGraceMs) continue;
    const overdueAt = pod.deletionAt + overdueMs;
    if (now < overdueAt) reviewAt = Math.max(reviewAt ?? 0, overdueAt);
  }
  return reviewAt === undefined ? excused : { counts: true, reviewAt };
}
