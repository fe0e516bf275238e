// Safety of rollouts: never more unavailable through the controller's doing than the budget. Exactly: a node is "down
// by us" of a DaemonSet from the moment its controller deletes the node's last available pod (and the node should have
// one), until it has an available pod again, stops being a node that should have one, or turns NotReady (then it is the
// node's doing). A delete that makes more nodes down by us than maxUnavailable is a violation. A surge likewise: never
// more new pods starting beside serving ones than maxSurge. Judged by the API server's truth at the time of the write.
// A node that turned NotReady after it got the newest revision counts as well. Where the DaemonSet or the node changed and the controller may not have seen it, the most generous state counts.
import { type DaemonSet, findCondition, isTrue, parseTime, type Pod, resources, type Stored } from '../api/index.ts';
import { revisionLabel } from '../core/daemonset/index.ts';
import type { Clock } from '../machinery/index.ts';
import type { Archive, Change } from './archive.ts';
import type { PolicyTruth } from './policy-truth.ts';
import type { Request } from './requests.ts';
import { eligibility } from './eligibility.ts';
import {
  believable,
  budgetOf,
  isAvailableAt,
  isLabelledAway,
  isLive,
  isReady,
  livePods,
  nodeOf,
  ownerOf,
  readyThroughout,
} from './truth.ts';

export class BudgetWatch {
  readonly #server: Archive;
  readonly #policies: PolicyTruth;
  readonly #clock: Clock;
  readonly #clocksRun: boolean;
  readonly #violate: (what: string) => void;
  /** By owner, then node: since when the pod was ready that we took away. */
  readonly #downByUs = new Map<string, Map<string, number>>();
  readonly #surging = new Map<string, Map<string, string>>();
  readonly #everAvailable = new Set<string>();
  readonly #takenByUs = new Set<string>();

  constructor(options: {
    readonly server: Archive;
    readonly policies: PolicyTruth;
    readonly clock: Clock;
    readonly clocksRun: boolean;
    readonly violate: (what: string) => void;
  }) {
    this.#server = options.server;
    this.#policies = options.policies;
    this.#clock = options.clock;
    this.#clocksRun = options.clocksRun;
    this.#violate = options.violate;
  }

