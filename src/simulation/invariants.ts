// Safety, checked at every write by the API server's truth. What a controller may believe with a late cache is allowed
// for only where nobody could know better: a spec or a node that changed since it last saw it. Never for its own deeds.
//
// - one pod: a create never makes two live pods of one DaemonSet on a node without surge, three with surge; and never
//   two of one revision;
// - placement: no create on a node where placement says no;
// - revisions: a pod is only made of a revision that exists, and no revision goes that a live pod carries; and
//   revision-watch.ts;
// - identity: every delete and patch carries the UID of what it is meant for, and a deleted pod is or was a DaemonSet's;
// - budget: budget.ts; back-off: failed pods of a node go at doubling intervals; Retry-After is kept;
// - runaway: nobody sends requests in circles, or makes pods on one node without end;
// - lease: nobody writes whose lease is over or another's;
// - status: status-claims.ts; policies: held.ts, policy-claims.ts.
import {
  type DaemonSet,
  type DeleteOptions,
  parseTime,
  type Pod,
  resources,
  type RolloutPolicy,
  type Stored,
} from '../api/index.ts';
import { revisionLabel } from '../core/daemonset/index.ts';
import type { Clock } from '../machinery/index.ts';
import { BudgetWatch } from './budget.ts';
import { HeldWatch } from './held.ts';
import type { Promises } from './history.ts';
import { identityOf, lease } from './lives.ts';
import type { Archive, Change } from './archive.ts';
import { PolicyClaims } from './policy-claims.ts';
import type { PolicyTruth } from './policy-truth.ts';
import type { Request } from './requests.ts';
import { RevisionWatch } from './revision-watch.ts';
import { StatusClaims } from './status-claims.ts';
import { eligibility } from './eligibility.ts';
import { believable, budgetOf, hasEnded, isLabelledAway, isLive, livePods, nodeOf, ownerOf } from './truth.ts';

/** A request that is on its way when its sender dies arrives within this time, or never. */
const lastWordsMsMax = 5000;

/** A dead process may have had its picture for this long. */
const replacedMsMax = 30_000;

/** More than users, failures and rollouts together can be the reason of. */
const createsPerMinuteMax = 40;

export interface Violation {
  readonly invariant: string;
  readonly what: string;
  readonly at: number;
}

export class Invariants {
  readonly #server: Archive;
  readonly #clock: Clock;
  readonly #budget: BudgetWatch;
  readonly #claims: StatusClaims;
  readonly #policies: PolicyTruth;
  readonly #held: HeldWatch;
  readonly #policyClaims: PolicyClaims;
  readonly #revisionWatch: RevisionWatch;
  readonly #ours = new Set<string>();
  readonly #stayAway = new Map<string, { readonly toldAt: number; readonly until: number }[]>();
  readonly #backOffs = new Map<string, { at: number; steps: number }>();
  /** One controller at a time and lists that are what they claim: see `Promises` in history.ts. */
  readonly #all: boolean;
  readonly #leases: boolean;
  readonly #clocksRun: boolean;
  /** When pods were made, by DaemonSet and node. */
  readonly #made = new Map<string, readonly number[]>();
  readonly #madeBy = new Map<string, { readonly actor: string; readonly version: number }>();
  readonly #adoptedAt = new Map<string, number>();
  /** When pods finished, by UID. */
  readonly #finishedAt = new Map<string, number>();
  /** `actor uid` of each pod whose deletion somebody asked for. */
  readonly #asked = new Set<string>();
  readonly #dead = new Set<string>();
  #diedAt = Number.NEGATIVE_INFINITY;
  /** The first one found. */
  violation: Violation | undefined;

