// Safety of the status: it is about a generation that exists, its numbers fit together, each of them could be counted in
// what its writer may have seen (counts lag behind by what a watch is late, and by no more), and "rolled out" is never
// said before every node it counts had a ready pod of the template at some time. That the numbers are exact once the
// world is at rest is checked there (liveness.ts).
import { type DaemonSet, type Node, type Pod, resources, type Stored } from '../api/index.ts';
import type { Clock } from '../machinery/index.ts';
import type { Archive, Change } from './archive.ts';
import type { PolicyTruth } from './policy-truth.ts';
import type { Request } from './requests.ts';
import { eligibility } from './eligibility.ts';
import { believable, isAvailableAt, isLive, isReady, nodeOf, nodesSince, ownerOf, templateKey } from './truth.ts';

/** A status write may wait that long for its turn, or for the object after a Conflict. */
const writingMsMax = 10_000;

export class StatusClaims {
  readonly #server: Archive;
  readonly #policies: PolicyTruth;
  readonly #violate: (what: string) => void;
  readonly #clocksRun: boolean;
  readonly #everReady = new Map<string, Set<string>>();

  constructor(options: {
    readonly server: Archive;
    readonly policies: PolicyTruth;
    readonly clock: Clock;
    readonly violate: (what: string) => void;
    /** No controller's clock is set: it knows how long a pod has been ready. */
    readonly clocksRun: boolean;
  }) {
    this.#clocksRun = options.clocksRun;
    this.#server = options.server;
    this.#policies = options.policies;
    this.#violate = options.violate;
  }

  committed({ resource, object, type }: Change): void {
    if (resource !== 'pods' || type === 'DELETED') return;
    const pod = object as Stored<Pod>;
    const node = nodeOf(pod);
    if (!isReady(pod) || node === undefined) return;
    const key = templateKey(pod.spec);
    const nodes = this.#everReady.get(key) ?? new Set();
    this.#everReady.set(key, nodes);
    nodes.add(node);
  }

  /** A controller wrote this status. */
  claimed(object: Stored<DaemonSet>, before: Stored<DaemonSet>, request: Request): void {
    const { metadata, spec, status } = object;
    if (status === undefined) return;
    const {
      desiredNumberScheduled: desired,
      numberReady: ready,
      numberAvailable: available = 0,
      updatedNumberScheduled: updated = 0,
      numberUnavailable: unavailable = 0,
      currentNumberScheduled: current,
      observedGeneration = 0,
    } = status;
    const where = `${metadata.name} generation ${metadata.generation}`;
    if (observedGeneration > (metadata.generation ?? 0))
      this.#violate(`${where}: observedGeneration ${observedGeneration} is ahead`);
    const fits =
      [desired, ready, available, updated, unavailable, current].every((count) => count >= 0) &&
      available <= ready &&
      ready <= desired &&
      updated <= desired &&
      current <= desired &&
      available + unavailable === desired;
    if (!fits) this.#violate(`${where}: the numbers do not fit together: ${JSON.stringify(status)}`);
    // A write for the sake of something else leaves the numbers as they are.
    if (numbersOf(status) !== numbersOf(before.status)) this.#couldBeCounted(object, status, request);
    if (observedGeneration !== metadata.generation || desired === 0 || updated < desired || available < desired) return;
    const proven = this.#everReady.get(templateKey(spec.template.spec))?.size ?? 0;
    const nodes = this.#server.all(resources.nodes).length;
    if (proven < Math.min(desired, nodes))
      this.#violate(`${where}: says rolled out on ${desired} nodes, ${proven} ever had a ready pod of it`);
  }

