// What rollout policies say of one node, restated from docs/rollout-policy.md and sharing nothing with the controller's own
// reading of them: by what the API server holds, and for each state that a sender with late watches may go by.
import {
  compileLabelSelector,
  type ControllerRevision,
  type DaemonSet,
  type LabelSelector,
  type Node,
  type PodTemplateSpec,
  resources,
  type RolloutPolicy,
  type RolloutPolicySpec,
  type RolloutPolicyStatus,
  type RolloutWave,
  scaleRoundingUp,
  type Stored,
} from '../api/index.ts';
import { revisionLabel, templateOf } from '../core/daemonset/index.ts';
import type { Archive, Change } from './archive.ts';
import type { Request } from './requests.ts';
import { believable, templateKey } from './truth.ts';

/**
 * `free`: the newest revision. `held`: what it has, or else the proven one; what does not serve and is neither of the proven
 * nor of the newest revision it need not keep. `paused`: the same, and it keeps whatever it has. `back`: the proven one.
 * `mute`: nothing at all before the policy's status is about this DaemonSet.
 */
export type Stance = 'free' | 'held' | 'paused' | 'back' | 'mute';

/** One of the ways in which the sender may see a node of a DaemonSet. */
export interface View {
  readonly daemonSet: Stored<DaemonSet>;
  readonly node: Stored<Node> | undefined;
  readonly policy: Stored<RolloutPolicy> | undefined;
  readonly stance: Stance;
  /** What a missing pod is to be made of; undefined when nothing may be made. */
  readonly template: PodTemplateSpec | undefined;
  /** By which of these what is there may stay. */
  readonly stays: readonly PodTemplateSpec[];
}

export class PolicyTruth {
  readonly #server: Archive;
  /** Of every revision there ever was, by the hash that its pods carry. */
  readonly #templates = new Map<string, PodTemplateSpec>();

  constructor(server: Archive) {
    this.#server = server;
  }

  committed({ resource, object }: Change): void {
    if (resource !== 'controllerrevisions') return;
    const hash = object.metadata.labels?.[revisionLabel];
    const template = templateOf(object as never);
    if (hash !== undefined && template !== undefined) this.#templates.set(hash, template);
  }

  /** There was never a policy: all is as without them. */
  get none(): boolean {
    return (
      this.#server.all(resources.rolloutPolicies).length === 0 &&
      this.#server.changesAfter(resources.rolloutPolicies, 0).length === 0
    );
  }

  templateOf(hash: string): PodTemplateSpec | undefined {
    return this.#templates.get(hash);
  }

