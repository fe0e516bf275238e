// A pod that fits nowhere may take the place of less important ones: whose, and on which node
// (kube-scheduler's DefaultPreemption). Removes as few and as unimportant pods as will do; never one of the same
// priority. Disruption budgets are heeded as far as that is possible: they do not save a pod when there is no other way.
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

/** A disruption budget as preemption sees it. */
export interface Guard<T extends Occupant> {
  /** How many of its pods may go now. */
  readonly allowed: number;
  /** It counts this pod, and has not yet been told that it goes. */
  readonly covers: (occupant: T) => boolean;
}

export interface Preemption<T extends Occupant> {
  readonly nodeName: string;
  /** Never none; those whose going violates a budget first, of each kind the most important first. */
  readonly victims: readonly T[];
  /** How many of them go although a budget says no. */
  readonly violations: number;
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
  guards: readonly Guard<T>[] = [],
): Preemption<T> | undefined {
  let best: Preemption<T> | undefined;
  for (const node of nodes) {
    const candidate = victimsOn(demand, node, [...occupantsOf(node.offer.name)], guards);
    if (candidate === undefined) continue;
    if (best === undefined || costsLess(candidate, best)) best = candidate;
  }
  return best;
}

/**
 * All less important pods go, then as many as possible come back: first those that a budget guards, then the rest, the
 * most important first.
 */
function victimsOn<T extends Occupant>(
  demand: PodDemand,
  { offer }: NodeInfo,
  occupants: readonly T[],
  guards: readonly Guard<T>[],
): Preemption<T> | undefined {
  const lower = occupants.filter((occupant) => occupant.demand.priority < demand.priority);
  if (lower.length === 0) return undefined;
  const usage = new NodeUsage();
  for (const occupant of occupants) if (occupant.demand.priority >= demand.priority) usage.add(occupant.demand);
  const node = { offer, usage };
  if (misfits(demand, node).length > 0) return undefined;
  const unspared = (candidates: readonly T[]) =>
    candidates.filter((occupant) => {
      usage.add(occupant.demand);
      if (misfits(demand, node).length === 0) return false;
      usage.remove(occupant.demand);
      return true;
    });
  const { violating, others } = splitByGuards(lower.toSorted(byImportance), guards);
  const against = unspared(violating);
  const victims = [...against, ...unspared(others)];
  return victims.length === 0 ? undefined : { nodeName: offer.name, victims, violations: against.length };
}

/** Which of these a budget could not let go if all went, the most important first (filterPodsWithPDBViolation). */
function splitByGuards<T extends Occupant>(candidates: readonly T[], guards: readonly Guard<T>[]) {
  const left = guards.map(({ allowed }) => allowed);
  const isViolating = (occupant: T) => {
    let violates = false;
    for (const [index, guard] of guards.entries())
      if (guard.covers(occupant)) {
        left[index]! -= 1;
        if (left[index]! < 0) violates = true;
      }
    return violates;
  };
  const violating = new Set(candidates.filter(isViolating));
  return { violating: [...violating], others: candidates.filter((occupant) => !violating.has(occupant)) };
}

/** Higher priority first, then what has run longer (schedutil.MoreImportantPod). */
function byImportance(left: Occupant, right: Occupant): number {
  return right.demand.priority - left.demand.priority || left.startedAt - right.startedAt;
}

/** pickOneNodeForPreemption: fewest budgets violated, least highest priority, least sum of priorities, fewest, and latest started. */
function costsLess<T extends Occupant>(left: Preemption<T>, right: Preemption<T>): boolean {
  const [a, b] = [costs(left), costs(right)];
  for (const [index, cost] of a.entries()) if (cost !== b[index]) return cost < b[index]!;
  return false;
}

/** Makes every priority count as more than nothing, so that two victims cost more than one. */
const priorityOffset = 2 ** 31;

function costs({ victims, violations }: Preemption<Occupant>): readonly number[] {
  const highest = Math.max(...victims.map(({ demand }) => demand.priority));
  const sum = victims.reduce((total, victim) => total + victim.demand.priority + priorityOffset, 0);
  const mostImportant = victims.filter((victim) => victim.demand.priority === highest);
  return [violations, highest, sum, victims.length, -Math.min(...mostImportant.map(({ startedAt }) => startedAt))];
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