  constructor(options: {
    readonly server: Archive;
    readonly policies: PolicyTruth;
    readonly clock: Clock;
    readonly promises: Promises;
    readonly leases: boolean;
    readonly clocksRun: boolean;
  }) {
    this.#clock = options.clock;
    this.#all = options.promises === 'all';
    this.#leases = options.leases;
    this.#server = options.server;
    this.#clocksRun = options.clocksRun;
    this.#policies = options.policies;
    const common = {
      server: this.#server,
      policies: options.policies,
      clock: options.clock,
      clocksRun: options.clocksRun,
    };
    this.#budget = new BudgetWatch({ ...common, violate: (what) => this.violate('budget', what) });
    this.#claims = new StatusClaims({
      ...common,
      violate: (what) => this.violate('status', what),
    });
    this.#held = new HeldWatch({ ...common, violate: (what) => this.violate('held', what) });
    this.#revisionWatch = new RevisionWatch({ ...common, violate: (invariant, what) => this.violate(invariant, what) });
    this.#policyClaims = new PolicyClaims({ ...common, violate: (what) => this.violate('policy status', what) });
  }

  /** The process has died; what it had sent may still arrive. */
  died(actor: string): void {
    this.#dead.add(actor);
    this.#diedAt = this.#clock.now();
  }

  throttled(actor: string, until: number): void {
    this.#stayAway.set(actor, [...(this.#stayAway.get(actor) ?? []), { toldAt: this.#clock.now(), until }]);
  }

  /** A history of this size never needs so many requests. */
  runaway(requests: number): void {
    this.violate('runaway', `${requests} requests and no end`);
  }

  /** A controller has sent something; whether it arrives is another matter. */
  sent({ actor, verb, resource, name, body, sentAt }: Request): void {
    if (resource !== 'pods' && resource !== 'controllerrevisions') return;
    if (verb === 'create' && resource === 'pods') this.#revisionWatch.sent(body as Pod, sentAt);
    const { preconditions, metadata } = (body ?? {}) as DeleteOptions & Partial<Pod>;
    const uid = verb === 'delete' ? preconditions?.uid : metadata?.uid;
    if ((verb === 'delete' || verb === 'patch') && uid === undefined)
      this.violate('identity', `${actor}: ${verb} ${resource} ${name} without its UID`);
    if (verb === 'delete') this.#asked.add(`${actor} ${uid}`);
  }

  /** A request of a controller is about to take effect. */
  effect(request: Request): void {
    const { verb, resource, actor, sentAt } = request;
    if (verb === 'get' || verb === 'list' || resource === 'leases') return;
    if (this.#leases) this.#holdsLease(request);
    if (resource === 'events') return;
    if (this.#stayAway.get(actor)?.some(({ toldAt, until }) => toldAt < sentAt && sentAt < until) === true)
      this.violate('retry-after', `${actor} sends ${verb} ${resource} ${request.name} before Retry-After is over`);
    if (verb !== 'delete') return;
    if (resource === 'pods') this.#deletesPod(request);
    if (resource === 'controllerrevisions') this.#deletesRevision(request);
  }

  /** A change was committed, by a controller's request if there is one. */
  committed(change: Change, request: Request | undefined): void {
    const { resource, type, object } = change;
    this.#budget.committed(change);
    this.#claims.committed(change);
    this.#policies.committed(change);
    if (resource === 'pods') {
      const owner = ownerOf(object as Stored<Pod>);
      if (owner !== undefined) this.#ours.add(object.metadata.uid);
      const { uid } = object.metadata;
      if (hasEnded(object as Stored<Pod>) && !this.#finishedAt.has(uid)) this.#finishedAt.set(uid, change.at);
      if (owner !== undefined && change.previous !== undefined && ownerOf(change.previous as Stored<Pod>) === undefined)
        this.#adoptedAt.set(object.metadata.uid, change.at);
      if (type === 'ADDED' && request !== undefined) {
        this.#madeBy.set(uid, { actor: request.actor, version: change.version });
        this.#createdPod(object as Stored<Pod>, request);
      }
    }
    if (resource === 'daemonsets' && request !== undefined)
      this.#claims.claimed(object as Stored<DaemonSet>, change.previous as Stored<DaemonSet>, request);
    if (resource === 'rolloutpolicies' && request !== undefined)
      this.#policyClaims.claimed(object as Stored<RolloutPolicy>, change.previous as Stored<RolloutPolicy>, request);
  }

  /** Whoever writes holds the lease, at the server, when the write gets there. */
  #holdsLease({ actor, verb, resource, name }: Request): void {
    const held = this.#server.find(resources.leases, lease.namespace, lease.name);
    const holder = held?.spec?.holderIdentity;
    const renewed = parseTime(held?.spec?.renewTime) ?? 0;
    const over = renewed + (held?.spec?.leaseDurationSeconds ?? 0) * 1000;
    const deed = `${actor}: ${verb} ${resource} ${name}`;
    if (holder !== identityOf(actor)) this.violate('lease', `${deed} while ${holder} holds the lease`);
    else if (this.#all && this.#clocksRun && this.#clock.now() > over)
      this.violate('lease', `${deed} after the lease was over`);
  }

  #createdPod(pod: Stored<Pod>, request: Request): void {
    const owner = ownerOf(pod);
    const name = nodeOf(pod);
    if (owner === undefined || name === undefined) {
      this.violate('one pod', `${pod.metadata.name} has no owner or no node`);
      return;
    }
    const now = this.#clock.now();
    const made = (this.#made.get(`${owner} ${name}`) ?? []).filter((at) => at > now - 60_000);
    this.#made.set(`${owner} ${name}`, [...made, now]);
    if (this.#all && made.length >= createsPerMinuteMax)
      this.violate('runaway', `${made.length + 1} pods were made on ${name} within a minute`);
    const states = believable(this.#server, owner, request.seen['daemonsets'] ?? 0);
    // An orphan that is adopted while a create is on its way makes two: the create was decided for an empty node.
    const live = livePods(this.#server, owner, name).filter(
      ({ metadata }) => (this.#adoptedAt.get(metadata.uid) ?? 0) < request.sentAt,
    );
    const revision = pod.metadata.labels?.[revisionLabel] ?? '';
    const twins = live.filter(({ metadata }) => metadata.labels?.[revisionLabel] === revision).length;
    const limit = states.some((state) => budgetOf(state, 1).maxSurge > 0) ? 2 : 1;
    // What a dead process had sent its successor cannot know of yet: names alone stand between them.
    const known = live.filter(({ metadata }) => !this.#areLastWords(metadata.uid, request));
    const apart = known.length < live.length || this.#dead.has(request.actor);
    if (this.#all && twins > 1 && !(apart && this.#hasReplaced(owner, name, revision)))
      this.violate('one pod', `${twins} live pods of revision ${revision} on ${name}: ${names(live)}`);
    if (this.#all && !this.#dead.has(request.actor) && known.length > limit)
      this.violate('one pod', `${live.length} live pods on ${name}, ${limit} may be: ${names(live)}`);
    const alone = this.#clock.now() - this.#diedAt > lastWordsMsMax;
    const failed = this.#finishedBefore(owner, name, request);
    if (this.#all && failed !== undefined)
      this.violate(
        'back-off',
        `${pod.metadata.name} is made on ${name} beside ${failed}, which failed: its back-off is passed over`,
      );
    const nodes = this.#server.statesSince(resources.nodes, undefined, name, request.seen['nodes'] ?? 0);
    const placeable = this.#policies
      .statesOn(owner, name, request)
      .some((state) => nodes.some((node) => node !== undefined && eligibility(state, node).run));
    if (!placeable) this.violate('placement', `${pod.metadata.name} is created on ${name}, where it should not run`);
    const going = this.#server
      .all(resources.daemonSets)
      .every(({ metadata }) => metadata.uid !== owner || metadata.deletionTimestamp !== undefined);
    const exists = this.#revisions(owner).includes(revision) || this.#tookAway(revision, request);
    if (this.#all && alone && !going && !exists)
      this.violate('revisions', `${pod.metadata.name} is of revision ${revision}, which does not exist`);
    if (this.#all && alone) this.#budget.created(pod, request);
    this.#held.created(pod, request);
    this.#revisionWatch.created(pod);
  }

  /** The pod was made by a process that is dead, or leads no longer, and the sender has not seen it yet. */
  #areLastWords(uid: string, { seen }: Request): boolean {
    const made = this.#madeBy.get(uid);
    return made !== undefined && this.#dead.has(made.actor) && made.version > (seen['pods'] ?? 0);
  }

  /**
   * A pod of this revision went from the node a moment ago. The name of its successor says which one it replaces: who has
   * still seen it and who has not call theirs differently, and it takes a lease to keep the two apart.
   */
  #hasReplaced(owner: string, node: string, revision: string): boolean {
    return this.#server
      .changesAfter(resources.pods, 0)
      .some(
        ({ type, at, object }) =>
          type === 'DELETED' &&
          at > this.#clock.now() - replacedMsMax &&
          nodeOf(object as Stored<Pod>) === node &&
          ownerOf(object as Stored<Pod>) === owner &&
          object.metadata.labels?.[revisionLabel] === revision,
      );
  }

  /** A pod of the DaemonSet that had finished on the node in all that the sender may have seen, and that it let stand. */
  #finishedBefore(owner: string, node: string, { seen, actor }: Request): string | undefined {
    const stands = (state: Stored<Pod> | undefined) =>
      state !== undefined &&
      ownerOf(state) === owner &&
      !isLabelledAway(state) &&
      state.metadata.deletionTimestamp === undefined &&
      hasEnded(state);
    return this.#server
      .all(resources.pods)
      .filter((pod) => nodeOf(pod) === node && stands(pod))
      .map(({ metadata }) => metadata)
      .filter(({ uid }) => !this.#asked.has(`${actor} ${uid}`))
      .find(({ namespace, name }) =>
        this.#server.statesSince(resources.pods, namespace, name, seen['pods'] ?? 0).every(stands),
      )?.name;
  }

  #deletesPod(request: Request): void {
    const { uid, resourceVersion } = (request.body as DeleteOptions | undefined)?.preconditions ?? {};
    if (uid === undefined) return;
    if (!this.#ours.has(uid))
      this.violate('identity', `${request.actor} deletes pod ${request.name}, which is no DaemonSet's`);
    const pod = this.#server.find(resources.pods, request.namespace, request.name ?? '');
    if (pod?.metadata.uid !== uid) return;
    if ((resourceVersion ?? pod.metadata.resourceVersion) !== pod.metadata.resourceVersion) return;
    if (isLive(pod)) {
      this.#held.deleting(pod, request);
      if (this.#all && !this.#dead.has(request.actor)) this.#budget.deleting(pod, request);
    } else if (pod.metadata.deletionTimestamp === undefined) this.#deletesFinished(pod, request);
  }

  /** 1 s, doubling to 15 min, per node, as long as neither the spec nor the node nor the controller is another. */
  #deletesFinished(pod: Stored<Pod>, request: Request): void {
    const owner = ownerOf(pod);
    const name = nodeOf(pod);
    if (owner === undefined || name === undefined) return;
    const states = believable(this.#server, owner, request.seen['daemonsets'] ?? 0);
    const generation = states[0]?.metadata.generation;
    const node = this.#server.find(resources.nodes, undefined, name);
    const believed = this.#server.statesSince(resources.nodes, undefined, name, request.seen['nodes'] ?? 0);
    // Where nothing may stay, what has failed goes at once with all the rest.
    const statesThere = this.#policies.statesOn(owner, name, request);
    if (believed.some((state) => state === undefined || statesThere.some((object) => !eligibility(object, state).stay)))
      return;
    // It went for another reason, and failed while the request was on its way.
    const { namespace, name: podName, uid } = pod.metadata;
    const seen = this.#server.statesSince(resources.pods, namespace, podName, request.seen['pods'] ?? 0);
    if (seen.some((state) => state?.metadata.uid === uid && isLive(state))) return;
    const key = [request.actor, owner, generation, node?.metadata.uid].join();
    const before = this.#backOffs.get(key);
    const now = request.sentAt;
    // Pods that had finished already went with the same step.
    if (before !== undefined && (this.#finishedAt.get(pod.metadata.uid) ?? now) <= before.at) return;
    const waitMs = before === undefined ? 0 : Math.min(2 ** (before.steps - 1) * 1000, 15 * 60_000);
    // Half of it: the decision was made some time before the request was sent.
    if (this.#all && before !== undefined && now - before.at < waitMs / 2)
      this.violate('back-off', `failed pod on ${name} goes ${now - before.at} ms after the last, ${waitMs} were due`);
    const forgotten = before === undefined || now - before.at > 30 * 60_000;
    this.#backOffs.set(key, { at: now, steps: forgotten ? 1 : before.steps + 1 });
  }

  #deletesRevision(request: Request): void {
    const revision = this.#server.find(resources.controllerRevisions, request.namespace, request.name ?? '');
    const owner = revision?.metadata.ownerReferences?.[0]?.uid;
    const hash = revision?.metadata.labels?.[revisionLabel];
    if (revision === undefined || owner === undefined) return;
    const user = this.#server
      .all(resources.pods)
      .find(
        (pod) =>
          ownerOf(pod) === owner &&
          isLive(pod) &&
          !isLabelledAway(pod) &&
          pod.metadata.labels?.[revisionLabel] === hash,
      );
    const uid = (request.body as DeleteOptions | undefined)?.preconditions?.uid;
    if ((uid ?? revision.metadata.uid) !== revision.metadata.uid) return;
    this.#held.deletingRevision(revision, owner, request);
    if (this.#all) this.#revisionWatch.deleting(revision, owner, request);
    if (this.#all && user !== undefined)
      this.violate('revisions', `${request.actor} deletes revision ${hash}, which ${user.metadata.name} carries`);
  }

  /** A user deleted the revision, and the sender may not know. */
  #tookAway(hash: string, { seen }: Request): boolean {
    return this.#server
      .changesAfter(resources.controllerRevisions, seen['controllerrevisions'] ?? 0)
      .some(
        ({ type, actor, object }) =>
          type === 'DELETED' && !actor.startsWith('controller') && object.metadata.labels?.[revisionLabel] === hash,
      );
  }

  #revisions(owner: string): string[] {
    return this.#server
      .all(resources.controllerRevisions)
      .filter(({ metadata }) => metadata.ownerReferences?.[0]?.uid === owner)
      .map(({ metadata }) => metadata.labels?.[revisionLabel] ?? '');
  }

  violate(invariant: string, what: string): void {
    this.violation ??= { invariant, what, at: this.#clock.now() };
  }
}

const names = (pods: readonly Stored<Pod>[]) => pods.map(({ metadata }) => metadata.name).join(', ');
