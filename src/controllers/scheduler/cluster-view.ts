// What the scheduler knows of the cluster: every node's offer and what the pods on it use, binds on their way included
// ("assumed"). O(1) per event. Decides nothing.
import { isFinished } from '../../core/node/index.ts';
import { type NodeInfo, type NodeOffer, NodeUsage, type PodDemand, podDemand } from '../../core/scheduling/index.ts';
import { type Condition, findCondition, type Labels, parseTime, type Pod, type Stored } from '../../api/index.ts';

/** The little that is kept of a pod. */
export interface PodView {
  /** `namespace/name` */
  readonly key: string;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly labels: Labels | undefined;
  readonly nodeName: string | undefined;
  readonly schedulerName: string;
  /** Succeeded or Failed: uses nothing any more. */
  readonly finished: boolean;
  readonly terminating: boolean;
  readonly gated: boolean;
  readonly demand: PodDemand;
  readonly scheduled: Condition | undefined;
  /** Milliseconds since the epoch: started, or else created. */
  readonly startedAt: number;
  /** Where room was made for it. */
  readonly nominatedNode: string | undefined;
}

export function podView(pod: Stored<Pod>): PodView {
  const { metadata, spec, status } = pod;
  const demand = podDemand(spec);
  return {
    key: `${metadata.namespace}/${metadata.name}`,
    namespace: metadata.namespace ?? '',
    name: metadata.name,
    uid: metadata.uid,
    labels: metadata.labels,
    nodeName: demand.nodeName,
    schedulerName: spec.schedulerName ?? defaultSchedulerName,
    finished: isFinished(pod),
    terminating: metadata.deletionTimestamp !== undefined,
    gated: (spec.schedulingGates?.length ?? 0) > 0,
    demand,
    scheduled: findCondition(status?.conditions, 'PodScheduled'),
    startedAt: parseTime(status?.startTime ?? metadata.creationTimestamp) ?? 0,
    nominatedNode: status?.nominatedNodeName === '' ? undefined : status?.nominatedNodeName,
  };
}

const none: readonly Nomination[] = [];
export const defaultSchedulerName = 'default-scheduler';

interface Charge {
  readonly nodeName: string;
  readonly pod: PodView;
}

/** Room that was made for a pod: nobody less important may take it while its victims leave. */
export interface Nomination {
  readonly pod: PodView;
  readonly nodeName: string;
}

export class ClusterView {
  readonly #nodes = new Map<string, NodeInfo>();
  /** Kept apart from the nodes: pods may be seen before their node is. */
  readonly #usages = new Map<string, NodeUsage>();
  /** Pod UID → what it is charged for, where. */
  readonly #charges = new Map<string, Charge>();
  /** Node → UID → pod that is charged to it. */
  readonly #pods = new Map<string, Map<string, PodView>>();
  readonly #nominations = new Map<string, Nomination>();
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
    if (nodeName !== undefined || pod.finished || pod.terminating) this.#nominations.delete(pod.uid);
    // Also from a scheduler before this one.
    else if (pod.nominatedNode !== undefined) this.nominate(pod, pod.nominatedNode);
    return this.#charge(pod.uid, nodeName === undefined ? undefined : { nodeName, pod });
  }

  podsOn(nodeName: string): readonly PodView[] {
    return [...(this.#pods.get(nodeName)?.values() ?? [])];
  }

  nominate(pod: PodView, nodeName: string): void {
    this.#nominations.set(pod.uid, { pod, nodeName });
  }

  nominatedNodeOf(uid: string): string | undefined {
    return this.#nominations.get(uid)?.nodeName;
  }

  /** Pods that room was made for and that this one must leave it to (framework RunFilterPluginsWithNominatedPods). */
  nominatedBefore({ uid, demand }: PodView): readonly Nomination[] {
    if (this.#nominations.size === 0) return none;
    return [...this.#nominations.values()].filter(
      ({ pod }) => pod.uid !== uid && pod.demand.priority >= demand.priority,
    );
  }

  /** What `decide` returns while the room of these nominations counts as taken. */
  withNominated<T>(nominations: readonly Nomination[], decide: () => T): T {
    for (const { pod, nodeName } of nominations) this.#usage(nodeName).add(pod.demand);
    try {
      return decide();
    } finally {
      for (const { pod, nodeName } of nominations) this.#usage(nodeName).remove(pod.demand);
    }
  }

  removePod(uid: string): string | undefined {
    this.#assumed.delete(uid);
    this.#nominations.delete(uid);
    return this.#charge(uid, undefined);
  }

  /** Counts a pod on a node from the decision on, so that the next decision sees the room gone. */
  assume(pod: PodView, nodeName: string): void {
    this.#assumed.set(pod.uid, nodeName);
    this.#nominations.delete(pod.uid);
    this.#charge(pod.uid, { nodeName, pod });
  }

  /** The bind failed. What the watch has said meanwhile stands. */
  unassume(pod: PodView): void {
    if (this.#assumed.delete(pod.uid)) this.#charge(pod.uid, undefined);
  }

  /** Whether it has room on some node. */
  isCharged(uid: string): boolean {
    return this.#charges.has(uid);
  }

  isAssumed(uid: string): boolean {
    return this.#assumed.has(uid);
  }

  #charge(uid: string, next: Charge | undefined): string | undefined {
    const before = this.#charges.get(uid);
    if (before !== undefined) {
      this.#usage(before.nodeName).remove(before.pod.demand);
      const fellows = this.#pods.get(before.nodeName);
      fellows?.delete(uid);
      if (fellows?.size === 0) this.#pods.delete(before.nodeName);
    }
    if (next === undefined) this.#charges.delete(uid);
    else {
      this.#charges.set(uid, next);
      this.#usage(next.nodeName).add(next.pod.demand);
      const fellows = this.#pods.get(next.nodeName) ?? new Map<string, PodView>();
      this.#pods.set(next.nodeName, fellows.set(uid, next.pod));
    }
    return before !== undefined && before.nodeName !== next?.nodeName ? before.nodeName : undefined;
  }

  #usage(nodeName: string): NodeUsage {
    const usage = this.#usages.get(nodeName) ?? new NodeUsage();
    this.#usages.set(nodeName, usage);
    return usage;
  }
}
