// Which node a pod goes to: the fitting one with most room, or why there is none, in kube-scheduler's words. A pod that
// is pinned by matchFields metadata.name (every daemon pod) costs one look at its node, whatever the cluster's size.
import type { PodDemand } from './demand.ts';
import { describeMisfit, misfits, type Misfit } from './fit.ts';
import type { NodeInfo } from './node-info.ts';
import { isResolvable } from './preempt.ts';

export type Placement =
  | { readonly placed: true; readonly nodeName: string }
  /** `message` goes into the PodScheduled condition and the FailedScheduling event. */
  | {
      readonly placed: false;
      readonly message: string;
      /** Nodes that it would fit on if other pods were not there. */
      readonly resolvable: readonly NodeInfo[];
    };

export function placePod(demand: PodDemand, nodes: ReadonlyMap<string, NodeInfo>): Placement {
  if (nodes.size === 0) return { placed: false, message: 'no nodes available to schedule pods', resolvable: [] };
  const tally = new Map<string, number>();
  const count = (reason: string, more = 1) => tally.set(reason, (tally.get(reason) ?? 0) + more);
  let best: NodeInfo | undefined;
  let bestScore = -1;
  const candidates = candidateNodes(demand, nodes);
  const resolvable: NodeInfo[] = [];
  let looked = 0;
  for (const node of candidates) {
    looked++;
    const found: readonly Misfit[] = misfits(demand, node);
    for (const misfit of found) count(describeMisfit(misfit));
    if (found.length > 0) {
      if (found.every(isResolvable)) resolvable.push(node);
      continue;
    }
    const score = leastAllocatedScore(demand, node);
    if (score <= bestScore) continue;
    best = node;
    bestScore = score;
  }
  if (best !== undefined) return { placed: true, nodeName: best.offer.name };
  // Nodes that a PreFilter ruled out are not looked at one by one; kube-scheduler counts them under the plugin's name.
  if (looked < nodes.size) count("node(s) didn't satisfy plugin(s) [NodeAffinity]", nodes.size - looked);
  const reasons = [...tally].map(([reason, times]) => `${times} ${reason}`).sort();
  return { placed: false, message: `0/${nodes.size} nodes are available: ${reasons.join(', ')}.`, resolvable };
}

function candidateNodes(demand: PodDemand, nodes: ReadonlyMap<string, NodeInfo>): Iterable<NodeInfo> {
  if (demand.pinnedTo === undefined) return nodes.values();
  return demand.pinnedTo.map((name) => nodes.get(name)).filter((node) => node !== undefined);
}

/** NodeResourcesFit with LeastAllocated: the mean share of CPU and memory still free with this pod on it, 0 to 1. */
function leastAllocatedScore(demand: PodDemand, { offer, usage }: NodeInfo): number {
  let free = 0;
  for (const [resource, wanted] of demand.weight) {
    const capacity = offer.allocatable.get(resource) ?? 0;
    if (capacity > 0) free += Math.max(0, capacity - usage.weight(resource) - wanted) / capacity;
  }
  return free / demand.weight.size;
}