  /** No number is larger, nor `desired` smaller, than some mix of states from what the writer had seen until now gives. */
  #couldBeCounted({ metadata }: Stored<DaemonSet>, status: NonNullable<DaemonSet['status']>, request: Request): void {
    const { seen, sentAt } = request;
    const { uid, name } = metadata;
    const states = believable(this.#server, uid, seen['daemonsets'] ?? 0).filter(
      (state) => state.metadata.generation === status.observedGeneration,
    );
    if (states.length === 0) return;
    // What is counted goes by the policy that the controller aimed by when it began to write.
    const asOfLate = { seen: { ...seen, rolloutpolicies: this.#policies.versionBefore(sentAt - writingMsMax, seen) } };
    const nodes = this.#seenNodes(seen['nodes'] ?? 0);
    const mayHave = this.#nodesByPods(uid, seen['pods'] ?? 0);
    const spec = states[0]!.spec;
    const count = (fits: (history: readonly boolean[], node: string) => boolean) =>
      [...nodes].filter(([node, history]) => fits(runsOn(node, history), node)).length;
    const runsOn = remembered((node: string, history: readonly (Stored<Node> | undefined)[]) => {
      const statesThere = this.#policies.none ? [states[0]!] : this.#policies.statesOn(uid, node, asOfLate);
      return history.flatMap((seen) => statesThere.map((state) => seen !== undefined && eligibility(state, seen).run));
    });
    const counted = (has: (pod: Stored<Pod>) => boolean) => {
      const having = mayHave(has);
      return count((runs, node) => runs.includes(true) && having.has(node));
    };
    const minReady = spec.minReadySeconds ?? 0;
    const wanted = templateKey(spec.template.spec);
    const standing = mayHave(() => true);
    const most = {
      desiredNumberScheduled: count((runs) => runs.includes(true)),
      currentNumberScheduled: counted(() => true),
      numberReady: counted((pod) => isLive(pod) && isReady(pod)),
      ...(this.#clocksRun
        ? { numberAvailable: counted((pod) => isLive(pod) && isAvailableAt(pod, minReady, sentAt)) }
        : {}),
      updatedNumberScheduled: counted((pod) => isLive(pod) && templateKey(pod.spec) === wanted),
      numberMisscheduled: count((runs, node) => runs.includes(false) && standing.has(node)),
    };
    for (const [key, limit] of Object.entries(most)) {
      const said = (status as unknown as Readonly<Record<string, number | undefined>>)[key] ?? 0;
      if (said > limit) this.#violate(`${name}: ${key} is ${said}, and ${limit} could be counted`);
    }
    const least = count((runs) => !runs.includes(false));
    if (status.desiredNumberScheduled < least)
      this.#violate(
        `${name}: desiredNumberScheduled is ${status.desiredNumberScheduled}, and ${least} should be counted`,
      );
  }

  /** Every state of each node, by name, that somebody may go by who has seen the history up to `version`. */
  #seenNodes(version: number): ReadonlyMap<string, readonly (Stored<Node> | undefined)[]> {
    return new Map(
      [...nodesSince(this.#server, version)].map((name) => [
        name,
        this.#server.statesSince(resources.nodes, undefined, name, version),
      ]),
    );
  }

  /** Nodes on which one of the DaemonSet's pods may be believed to be like that. */
  #nodesByPods(uid: string, version: number): (has: (pod: Stored<Pod>) => boolean) => ReadonlySet<string> {
    const states = [
      ...this.#server.allAt(resources.pods, version),
      ...this.#server.changesAfter(resources.pods, version).map(({ object }) => object as Stored<Pod>),
    ].filter((pod) => ownerOf(pod) === uid);
    return (has) => new Set(states.filter(has).map((pod) => nodeOf(pod) ?? ''));
  }
}

function remembered<A, B>(make: (key: string, from: A) => B): (key: string, from: A) => B {
  const made = new Map<string, B>();
  return (key, from) => {
    if (!made.has(key)) made.set(key, make(key, from));
    return made.get(key)!;
  };
}

function numbersOf(status: DaemonSet['status']): string {
  const { conditions: _, collisionCount: __, ...numbers } = { ...status };
  return JSON.stringify(numbers);
}
