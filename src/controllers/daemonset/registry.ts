// Routes what the watches bring to the DaemonSets it concerns: nodes to all of them, pods and revisions to the one that
// controls them or to those that may adopt them. O(1) per event of a controlled pod; keeps views by owner, so that a
// DaemonSet that appears later finds what is already there. Decides nothing: claim() does (core/daemonset/ownership.ts).
import {
  type ControllerRevision,
  controllerOf,
  type DaemonSet,
  type RolloutPolicy,
  type Stored,
} from '../../api/index.ts';
import { type Claim, claim, type NodeView, type PodView, sameNode } from '../../core/daemonset/index.ts';
import { type OwnedEntry, OwnerIndex } from './owner-index.ts';
import type { PolicyIndex } from './policy-index.ts';
import { claimantOf, track, type Tracked } from './tracked.ts';

export interface RegistryOptions {
  readonly policies: PolicyIndex;
  now(): number;
  /** Something of this DaemonSet changed. */
  touched(tracked: Tracked): void;
}

type StoredRevision = Stored<ControllerRevision>;

interface RevisionEntry extends OwnedEntry {
  readonly revision: StoredRevision;
}

export class Registry {
  readonly #options: RegistryOptions;
  readonly #byUid = new Map<string, Tracked>();
  readonly #byKey = new Map<string, Tracked>();
  readonly #nodes = new Map<string, NodeView>();
  readonly #pods = new OwnerIndex<PodView>();
  readonly #revisions = new OwnerIndex<RevisionEntry>();

  constructor(options: RegistryOptions) {
    this.#options = options;
  }

  get(key: string): Tracked | undefined {
    return this.#byKey.get(key);
  }

  all(): Iterable<Tracked> {
    return this.#byKey.values();
  }

  setDaemonSet(object: Stored<DaemonSet>): void {
    const known = this.#byUid.get(object.metadata.uid);
    if (known === undefined) {
      this.#track(object);
      return;
    }
    const before = known.object;
    known.object = object;
    if (before.metadata.generation !== object.metadata.generation) known.targetIsStale = true;
    const deleting = object.metadata.deletionTimestamp !== undefined;
    if (known.claimant.deleting !== deleting || before.metadata.generation !== object.metadata.generation) {
      known.claimant = claimantOf(object);
      this.#claimAll(known);
    }
    this.#options.touched(known);
  }

