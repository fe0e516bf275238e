// Safety of what the status of a rollout policy says: each stage follows from the one before and from what could be
// seen. A status is written with the resourceVersion that it was decided by, so what the policy itself said then is no
// guess. Waves open one after the other, when the last is done, has soaked and is approved; proven is what all nodes had.
import {
  type DaemonSet,
  type Node,
  parseTime,
  type Pod,
  resources,
  type RolloutPolicy,
  scaleRoundingDown,
  type Stored,
} from '../api/index.ts';
import { revisionLabel } from '../core/daemonset/index.ts';
import type { Clock } from '../machinery/index.ts';
import type { Archive } from './archive.ts';
import { approveAnnotation, retryAnnotation } from './policies.ts';
import { isUnreadable, type PolicyTruth, waveOf } from './policy-truth.ts';
import type { Request } from './requests.ts';
import { eligibility } from './eligibility.ts';
import { believable, isAvailableAt, isLive, isReady, nodeOf, nodesSince, readyThroughout, ownerOf } from './truth.ts';

type Policy = Stored<RolloutPolicy>;
type Status = NonNullable<RolloutPolicy['status']>;

const progressDeadlineSecondsDefault = 600;

/** From the moment that a status tells of to when it is written. */
const underWayMsMax = 5000;

export class PolicyClaims {
  readonly #server: Archive;
  readonly #clock: Clock;
  readonly #policies: PolicyTruth;
  readonly #clocksRun: boolean;
  readonly #violate: (what: string) => void;

  constructor(options: {
    readonly server: Archive;
    readonly clock: Clock;
    readonly policies: PolicyTruth;
    readonly clocksRun: boolean;
    readonly violate: (what: string) => void;
  }) {
    this.#server = options.server;
    this.#clock = options.clock;
    this.#policies = options.policies;
    this.#clocksRun = options.clocksRun;
    this.#violate = options.violate;
  }