  /** Two revisions that mean the same template. */
  same(hash: string | undefined, other: string | undefined): boolean {
    if (hash === undefined || other === undefined) return false;
    if (hash === other) return true;
    const [one, two] = [this.#templates.get(hash), this.#templates.get(other)];
    return one !== undefined && two !== undefined && templateKey(one.spec) === templateKey(two.spec);
  }

  /** The revision is what the template of the DaemonSet means. */
  isNewest(hash: string | undefined, daemonSet: DaemonSet): boolean {
    const template = hash === undefined ? undefined : this.#templates.get(hash);
    return template !== undefined && templateKey(template.spec) === templateKey(daemonSet.spec.template.spec);
  }

  /** All policies, at each moment that somebody may go by who has seen the history up to `version`. */
  moments(version: number): readonly (readonly Stored<RolloutPolicy>[])[] {
    let policies = this.#server.allAt(resources.rolloutPolicies, version);
    const moments = [policies];
    for (const { type, object } of this.#server.changesAfter(resources.rolloutPolicies, version)) {
      const others = policies.filter(({ metadata }) => metadata.name !== object.metadata.name);
      policies = type === 'DELETED' ? others : [...others, object as Stored<RolloutPolicy>];
      moments.push(policies);
    }
    return moments;
  }

  /** Of the newest change of a policy by then, that was seen already. */
  versionBefore(at: number, seen: Request['seen']): number {
    const changes = this.#server.changesAfter(resources.rolloutPolicies, 0).filter((change) => change.at <= at);
    return Math.min(changes.at(-1)?.version ?? 0, seen['rolloutpolicies'] ?? 0);
  }

  /** Every way in which the sender of the request may see the node of the DaemonSet. */
  views(owner: string, name: string, { seen }: Pick<Request, 'seen'>): readonly View[] {
    const daemonSets = believable(this.#server, owner, seen['daemonsets'] ?? 0);
    const nodes = this.#server.statesSince(resources.nodes, undefined, name, seen['nodes'] ?? 0);
    const moments = this.moments(seen['rolloutpolicies'] ?? 0);
    return daemonSets.flatMap((daemonSet) => {
      const governors = new Set(moments.map((policies) => governorOf(policies, daemonSet)));
      return [...governors].flatMap((policy) => nodes.map((node) => this.view(daemonSet, node, policy)));
    });
  }

  /** The DaemonSet as somebody may see it, with the template that the node goes by: its pods, and where they run. */
  statesOn(owner: string, name: string, request: Pick<Request, 'seen'>): readonly Stored<DaemonSet>[] {
    if (this.none) return believable(this.#server, owner, request.seen['daemonsets'] ?? 0);
    return this.views(owner, name, request).flatMap(({ daemonSet, policy, template = daemonSet.spec.template }) => {
      if (template === daemonSet.spec.template) return [daemonSet];
      const held = { ...daemonSet, spec: { ...daemonSet.spec, template } };
      // Who cannot see what the proven one says of the node goes by the newest.
      return this.#mayBeGone(policy?.status?.provenRevision, request) ? [held, daemonSet] : [held];
    });
  }

  #mayBeGone(hash: string | undefined, { seen }: Pick<Request, 'seen'>): boolean {
    const is = ({ metadata }: Stored<ControllerRevision>) => metadata.labels?.[revisionLabel] === hash;
    const changes = this.#server.changesAfter(resources.controllerRevisions, seen['controllerrevisions'] ?? 0);
    return (
      !this.#server.all(resources.controllerRevisions).some(is) ||
      changes.some(({ type, object }) => type === 'DELETED' && is(object as Stored<ControllerRevision>))
    );
  }

  view(daemonSet: Stored<DaemonSet>, node: Stored<Node> | undefined, policy: Stored<RolloutPolicy> | undefined): View {
    const stance = this.#stance(daemonSet, node, policy);
    const proven = policy?.status?.provenRevision;
    const newest = daemonSet.spec.template;
    const held = proven === undefined ? newest : this.#templates.get(proven);
    const template = stance === 'mute' ? undefined : stance === 'free' ? newest : held;
    const both = held === undefined ? [newest] : [newest, held];
    const stays = stance === 'free' ? [newest] : stance === 'back' && held !== undefined ? [held] : both;
    return { daemonSet, node, policy, stance, template, stays };
  }

  /** The order is the rule. */
  #stance(
    daemonSet: Stored<DaemonSet>,
    node: Stored<Node> | undefined,
    policy: Stored<RolloutPolicy> | undefined,
  ): Stance {
    if (policy === undefined) return 'free';
    const status = statusOf(policy, daemonSet);
    if (status === undefined) return 'mute';
    const { revision, provenRevision, phase, observedGeneration, openWaves = 0, waves = [] } = status;
    const { spec, metadata } = policy;
    if (spec.paused === true || isUnreadable(spec)) return 'paused';
    if (observedGeneration !== metadata.generation || !this.isNewest(revision, daemonSet)) return 'paused';
    if (provenRevision === undefined || this.same(provenRevision, revision)) return 'free';
    if (phase === 'Held' || phase === 'Invalid') return 'held';
    if (phase === 'RolledBack') return 'back';
    const ranks = waves.map(({ rankMax }) => rankMax);
    return node !== undefined && waveOf(spec, ranks, node) < openWaves ? 'free' : 'held';
  }
}

/** What the status says of this DaemonSet; of one that is gone and had its name it says nothing. */
export function statusOf({ status }: RolloutPolicy, { metadata }: Stored<DaemonSet>): RolloutPolicyStatus | undefined {
  return status?.daemonSetUID === metadata.uid ? status : undefined;
}

/** The oldest that names the DaemonSet counts. */
export function governorOf(
  policies: readonly Stored<RolloutPolicy>[],
  { metadata: { name, namespace } }: Stored<DaemonSet>,
): Stored<RolloutPolicy> | undefined {
  const age = ({ metadata }: Stored<RolloutPolicy>) => `${metadata.creationTimestamp} ${metadata.name}`;
  return policies
    .filter(({ metadata, spec }) => metadata.namespace === namespace && spec.targetRef.name === name)
    .toSorted((a, b) => (age(a) < age(b) ? -1 : 1))[0];
}

/** The index of the node's wave; that of `rest` is the number of waves. */
export function waveOf(
  { waves = [] }: RolloutPolicySpec,
  ranks: readonly (number | undefined)[],
  { metadata }: Stored<Node>,
): number {
  const index = waves.findIndex(
    ({ nodeSelector }, at) =>
      (nodeSelector === undefined || compileLabelSelector(nodeSelector)(metadata.labels ?? {})) &&
      rankOf(metadata.name) <= (ranks[at] ?? Number.POSITIVE_INFINITY),
  );
  return index === -1 ? waves.length : index;
}

/** FNV-1a, 32 bits: the order in which waves with a limit take nodes. */
function rankOf(name: string): number {
  let hash = 0x811c9dc5;
  for (const unit of name) hash = Math.imul(hash ^ unit.charCodeAt(0), 0x01000193);
  return hash >>> 0;
}

/** Two waves of one name, a number of nodes that is none, a selector that wants one of no values. */
export function isUnreadable({ waves = [] }: RolloutPolicySpec): boolean {
  const names = ['rest', ...waves.map(({ name }) => name)];
  return new Set(names).size < names.length || waves.some(isUnreadableWave);
}

function isUnreadableWave({ nodes = 1, nodeSelector }: RolloutWave): boolean {
  return scaleRoundingUp(nodes, 100) === undefined || hasNoValues(nodeSelector);
}

function hasNoValues({ matchExpressions = [] }: LabelSelector = {}): boolean {
  return matchExpressions.some(({ operator, values = [] }) => operator === 'In' && values.length === 0);
}