  removeDaemonSet(object: Stored<DaemonSet>): void {
    const tracked = this.#byUid.get(object.metadata.uid);
    if (tracked === undefined) return;
    tracked.gone = true;
    this.#byUid.delete(tracked.uid);
    if (this.#byKey.get(tracked.key) === tracked) this.#byKey.delete(tracked.key);
  }

  setNode(node: NodeView): void {
    const before = this.#nodes.get(node.name);
    this.#nodes.set(node.name, node);
    if (before !== undefined && sameNode(before, node)) return;
    for (const tracked of this.#byUid.values()) {
      tracked.ledger.setNode(node, this.#options.now());
      this.#options.touched(tracked);
    }
  }

  removeNode(node: NodeView): void {
    this.#nodes.delete(node.name);
    for (const tracked of this.#byUid.values()) {
      tracked.ledger.removeNode(node.name, this.#options.now());
      this.#options.touched(tracked);
    }
  }

  setPod(pod: PodView, previous: PodView | undefined): void {
    if (previous !== undefined && previous.controller !== pod.controller) this.#releasePod(previous);
    this.#pods.set(pod);
    for (const tracked of this.#concerned(pod.controller, pod.namespace)) {
      this.#claimPod(tracked, pod);
    }
  }

  removePod(pod: PodView): void {
    this.#pods.remove(pod);
    for (const tracked of this.#concerned(pod.controller, pod.namespace)) {
      tracked.podsToAdopt.delete(pod.uid);
      tracked.podsToRelease.delete(pod.uid);
      noteLoss(tracked, pod.uid);
      tracked.ledger.removePod(pod.uid, this.#options.now());
      this.#options.touched(tracked);
    }
  }

  setRevision(revision: StoredRevision, previous: StoredRevision | undefined): void {
    const entry = entryOf(revision);
    if (previous !== undefined && entryOf(previous).controller !== entry.controller) this.removeRevision(previous);
    this.#revisions.set(entry);
    for (const tracked of this.#concerned(entry.controller, entry.namespace)) this.#claimRevision(tracked, revision);
  }

  removeRevision(revision: StoredRevision): void {
    const entry = entryOf(revision);
    this.#revisions.remove(entry);
    for (const tracked of this.#concerned(entry.controller, entry.namespace)) {
      tracked.revisionsToAdopt.delete(entry.uid);
      tracked.removedRevisions.delete(entry.uid);
      tracked.goneRevisions.add(entry.uid);
      tracked.unseenRevisions.delete(entry.uid);
      if (!tracked.revisions.delete(entry.uid)) continue;
      tracked.targetIsStale = true;
      this.#options.touched(tracked);
    }
  }

  setPolicy(policy: Stored<RolloutPolicy>): void {
    this.#policyChanged(this.#options.policies.set(policy));
  }

  removePolicy(policy: Stored<RolloutPolicy>): void {
    this.#policyChanged(this.#options.policies.remove(policy));
  }

  /** The DaemonSets with these keys have another policy now. */
  #policyChanged(keys: readonly string[]): void {
    for (const key of keys) {
      const tracked = this.#byKey.get(key);
      if (tracked === undefined) continue;
      tracked.targetIsStale = true;
      this.#options.touched(tracked);
    }
  }

  #track(object: Stored<DaemonSet>): void {
    const tracked = track(object);
    this.#byUid.set(tracked.uid, tracked);
    this.#byKey.set(tracked.key, tracked);
    for (const node of this.#nodes.values()) tracked.ledger.setNode(node, this.#options.now());
    this.#claimAll(tracked);
    this.#options.touched(tracked);
  }

  /** Claims everything that this DaemonSet controls, and the orphans of its namespace. */
  #claimAll(tracked: Tracked): void {
    const namespace = tracked.object.metadata.namespace ?? '';
    for (const pod of this.#pods.of(tracked.uid, namespace)) this.#claimPod(tracked, pod);
    for (const { revision } of this.#revisions.of(tracked.uid, namespace)) this.#claimRevision(tracked, revision);
  }

  #claimPod(tracked: Tracked, pod: PodView): void {
    const verdict = this.#verdict(tracked, pod.labels, pod.controller, pod.deletionAt !== undefined);
    if (verdict === 'ignore' && pod.controller === undefined && !tracked.podsToAdopt.has(pod.uid)) return;
    setOrDelete(tracked.podsToAdopt, pod.uid, verdict === 'adopt' ? pod : undefined);
    setOrDelete(tracked.podsToRelease, pod.uid, verdict === 'release' ? pod : undefined);
    if (pod.deletionAt !== undefined) noteLoss(tracked, pod.uid);
    if (verdict === 'keep') tracked.ledger.setPod(pod, this.#options.now());
    else tracked.ledger.releasePod(pod.uid, this.#options.now());
    this.#options.touched(tracked);
  }

  /** It has another owner now, or none; whom it concerns then is looked at anew. */
  #releasePod(pod: PodView): void {
    this.#pods.remove(pod);
    for (const tracked of this.#concerned(pod.controller, pod.namespace)) {
      tracked.podsToAdopt.delete(pod.uid);
      tracked.podsToRelease.delete(pod.uid);
      tracked.ledger.releasePod(pod.uid, this.#options.now());
      this.#options.touched(tracked);
    }
  }

  #claimRevision(tracked: Tracked, revision: StoredRevision): void {
    const { uid, labels = {}, deletionTimestamp } = revision.metadata;
    if (tracked.removedRevisions.has(uid)) return;
    const verdict = this.#verdict(tracked, labels, entryOf(revision).controller, deletionTimestamp !== undefined);
    setOrDelete(tracked.revisionsToAdopt, uid, verdict === 'adopt' ? revision : undefined);
    // A revision is never released: its labels are its own, and nothing but this DaemonSet can use it.
    const ours = verdict === 'keep' || verdict === 'release';
    tracked.unseenRevisions.delete(uid);
    if (!ours && verdict !== 'adopt') return;
    if (ours) tracked.revisions.set(uid, revision);
    tracked.targetIsStale = true;
    this.#options.touched(tracked);
  }

  #verdict(tracked: Tracked, labels: PodView['labels'], controller: string | undefined, deleting: boolean): Claim {
    return claim(tracked.claimant, { labels, controller, deleting });
  }

  /** The DaemonSet that controls the object, or all of its namespace when nobody does. */
  *#concerned(controller: string | undefined, namespace: string): Iterable<Tracked> {
    if (controller !== undefined) {
      const tracked = this.#byUid.get(controller);
      if (tracked !== undefined) yield tracked;
      return;
    }
    for (const tracked of this.#byUid.values()) if (tracked.object.metadata.namespace === namespace) yield tracked;
  }
}

function noteLoss(tracked: Tracked, uid: string): void {
  if (!tracked.ledger.isRemoving(uid)) tracked.lostPods = true;
}

function entryOf(revision: StoredRevision): RevisionEntry {
  const { uid, namespace = '' } = revision.metadata;
  return { uid, namespace, controller: controllerOf(revision.metadata)?.uid, revision };
}

function setOrDelete<K, V>(map: Map<K, V>, key: K, value: V | undefined): void {
  if (value === undefined) map.delete(key);
  else map.set(key, value);
}
