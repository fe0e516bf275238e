// A pod that fits nowhere may take the place of less important ones: whose, and on which node
// (kube-scheduler's DefaultPreemption). Removes as few and as unimportant pods as will do; never one of the same
// priority. Disruption budgets are not asked (upstream asks them and overrules them if there is no other way).
// https://kubernetes.io/docs/concepts/scheduling-eviction/pod-priority-preemption/
import type { PodDemand } from './demand.ts';
import { misfits, type Misfit } from './fit.ts';
import { type NodeInfo, NodeUsage } from './node-info.ts';

/** A pod that has room on a node, or that room was promised to. */
export interface Occupant {
  readonly uid: string;
  readonly demand: PodDemand;
  /** Milliseconds since the epoch; when it was created if it has not started. */
  readonly startedAt: number;
}

export interface Preemption<T extends Occupant> {
  readonly nodeName: string;
  /** Least important last; never none. */
  readonly victims: readonly T[];
}

/** Whether the absence of other pods could help: room and ports come back, labels and taints do not. */
export function isResolvable(misfit: Misfit): boolean {
  if (misfit.plugin === 'NodeResourcesFit') return misfit.requested <= misfit.capacity;
  return misfit.plugin === 'NodePorts';
}

/** The best of the nodes to make room on; undefined when no node has enough less important pods. */
export function planPreemption<T extends Occupant>(
  demand: PodDemand,
  nodes: Iterable<NodeInfo>,
  occupantsOf: (nodeName: string) => Iterable<T>,
): Preemption<T> | undefined {
  let best: Preemption<T> | undefined;
  for (const node of nodes) {
    const victims = victimsOn(demand, node, [...occupantsOf(node.offer.name)]);
    if (victims === undefined) continue;
    const candidate = { nodeName: node.offer.name, victims };
    if (best === undefined || costsLess(candidate, best)) best = candidate;
  }
  return best;
}

/** All less important pods go, then as many as possible come back, the most important first. */
function victimsOn<T extends Occupant>(
  demand: PodDemand,
  { offer }: NodeInfo,
  occupants: readonly T[],
): readonly T[] | undefined {
  const lower = occupants.filter((occupant) => occupant.demand.priority < demand.priority);
  if (lower.length === 0) return undefined;
  const usage = new NodeUsage();
  for (const occupant of occupants) if (occupant.demand.priority >= demand.priority) usage.add(occupant.demand);
  const node = { offer, usage };
  if (misfits(demand, node).length > 0) return undefined;
  const victims: T[] = [];
  for (const occupant of lower.toSorted(byImportance)) {
    usage.add(occupant.demand);
    if (misfits(demand, node).length === 0) continue;
    usage.remove(occupant.demand);
    victims.push(occupant);
  }
  return victims.length === 0 ? undefined : victims;
}

/** Higher priority first, then what has run longer (schedutil.MoreImportantPod). */
function byImportance(left: Occupant, right: Occupant): number {
  return right.demand.priority - left.demand.priority || left.startedAt - right.startedAt;
}

/** pickOneNodeForPreemption: least highest priority, least sum of priorities, fewest, and latest started. */
function costsLess<T extends Occupant>(left: Preemption<T>, right: Preemption<T>): boolean {
  const [a, b] = [costs(left), costs(right)];
  for (const [index, cost] of a.entries()) if (cost !== b[index]) return cost < b[index]!;
  return false;
}

/** Makes every priority count as more than nothing, so that two victims cost more than one. */
const priorityOffset = 2 ** 31;

function costs({ victims }: Preemption<Occupant>): readonly number[] {
  const highest = victims[0]!.demand.priority;
  const sum = victims.reduce((total, victim) => total + victim.demand.priority + priorityOffset, 0);
  const mostImportant = victims.filter((victim) => victim.demand.priority === highest);
  return [highest, sum, victims.length, -Math.min(...mostImportant.map(({ startedAt }) => startedAt))];
}

/** kube-scheduler's words for a preemption that would not help, after those that say why the pod does not fit. */
export function preemptionRefusal(nodeCount: number, resolvableCount: number): string {
  const parts = [
    ...(resolvableCount === 0 ? [] : [`${resolvableCount} No preemption victims found for incoming pod`]),
    ...(resolvableCount === nodeCount
      ? []
      : [`${nodeCount - resolvableCount} Preemption is not helpful for scheduling`]),
  ];
  return `preemption: 0/${nodeCount} nodes are available: ${parts.sort().join(', ')}.`;
}
