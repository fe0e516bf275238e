// What the scheduler knows of the cluster: every node's offer and what the pods on it use, binds on their way included
// ("assumed"). O(1) per event. Decides nothing.
import { isFinished } from '../../core/node/index.ts';
import { type NodeInfo, type NodeOffer, NodeUsage, type PodDemand, podDemand } from '../../core/scheduling/index.ts';
import { type Condition, findCondition, type Pod, type Stored } from '../../api/index.ts';

/** The little that is kept of a pod. */
export interface PodView {
  /** `namespace/name` */
  readonly key: string;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly nodeName: string | undefined;
  readonly schedulerName: string;
  /** Succeeded or Failed: uses nothing any more. */
  readonly finished: boolean;
  readonly terminating: boolean;
  readonly gated: boolean;
  readonly demand: PodDemand;
  readonly scheduled: Condition | undefined;
}

export function podView(pod: Stored<Pod>): PodView {
  const { metadata, spec, status } = pod;
  const demand = podDemand(spec);
  return {
    key: `${metadata.namespace}/${metadata.name}`,
    namespace: metadata.namespace ?? '',
    name: metadata.name,
    uid: metadata.uid,
    nodeName: demand.nodeName,
    schedulerName: spec.schedulerName ?? defaultSchedulerName,
    finished: isFinished(pod),
    terminating: metadata.deletionTimestamp !== undefined,
    gated: (spec.schedulingGates?.length ?? 0) > 0,
    demand,
    scheduled: findCondition(status?.conditions, 'PodScheduled'),
  };
}

export const defaultSchedulerName = 'default-scheduler';

interface Charge {
  readonly nodeName: string;
  readonly demand: PodDemand;
}

export class ClusterView {
  readonly #nodes = new Map<string, NodeInfo>();
  /** Kept apart from the nodes: pods may be seen before their node is. */
  readonly #usages = new Map<string, NodeUsage>();
  /** Pod UID → what it is charged for, where. */
  readonly #charges = new Map<string, Charge>();
  /** Pod UID → node of a bind that the watch has not confirmed yet. */
  readonly #assumed = new Map<string, string>();

  get nodes(): ReadonlyMap<string, NodeInfo> {
    return this.#nodes;
  }

  setNode(offer: NodeOffer): void {
    this.#nodes.set(offer.name, { offer, usage: this.#usage(offer.name) });
  }

  removeNode(name: string): void {
    this.#nodes.delete(name);
    if (this.#usages.get(name)?.pods === 0) this.#usages.delete(name);
  }

  /** Takes in what the watch says of a pod; returns the node that got room back, if any. */
  setPod(pod: PodView): string | undefined {
    if (pod.nodeName !== undefined) this.#assumed.delete(pod.uid);
    const nodeName = pod.finished ? undefined : (pod.nodeName ?? this.#assumed.get(pod.uid));
    return this.#charge(pod.uid, nodeName === undefined ? undefined : { nodeName, demand: pod.demand });
  }

  removePod(uid: string): string | undefined {
    this.#assumed.delete(uid);
    return this.#charge(uid, undefined);
  }

  /** Counts a pod on a node from the decision on, so that the next decision sees the room gone. */
  assume(pod: PodView, nodeName: string): void {
    this.#assumed.set(pod.uid, nodeName);
    this.#charge(pod.uid, { nodeName, demand: pod.demand });
  }

  /** The bind failed. What the watch has said meanwhile stands. */
  unassume(pod: PodView): void {
    if (this.#assumed.delete(pod.uid)) this.#charge(pod.uid, undefined);
  }

  isAssumed(uid: string): boolean {
    return this.#assumed.has(uid);
  }

  #charge(uid: string, next: Charge | undefined): string | undefined {
    const before = this.#charges.get(uid);
    if (before !== undefined) this.#usage(before.nodeName).remove(before.demand);
    if (next === undefined) this.#charges.delete(uid);
    else {
      this.#charges.set(uid, next);
      this.#usage(next.nodeName).add(next.demand);
    }
    return before !== undefined && before.nodeName !== next?.nodeName ? before.nodeName : undefined;
  }

  #usage(nodeName: string): NodeUsage {
    const usage = this.#usages.get(nodeName) ?? new NodeUsage();
    this.#usages.set(nodeName, usage);
    return usage;
  }
}
