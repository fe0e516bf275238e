// Which node a pod goes to: the fitting one with most room, or why there is none, in kube-scheduler's words. A pod that
// is pinned by matchFields metadata.name (every daemon pod) costs one look at its node, whatever the cluster's size.
import type { PodDemand } from './demand.ts';
import { describeMisfit, misfits, type Misfit } from './fit.ts';
import type { NodeInfo } from './node-info.ts';

export type Placement =
  | { readonly placed: true; readonly nodeName: string }
  /** `message` goes into the PodScheduled condition and the FailedScheduling event. */
  | { readonly placed: false; readonly message: string };

export function placePod(demand: PodDemand, nodes: ReadonlyMap<string, NodeInfo>): Placement {
  if (nodes.size === 0) return { placed: false, message: 'no nodes available to schedule pods' };
  const tally = new Map<string, number>();
  const count = (reason: string, more = 1) => tally.set(reason, (tally.get(reason) ?? 0) + more);
  let best: NodeInfo | undefined;
  let bestScore = -1;
  const candidates = candidateNodes(demand, nodes);
  let looked = 0;
  for (const node of candidates) {
    looked++;
    const found: readonly Misfit[] = misfits(demand, node);
    for (const misfit of found) count(describeMisfit(misfit));
    if (found.length > 0) continue;
    const score = leastAllocatedScore(demand, node);
    if (score <= bestScore) continue;
    best = node;
    bestScore = score;
  }
  if (best !== undefined) return { placed: true, nodeName: best.offer.name };
  // Nodes that a PreFilter ruled out are not looked at one by one; kube-scheduler counts them under the plugin's name.
  if (looked < nodes.size) count("node(s) didn't satisfy plugin(s) [NodeAffinity]", nodes.size - looked);
  const reasons = [...tally].map(([reason, times]) => `${times} ${reason}`).sort();
  return { placed: false, message: `0/${nodes.size} nodes are available: ${reasons.join(', ')}.` };
}

function candidateNodes(demand: PodDemand, nodes: ReadonlyMap<string, NodeInfo>): Iterable<NodeInfo> {
  if (demand.pinnedTo === undefined) return nodes.values();
  return demand.pinnedTo.map((name) => nodes.get(name)).filter((node) => node !== undefined);
}

/** For scoring only, a container that requests nothing still weighs something (schedutil's non-zero requests). */
const scoringDefaults: readonly (readonly [resource: string, minimum: number])[] = [
  ['cpu', 100],
  ['memory', 200 * 1024 * 1024],
];

/** NodeResourcesFit with LeastAllocated: the mean share of CPU and memory still free with this pod on it, 0 to 1. */
function leastAllocatedScore(demand: PodDemand, { offer, usage }: NodeInfo): number {
  let free = 0;
  for (const [resource, minimum] of scoringDefaults) {
    const capacity = offer.allocatable.get(resource) ?? 0;
    if (capacity === 0) continue;
    // Pods without requests are weighed by their number, so that they spread too.
    const used = Math.max(usage.requested(resource), usage.pods * minimum);
    const wanted = Math.max(demand.requests.get(resource) ?? 0, minimum);
    free += Math.max(0, capacity - used - wanted) / capacity;
  }
  return free / scoringDefaults.length;
}