  /** A controller wrote this status. */
  claimed(policy: Policy, previous: Policy, request: Request): void {
    const { status, metadata } = policy;
    const violate = (what: string) => this.#violate(`${metadata.name}: ${what}`);
    if ((request.body as RolloutPolicy).metadata.resourceVersion !== previous.metadata.resourceVersion)
      violate('its status is written without the resourceVersion it was decided by');
    if (status === undefined) return;
    const { observedGeneration, phase, revision, provenRevision } = status;
    if (observedGeneration !== undefined && observedGeneration !== metadata.generation)
      violate(`observedGeneration is ${observedGeneration}, the policy's is ${metadata.generation}`);
    const accepted = status.conditions?.find(({ type }) => type === 'Accepted');
    if (accepted?.status === 'False') {
      if (accepted.reason === 'Conflict') return;
      if ((phase === 'Invalid') !== isUnreadable(policy.spec))
        violate(`phase ${phase}, unreadable: ${isUnreadable(policy.spec)}`);
      return;
    }
    if (isUnreadable(policy.spec)) violate('what cannot be read is accepted');
    const before = previous.status?.daemonSetUID === status.daemonSetUID ? previous.status : undefined;
    const daemonSets = believable(this.#server, status.daemonSetUID ?? '', request.seen['daemonsets'] ?? 0);
    if (!daemonSets.some((daemonSet) => this.#policies.isNewest(revision, daemonSet)))
      violate(`it is about revision ${revision}, which was not the newest`);
    if ((phase === 'Paused') !== (policy.spec.paused === true))
      violate(`phase ${phase}, paused: ${policy.spec.paused === true}`);
    if (phase === 'Launching' && provenRevision !== undefined) violate(`launching, though ${provenRevision} is proven`);
    if (phase === 'Complete' && !this.#policies.same(provenRevision, revision))
      violate(`complete, though ${revision} is not proven`);
    const facts = { policy, status, before, daemonSets, request, violate };
    this.#proves(facts);
    this.#opens(facts);
    this.#fails(facts);
    // The first write after an edit says that it counts, and no more.
    const counts = before?.observedGeneration === observedGeneration;
    if (counts && phase === 'RollingOut' && status.soakingSince !== undefined) violate('it soaks while it rolls out');
    if (counts && (phase === 'Soaking' || phase === 'WaitingForApproval'))
      this.#done(facts, (status.openWaves ?? 0) - 1);
  }

  /** What is newly proven every node had, after the last wave. */
  #proves(facts: Facts): void {
    const { status, before, violate, policy } = facts;
    const { provenRevision: proven, revision } = status;
    if (proven === undefined) {
      if (before?.provenRevision !== undefined) violate(`${before.provenRevision} is proven no more`);
      return;
    }
    if (this.#policies.same(before?.provenRevision, proven)) return;
    if (before === undefined) {
      this.#found(facts, proven);
      return;
    }
    if (before.provenRevision === undefined && !this.#policies.same(proven, revision)) {
      this.#launched(facts, before, proven);
      return;
    }
    const waves = policy.spec.waves?.length ?? 0;
    if (!this.#policies.same(proven, revision)) violate(`${proven} is proven while ${revision} rolls out`);
    if (before.provenRevision !== undefined && (before.openWaves ?? 0) <= waves)
      violate(`${proven} is proven with ${before.openWaves} of ${waves + 1} waves open`);
    this.#done(facts, waves);
  }

  /** A policy that comes in the middle of a rollout takes an older revision that serves, as long as one does. */
  #found({ status, violate, request }: Facts, proven: string): void {
    const pods = this.#podsSince(status.daemonSetUID ?? '', request);
    const is = (hash: string | undefined) => (pod: Stored<Pod>) =>
      this.#policies.same(pod.metadata.labels?.[revisionLabel], hash);
    if (!pods.some(is(proven)) || this.#policies.same(proven, status.revision))
      violate(`${proven} counts as proven from the start`);
    if (pods.filter(is(proven)).some((pod) => isLive(pod) && isReady(pod))) return;
    const serving = pods.find((pod) => !is(status.revision)(pod) && readyThroughout(this.#server, pod, request));
    if (serving !== undefined)
      violate(`${proven} counts as proven and serves nowhere, as ${serving.metadata.name} does`);
  }

  /** A launch that the next template cut short counts if more than half of its nodes were served. */
  #launched({ status, violate }: Facts, before: Status, proven: string): void {
    const served = new Set(
      this.#server
        .changesAfter(resources.pods, 0)
        .map(({ object }) => object as Stored<Pod>)
        .filter((pod) => ownerOf(pod) === status.daemonSetUID && isLive(pod) && isReady(pod))
        .filter(({ metadata }) => this.#policies.same(metadata.labels?.[revisionLabel], proven))
        .map(nodeOf),
    );
    const nodes = (before.waves ?? []).reduce((sum, wave) => sum + wave.nodes, 0);
    if (!this.#policies.same(before.revision, proven)) violate(`${proven} is proven, ${before.revision} was launched`);
    if (served.size * 2 <= nodes) violate(`${proven} is proven, and served ${served.size} of ${nodes} nodes`);
  }

  #opens(facts: Facts): void {
    const { status, before, violate, policy } = facts;
    const isStaged =
      status.provenRevision !== undefined && !this.#policies.same(status.provenRevision, status.revision);
    const opened = status.openWaves ?? 0;
    const goesOn = this.#policies.same(before?.revision, status.revision);
    if (before === undefined || !goesOn || names(before) !== names(status)) {
      if (isStaged && opened > 1) violate(`it begins with ${opened} waves open`);
      return;
    }
    const open = before.openWaves ?? 0;
    if (opened < open) violate(`${opened} waves are open, after ${open}`);
    if (opened <= open || !isStaged) return;
    if (policy.spec.paused === true) violate('a wave opens though the policy is paused');
    if (opened > open + 1) violate(`${opened - open} waves open at once`);
    this.#done(facts, open - 1);
    this.#isOver(facts, open - 1);
  }

  /** The wave has soaked, and is approved where it has to be. */
  #isOver({ status, before, violate, policy }: Facts, index: number): void {
    const wave = policy.spec.waves?.[index];
    if (wave === undefined) return;
    const { name, soakSeconds = 0, approval } = wave;
    const since = parseTime(before?.soakingSince);
    const soaked = this.#clock.now() - (since ?? this.#clock.now());
    if (this.#clocksRun && soakSeconds > 0 && soaked < soakSeconds * 1000)
      violate(`wave ${name} is over after ${soaked} ms, ${soakSeconds} s were due`);
    const approved = policy.metadata.annotations?.[approveAnnotation];
    if (approval === 'Manual' && approved !== `${status.revision}/${name}`)
      violate(`wave ${name} is over without its approval (${approved})`);
  }

  /** Held or rolled back after the deadline, and not against the user's word. */
  #fails({ policy, status, before, daemonSets, request, violate }: Facts): void {
    const { phase } = status;
    if (phase !== 'Held' && phase !== 'RolledBack') return;
    const retried = this.#policies.same(policy.metadata.annotations?.[retryAnnotation], status.revision);
    if (retried && before?.observedGeneration === status.observedGeneration)
      violate(`${phase}, though ${status.revision} is to be tried again`);
    if (phase === before?.phase) return;
    const { progressDeadlineSeconds = progressDeadlineSecondsDefault, onFailure = 'Hold' } = policy.spec;
    if (phase === 'RolledBack' && onFailure !== 'Rollback') violate(`rolled back, and onFailure is ${onFailure}`);
    if (daemonSets.every(({ spec }) => spec.updateStrategy?.type === 'OnDelete')) violate(`${phase} with OnDelete`);
    if (phase === 'RolledBack' && !this.#mayExist(status.provenRevision, request))
      violate(`all nodes go back to ${status.provenRevision}, which does not exist`);
    // It was bad before somebody paused.
    if (this.#policies.same(before?.badRevision, status.revision)) return;
    const progressedAt = Math.max(parseTime(before?.progressedAt) ?? 0, this.#resumedAt(policy));
    const stoodMs = this.#clock.now() - progressedAt;
    if (this.#clocksRun && stoodMs < progressDeadlineSeconds * 1000)
      violate(`${phase} after ${stoodMs} ms, the deadline is ${progressDeadlineSeconds} s`);
  }

  /** When the status last said that a pause is over, in which no deadline goes on. (One that nobody saw is none.) */
  #resumedAt({ metadata: { uid } }: Policy): number {
    const isPaused = (object: object | undefined) => (object as Policy | undefined)?.status?.phase === 'Paused';
    const resumed = this.#server
      .changesAfter(resources.rolloutPolicies, 0)
      .findLast(({ object, previous }) => object.metadata.uid === uid && isPaused(previous) && !isPaused(object));
    return (resumed?.at ?? 0) - underWayMsMax;
  }

  #mayExist(hash: string | undefined, { seen }: Request): boolean {
    const version = seen['controllerrevisions'] ?? 0;
    return [
      ...this.#server.allAt(resources.controllerRevisions, version),
      ...this.#server.changesAfter(resources.controllerRevisions, version).map(({ object }) => object),
    ].some(({ metadata }) => this.#policies.same(metadata.labels?.[revisionLabel], hash));
  }

  /** Every node of the first waves, up to this one, could be seen updated and available, is excused or tolerated. */
  #done({ policy, status, daemonSets, request, violate }: Facts, last: number): void {
    const { seen } = request;
    const ranks = status.waves?.map(({ rankMax }) => rankMax) ?? [];
    const pods = this.#podsSince(status.daemonSetUID ?? '', request);
    const missing: string[] = [];
    let nodes = 0;
    for (const name of nodesSince(this.#server, seen['nodes'] ?? 0)) {
      const isMeant = (node: Stored<Node> | undefined) =>
        node !== undefined &&
        waveOf(policy.spec, ranks, node) <= last &&
        daemonSets.every((daemonSet) => eligibility(daemonSet, node).run);
      const states = this.#server.statesSince(resources.nodes, undefined, name, seen['nodes'] ?? 0);
      if (states.some(isMeant)) nodes++;
      if (!states.every((node) => isMeant(node) && isUp(node!)) || daemonSets.length === 0) continue;
      const has = pods.some((pod) => nodeOf(pod) === name && this.#serves(pod, status, daemonSets, request));
      if (!has) missing.push(name);
    }
    if (missing.length <= (scaleRoundingDown(policy.spec.failureTolerance ?? 0, nodes) ?? 0)) return;
    violate(`${status.phase}, ${status.openWaves} open: ${missing.join(', ')} never had ${status.revision}`);
  }

  #serves(pod: Stored<Pod>, { revision }: Status, daemonSets: readonly DaemonSet[], { sentAt }: Request): boolean {
    const minReady = this.#clocksRun ? Math.min(...daemonSets.map(({ spec }) => spec.minReadySeconds ?? 0)) : 0;
    return (
      isLive(pod) &&
      this.#policies.same(pod.metadata.labels?.[revisionLabel], revision) &&
      isAvailableAt(pod, minReady, sentAt)
    );
  }

  /** Every state of the DaemonSet's pods that the sender may go by. */
  #podsSince(owner: string, { seen }: Request): readonly Stored<Pod>[] {
    const version = seen['pods'] ?? 0;
    return [
      ...this.#server.allAt(resources.pods, version),
      ...this.#server.changesAfter(resources.pods, version).map(({ object }) => object as Stored<Pod>),
    ].filter((pod) => ownerOf(pod) === owner);
  }
}

interface Facts {
  readonly policy: Policy;
  readonly status: Status;
  /** What was said of the same DaemonSet before. */
  readonly before: Status | undefined;
  readonly daemonSets: readonly Stored<DaemonSet>[];
  readonly request: Request;
  readonly violate: (what: string) => void;
}

const names = ({ waves = [] }: Status) => waves.map(({ name }) => name).join();

function isUp({ status }: Node): boolean {
  return status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') === true;
}