  /** Keeps the books: what became available or broke by itself is no longer our doing. */
  committed({ object, previous, resource, type, actor }: Change): void {
    if (resource === 'nodes') {
      const up = type !== 'DELETED' && isTrue((object as { status?: Pod['status'] }).status?.conditions, 'Ready');
      if (up) return;
      for (const down of this.#downByUs.values()) down.delete(object.metadata.name);
      for (const surging of this.#surging.values()) surging.delete(object.metadata.name);
      return;
    }
    if (resource !== 'pods') return;
    for (const state of [previous, object] as (Stored<Pod> | undefined)[]) {
      if (state === undefined || !isLive(state) || (state === object && type === 'DELETED')) continue;
      // The state before a delete by the controller is what the delete ended, not what came after an earlier one.
      if (state === previous && actor.startsWith('controller') && !isLive(object as Stored<Pod>)) continue;
      const owner = ownerOf(state);
      const node = nodeOf(state);
      if (owner === undefined || node === undefined || !this.#isAvailable(state, owner)) continue;
      this.#everAvailable.add(state.metadata.uid);
      this.#downByUs.get(owner)?.delete(node);
    }
  }

  /** A controller is about to delete this pod, which is live. */
  deleting(pod: Stored<Pod>, request: Request): void {
    const owner = ownerOf(pod);
    const name = nodeOf(pod);
    this.#takenByUs.add(pod.metadata.uid);
    if (owner === undefined || name === undefined || isLabelledAway(pod)) return;
    const states = believable(this.#server, owner, request.seen['daemonsets'] ?? 0);
    if (states.length === 0 || !this.#canTellTime(states) || !this.#mustServe(owner, name, request)) return;
    // What turned available while the request was on its way nobody could know of.
    const now = request.sentAt;
    const wasAvailable = states.every(({ spec }) => isAvailableAt(pod, spec.minReadySeconds ?? 0, now));
    if (!wasAvailable) return;
    const others = livePods(this.#server, owner, name).filter(({ metadata }) => metadata.uid !== pod.metadata.uid);
    const believed = this.#believed(owner, name, request);
    const serves = ({ metadata }: Stored<Pod>) => this.#everAvailable.has(metadata.uid);
    const mayTakeOver = (other: Stored<Pod>) => serves(other) || this.#mayServe(other, states);
    if (believed.some(mayTakeOver) || others.some(mayTakeOver)) return;
    // Two of one revision (after an adoption): the older stays, as upstream has it, whichever serves.
    if (others.length > 0 && !this.#takesOver(pod, states, request)) return;
    const down = this.#downOf(owner, states, request);
    down.set(name, this.#readyAsSeen(pod, request));
    const nodes = new Set([...down.keys(), ...this.#brokenBy(owner, states, request)]);
    const allowed = Math.max(...states.map((state) => this.#budget(state, request).maxUnavailable));
    if (nodes.size > allowed)
      this.#violate(
        `${request.actor} deletes ${pod.metadata.name} on ${name}: ${nodes.size} nodes are down through the rollout (${[...nodes].join(', ')}), ${allowed} may be`,
      );
  }

  /** A controller made this pod. */
  created(pod: Stored<Pod>, request: Request): void {
    const owner = ownerOf(pod);
    const name = nodeOf(pod);
    if (owner === undefined || name === undefined) return;
    const states = believable(this.#server, owner, request.seen['daemonsets'] ?? 0);
    if (!this.#canTellTime(states)) return;
    const others = livePods(this.#server, owner, name).filter(({ metadata }) => metadata.uid !== pod.metadata.uid);
    if (!others.some((other) => readyThroughout(this.#server, other, request)) || !this.#isUp(name)) return;
    const surging = this.#surging.get(owner) ?? new Map<string, string>();
    this.#surging.set(owner, surging);
    surging.set(name, pod.metadata.uid);
    const revision = revisionOf(pod);
    for (const [node, uid] of surging) {
      const live = livePods(this.#server, owner, node);
      // One of an earlier revision is on its way out: another node may start while it goes.
      const fresh = live.find((other) => other.metadata.uid === uid && revisionOf(other) === revision);
      const over = fresh === undefined || live.length < 2 || this.#mayServe(fresh, states);
      // So is one on a node that is held by now.
      const unwanted = this.#policies.none
        ? false
        : this.#policies.statesOn(owner, node, request).some((state) => !this.#policies.isNewest(revision, state));
      if (
        over ||
        unwanted ||
        !this.#isUp(node) ||
        !this.#mustServe(owner, node, request) ||
        this.#everAvailable.has(uid) ||
        !live.some((other) => other !== fresh && isReady(other))
      )
        surging.delete(node);
    }
    const allowed = Math.max(0, ...states.map((state) => this.#budget(state, request).maxSurge));
    if (surging.size > allowed && surging.has(name))
      this.#violate(
        `${request.actor} creates ${pod.metadata.name} on ${name}: ${surging.size} nodes surge (${[...surging.keys()].join(', ')}), ${allowed} may`,
      );
  }

  /** With a clock that was set nobody can tell how long a pod has been ready. */
  #canTellTime(states: readonly DaemonSet[]): boolean {
    return this.#clocksRun || states.every(({ spec }) => (spec.minReadySeconds ?? 0) === 0);
  }

  #isUp(name: string): boolean {
    return isTrue(this.#server.find(resources.nodes, undefined, name)?.status?.conditions, 'Ready');
  }

  /** Percentages of as many nodes as the controller may believe there are. */
  #budget(state: DaemonSet, request: Request) {
    const seen = this.#server.allAt(resources.nodes, request.seen['nodes'] ?? 0).length;
    return budgetOf(state, Math.max(seen, this.#server.all(resources.nodes).length));
  }

  /** Down by us, without the nodes that serve again or need not. */
  #downOf(owner: string, states: readonly Stored<DaemonSet>[], request: Request): Map<string, number> {
    const down = this.#downByUs.get(owner) ?? new Map<string, number>();
    this.#downByUs.set(owner, down);
    for (const [name, since] of down) {
      if (this.#mayBelieveDead(name, since, request)) down.delete(name);
      const node = this.#server.find(resources.nodes, undefined, name);
      const pods = [...livePods(this.#server, owner, name), ...this.#believed(owner, name, request)];
      const serves = pods.some((pod) => this.#mayServe(pod, states));
      const statesThere = this.#policies.statesOn(owner, name, request);
      if (node === undefined || serves || statesThere.some((state) => !eligibility(state, node).run)) down.delete(name);
    }
    return down;
  }

  /**
   * Nodes that turned NotReady after the newest revision had started there, and that the sender must have seen so: this
   * is what a bad rollout looks like, and they count.
   */
  #brokenBy(owner: string, states: readonly Stored<DaemonSet>[], request: Request): readonly string[] {
    if (!this.#clocksRun || !this.#policies.none) return [];
    const { seen } = request;
    const isMeant = (pod: Stored<Pod> | undefined): pod is Stored<Pod> =>
      pod !== undefined &&
      ownerOf(pod) === owner &&
      isLive(pod) &&
      !isReady(pod) &&
      pod.status?.startTime !== undefined;
    const broken = this.#server.all(resources.nodes).filter(({ metadata: { name } }) => {
      const nodes = this.#server.statesSince(resources.nodes, undefined, name, seen['nodes'] ?? 0);
      const [pod, ...others] = [
        ...this.#server.allAt(resources.pods, seen['pods'] ?? 0),
        ...this.#server.changesAfter(resources.pods, seen['pods'] ?? 0).map(({ object }) => object as Stored<Pod>),
      ].filter((one) => nodeOf(one) === name && ownerOf(one) === owner);
      if (!isMeant(pod) || !others.every((other) => isMeant(other) && other.metadata.uid === pod.metadata.uid))
        return false;
      const isNewest = states.every((state) => this.#policies.isNewest(revisionOf(pod), state));
      return (
        isNewest &&
        nodes.every((node) => {
          const ready = findCondition(node?.status?.conditions, 'Ready');
          const downSince = parseTime(ready?.lastTransitionTime) ?? 0;
          return (
            node !== undefined &&
            ready?.status !== 'True' &&
            downSince >= (parseTime(pod.metadata.creationTimestamp) ?? Number.POSITIVE_INFINITY) &&
            states.every((state) => eligibility(state, node).run)
          );
        })
      );
    });
    return broken.map(({ metadata }) => metadata.name);
  }

  /**
   * Pods of the node that the controller may think are there: others may have taken them away, or they may have failed,
   * unseen. What the controller took away itself it knows.
   */
  #believed(owner: string, node: string, request: Request): Stored<Pod>[] {
    return this.#server
      .allAt(resources.pods, request.seen['pods'] ?? 0)
      .filter((pod) => nodeOf(pod) === node && ownerOf(pod) === owner && isLive(pod))
      .filter(({ metadata }) => !this.#takenByUs.has(metadata.uid));
  }

  /** Since when the pod was ready, in the oldest of its states that the controller may go by. */
  #readyAsSeen({ metadata }: Stored<Pod>, request: Request): number {
    const states = this.#server.statesSince(
      resources.pods,
      metadata.namespace,
      metadata.name,
      request.seen['pods'] ?? 0,
    );
    return Math.min(
      ...states.filter((state) => state?.metadata.uid === metadata.uid && isReady(state)).map(readySince),
    );
  }

  /** The node turned NotReady after its pod turned ready, as the controller saw it: it may not know that it is back. */
  #mayBelieveDead(name: string, since: number, request: Request): boolean {
    return this.#server.statesSince(resources.nodes, undefined, name, request.seen['nodes'] ?? 0).some((node) => {
      const ready = findCondition(node?.status?.conditions, 'Ready');
      return ready?.status !== 'True' && (parseTime(ready?.lastTransitionTime) ?? 0) >= since;
    });
  }

  /** In no believable state may the pod be taken from the node whatever the budget. */
  #mustServe(owner: string, name: string, request: Request): boolean {
    const states = this.#policies.statesOn(owner, name, request);
    const nodes = this.#server.statesSince(resources.nodes, undefined, name, request.seen['nodes'] ?? 0);
    return nodes.every((node) => node !== undefined && states.every((state) => eligibility(state, node).run));
  }

  #takesOver(pod: Stored<Pod>, states: readonly Stored<DaemonSet>[], request: Request): boolean {
    return (
      states.every((state) => this.#budget(state, request).maxSurge > 0) && readyThroughout(this.#server, pod, request)
    );
  }

  /** By one of the minReadySeconds that the controller may go by. */
  #mayServe(pod: Stored<Pod>, states: readonly Stored<DaemonSet>[]): boolean {
    return states.some(({ spec }) => isAvailableAt(pod, spec.minReadySeconds ?? 0, this.#clock.now()));
  }

  #isAvailable(pod: Stored<Pod>, owner: string): boolean {
    const daemonSet = this.#server.all(resources.daemonSets).find(({ metadata }) => metadata.uid === owner);
    return isAvailableAt(pod, daemonSet?.spec.minReadySeconds ?? 0, this.#clock.now());
  }
}

function readySince(pod: Pod | undefined): number {
  return parseTime(findCondition(pod?.status?.conditions, 'Ready')?.lastTransitionTime) ?? 0;
}

function revisionOf({ metadata }: Pod): string | undefined {
  return metadata.labels?.[revisionLabel];
}
