// The book of one DaemonSet: a slot per node, its pods, its state, and the counts. An event touches one slot; counts,
// candidates and due times follow in O(log n) at most. A new target (template, strategy) costs O(nodes), once. The
// ledger decides nothing about a node (assess.ts) nor about how many at once (rollout.ts): it only keeps them up to date.
import { BinaryHeap } from '../../api/index.ts';
import { isAvailable } from './availability.ts';
import { nextBackoff } from './backoff.ts';
import { nextPodName } from './naming.ts';
import {
  type Action,
  type CreatePod,
  type CreateReason,
  type DeletePod,
  type DeleteReason,
  type Plan,
  type PlanLimits,
  unlimited,
} from './plan.ts';
import { allowance, keepsBudget } from './rollout.ts';
import { assess, confirms } from './assess.ts';
import type { WaveCounts } from './policy/stage.ts';
import { forgetSent, idle, setTimes, type Slot, type SlotState } from './slot.ts';
import { placementOn, surges, type Target, wantedRevision } from './target.ts';
import { bump, type Candidacy, type Counts, Totals } from './totals.ts';
import { type NodeView, type PodView, revisionOf } from './views.ts';

const noPods: readonly PodView[] = [];
const nothingSent: ReadonlyMap<string, number> = new Map();

export class Ledger {
  #target: Target | undefined;
  readonly #slots = new Map<string, Slot>();
  /** Which slot a pod was folded into. */
  readonly #slotOfPod = new Map<string, string>();
  readonly #totals = new Totals();
  readonly #podsOfRevision = new Map<string, number>();
  /** Slots with a create on its way; those whose pod was seen are dropped when they are come across. */
  readonly #creating = new Set<Slot>();
  /** Reviews that only time brings; an entry whose slot has another due time by now is skipped. */
  readonly #due = new BinaryHeap<{ readonly at: number; readonly slot: Slot }>((a, b) => a.at - b.at);

  get target(): Target | undefined {
    return this.#target;
  }

  get counts(): Counts {
    return this.#totals.counts;
  }

  /** Slots by state; states that no slot is in may be missing. */
  get states(): ReadonlyMap<SlotState, number> {
    return this.#totals.states;
  }

  get slots(): Iterable<Readonly<Slot>> {
    return this.#slots.values();
  }

  slot(node: string): Readonly<Slot> | undefined {
    return this.#slots.get(node);
  }

  /** Whether the pod goes because we said so. */
  isRemoving(uid: string): boolean {
    const node = this.#slotOfPod.get(uid);
    return node !== undefined && this.#slots.get(node)?.deleting.has(uid) === true;
  }

  /** Whether any pod, finished ones and those on their way included, is of this revision. */
  isRevisionLive(revision: string): boolean {
    if (this.#podsOfRevision.has(revision)) return true;
    for (const slot of this.#creating)
      if (slot.creating === undefined) this.#creating.delete(slot);
      else if (slot.creating.revision === revision) return true;
    return false;
  }

  /** Of how many nodes each wave of the policy is, and how they stand. */
  get waves(): readonly WaveCounts[] {
    return this.#totals.waves;
  }

  /** How many available pods carry each revision; goes over all of them. */
  availableByRevision(now: number): ReadonlyMap<string, number> {
    const found = new Map<string, number>();
    for (const { pods } of this.#slots.values())
      for (const pod of pods) {
        const revision = revisionOf(pod);
        const serves = pod.deletionAt === undefined && isAvailable(pod, this.#target?.minReadyMs ?? 0, now);
        if (revision !== undefined && serves) bump(found, revision, 1);
      }
    return found;
  }

  /** Nodes where a pod of the newest revision should run. */
  *eligible(): Iterable<NodeView> {
    for (const { node } of this.#slots.values())
      if (node !== undefined && this.#target?.placement(node).run) yield node;
  }

  /** How many nodes wait to be replaced as the budget allows. */
  get outdated(): number {
    return this.#totals.outdated;
  }

  /** How many nodes wait for a create that was not sent. */
  get waitingToCreate(): number {
    return this.#totals.toCreate.size;
  }

  /** Takes up a new target. Back-offs are forgotten when the spec moved: the user may have mended what failed. */
  retarget(target: Target, now: number): void {
    const moved = this.#target?.generation !== target.generation;
    this.#target = target;
    for (const slot of this.#slots.values()) {
      this.#withdraw(slot);
      if (moved) slot.backoff = undefined;
      this.#place(slot);
      this.#enter(slot, now);
    }
  }

  setNode(node: NodeView, now: number): void {
    const slot = this.#slotFor(node.name);
    // The old assessment is withdrawn under the old zone.
    this.#withdraw(slot);
    slot.node = node;
    this.#place(slot);
    this.#enter(slot, now);
  }

  removeNode(name: string, now: number): void {
    const slot = this.#slots.get(name);
    if (slot === undefined) return;
    this.#withdraw(slot);
    slot.node = undefined;
    this.#place(slot);
    slot.backoff = undefined;
    this.#enter(slot, now);
  }

  /** Folds in a pod of this DaemonSet as last seen. A pod that points at no node has no slot and is left alone. */
  setPod(pod: PodView, now: number): void {
    const before = this.#slotOfPod.get(pod.uid);
    if (before !== undefined && before !== pod.node) this.removePod(pod.uid, now);
    if (pod.node === undefined) return;
    const slot = this.#slotFor(pod.node);
    const index = slot.pods.findIndex(({ uid }) => uid === pod.uid);
    this.#countRevision(index === -1 ? undefined : slot.pods[index], pod);
    slot.pods = index === -1 ? [...slot.pods, pod] : slot.pods.with(index, pod);
    this.#slotOfPod.set(pod.uid, pod.node);
    if (slot.creating?.name === pod.name) slot.creating = undefined;
    if (pod.ready && pod.readyChangedAt !== undefined) slot.aliveAt = Math.max(slot.aliveAt, pod.readyChangedAt);
    this.#reassess(slot, now);
  }

  /** The pod is gone. */
  removePod(uid: string, now: number): void {
    this.#takeOut(uid, now, (slot) => {
      this.#slotOfPod.delete(uid);
      this.#forgetDeletion(slot, uid);
    });
  }

  /**
   * The pod is no pod of this DaemonSet any more. Should it be one again, in what a late watch tells, it is remembered
   * that it was to go.
   */
  releasePod(uid: string, now: number): void {
    this.#takeOut(uid, now, (slot) => {
      if (!slot.deleting.has(uid)) this.#slotOfPod.delete(uid);
    });
  }

  #takeOut(uid: string, now: number, forget: (slot: Slot) => void): void {
    const name = this.#slotOfPod.get(uid);
    const slot = name === undefined ? undefined : this.#slots.get(name);
    if (slot === undefined) return;
    const pod = slot.pods.find((one) => one.uid === uid);
    if (pod !== undefined) {
      this.#countRevision(pod, undefined);
      slot.pods = slot.pods.length === 1 ? noPods : slot.pods.filter((one) => one !== pod);
    }
    forget(slot);
    this.#reassess(slot, now);
  }

  /** The clock was set by so much; `now` is what it says since. */
  clockSet(byMs: number, now: number): void {
    for (const slot of this.#slots.values()) this.#reassess(setTimes(slot, byMs), now);
  }

  /** Reviews what only time changes, and drops what was sent and has not been heard of for long: nothing else does that. */
  advance(now: number): void {
    for (let due = this.#due.peek(); due !== undefined && due.at <= now; due = this.#due.peek()) {
      this.#due.pop();
      if (due.slot.assessment.reviewAt !== due.at) continue;
      forgetSent(due.slot, now);
      this.#reassess(due.slot, now);
    }
  }

  /** When `advance` is needed next. */
  get dueAt(): number | undefined {
    for (let due = this.#due.peek(); due !== undefined; due = this.#due.peek()) {
      if (due.slot.assessment.reviewAt === due.at) return due.at;
      this.#due.pop();
    }
    return undefined;
  }

  /** What to do now. Changes nothing: an action counts as under way only once `sent` says so. */
  plan(limits: PlanLimits = unlimited): Plan {
    const target = this.#target;
    if (target === undefined) return { creates: [], deletes: [] };
    const creates: CreatePod[] = [];
    const deletes: DeletePod[] = [];
    const createRoom = () => limits.createsMax - creates.length;
    const deleteRoom = () => limits.deletesMax - deletes.length;
    for (const slot of this.#totals.toRemove) {
      if (deleteRoom() <= 0) break;
      for (const { pod, reason } of slot.assessment.removals.slice(0, deleteRoom()))
        deletes.push(deletion(slot, pod, reason));
    }
    for (const slot of this.#totals.toCreate) {
      if (createRoom() <= 0) break;
      creates.push(creation(slot, target, slot.assessment.create!));
    }
    const allowed = allowance(target, this.#totals.fleet);
    for (const kind of ['settling', 'serving'] as const) {
      if (surges(target))
        for (const slot of this.#first(kind, Math.min(allowed[kind], createRoom())))
          creates.push(creation(slot, target, 'surge'));
      else
        for (const slot of this.#first(kind, Math.min(allowed[kind], deleteRoom())))
          deletes.push(deletion(slot, slot.assessment.replaceable!, 'outdated'));
    }
    for (const slot of this.#first('retirable', Math.min(allowed.retirable, deleteRoom())))
      deletes.push(deletion(slot, slot.assessment.retirable!, 'retired'));
    return { creates, deletes };
  }

  /** Whether what was sent would be decided again: asked when it had to wait before it could go out. */
  confirms(action: Action, now: number): boolean {
    const slot = this.#slots.get(action.node);
    const target = this.#target;
    if (slot === undefined || target === undefined) return false;
    return confirms(slot, target, action, now) && keepsBudget(action, target, this.#totals.fleet);
  }

  /** The action was sent: it counts as done until it is seen, fails, or is forgotten (slot.ts: sentMemoryMs). */
  sent(action: Action, now: number): void {
    const slot = this.#slots.get(action.node);
    if (slot === undefined) return;
    if (action.type === 'create') {
      const { name, revision, reason } = action;
      slot.creating = { name, revision, reason, sentAt: now };
      this.#creating.add(slot);
    } else {
      slot.deleting = new Map(slot.deleting).set(action.uid, now);
      // All finished pods of a node go together and take one step.
      const finished = action.reason === 'failed' || action.reason === 'succeeded';
      if (finished && slot.backoff?.since !== now) slot.backoff = nextBackoff(slot.backoff, now);
    }
    this.#reassess(slot, now);
  }

  /** It goes out only now, having waited for room: the back-off it took a step of counts from here. */
  goesOut(action: Action, now: number): void {
    const slot = this.#slots.get(action.node);
    const finished = action.reason === 'failed' || action.reason === 'succeeded';
    if (!finished || slot?.backoff === undefined || slot.backoff.since === now) return;
    slot.backoff = { ...slot.backoff, since: now };
    this.#reassess(slot, now);
  }

  /** The action is on its way, or has happened: it is not forgotten yet. Returns false when it was seen meanwhile. */
  remember(action: Action, now: number): boolean {
    const slot = this.#slots.get(action.node);
    if (slot === undefined) return false;
    if (action.type === 'create') {
      if (slot.creating?.name !== action.name) return false;
      slot.creating = { ...slot.creating, sentAt: now };
    } else {
      const pod = slot.pods.find(({ uid }) => uid === action.uid);
      if (pod === undefined ? !slot.deleting.has(action.uid) : pod.deletionAt !== undefined) return false;
      slot.deleting = new Map(slot.deleting).set(action.uid, now);
    }
    this.#reassess(slot, now);
    return true;
  }

  /** The API server refused the action, or it is known not to have happened: it is to be decided anew. */
  failed(action: Action, now: number): void {
    const slot = this.#slots.get(action.node);
    if (slot === undefined) return;
    if (action.type === 'delete') this.#forgetDeletion(slot, action.uid);
    else if (slot.creating?.name === action.name) slot.creating = undefined;
    this.#reassess(slot, now);
  }

  /** The name belongs to somebody else's pod: the next attempt on this node takes another one. */
  nameTaken(action: CreatePod, now: number): void {
    const slot = this.#slots.get(action.node);
    if (slot !== undefined) slot.salt++;
    this.failed(action, now);
  }

  #first(kind: Candidacy, count: number): Slot[] {
    return this.#totals.first(kind, count).map((name) => this.#slots.get(name)!);
  }

  #slotFor(name: string): Slot {
    let slot = this.#slots.get(name);
    if (slot === undefined) {
      slot = {
        name,
        node: undefined,
        verdict: undefined,
        wave: undefined,
        pods: noPods,
        creating: undefined,
        deleting: nothingSent,
        backoff: undefined,
        aliveAt: Number.NEGATIVE_INFINITY,
        salt: 0,
        assessment: idle,
      };
      this.#slots.set(name, slot);
      this.#totals.add(slot, idle);
    }
    return slot;
  }

  /** What the target says of the node by itself. */
  #place(slot: Slot): void {
    const { node } = slot;
    const target = this.#target;
    slot.verdict = node === undefined || target === undefined ? undefined : placementOn(target, node);
    slot.wave = node === undefined ? undefined : target?.gate?.waveOf(node);
  }

  #reassess(slot: Slot, now: number): void {
    this.#withdraw(slot);
    this.#enter(slot, now);
  }

  #withdraw(slot: Slot): void {
    this.#totals.remove(slot, slot.assessment);
  }

  #enter(slot: Slot, now: number): void {
    const queuedAt = slot.assessment.reviewAt;
    slot.assessment = this.#target === undefined ? idle : assess(slot, this.#target, now);
    if (slot.node === undefined && slot.pods.length === 0 && slot.creating === undefined) {
      this.#slots.delete(slot.name);
      return;
    }
    this.#totals.add(slot, slot.assessment);
    const { reviewAt } = slot.assessment;
    // Queued once, however many events leave the time as it is. (`advance` never leaves a time that it took out.)
    if (reviewAt !== undefined && reviewAt !== queuedAt) this.#due.push({ at: reviewAt, slot });
  }

  #countRevision(before: PodView | undefined, after: PodView | undefined): void {
    const old = before === undefined ? undefined : revisionOf(before);
    const next = after === undefined ? undefined : revisionOf(after);
    if (old === next) return;
    if (old !== undefined) bump(this.#podsOfRevision, old, -1);
    if (next !== undefined) bump(this.#podsOfRevision, next, 1);
  }

  #forgetDeletion(slot: Slot, uid: string): void {
    if (!slot.deleting.has(uid)) return;
    const left = new Map(slot.deleting);
    left.delete(uid);
    slot.deleting = left.size === 0 ? nothingSent : left;
  }
}

function creation(slot: Slot, target: Target, reason: CreateReason): CreatePod {
  const revision = wantedRevision(target, slot.node!)!;
  return { type: 'create', node: slot.name, revision, name: nextPodName(slot, target, revision), reason };
}

function deletion(slot: Slot, pod: PodView, reason: DeleteReason): DeletePod {
  const { namespace, name, uid, resourceVersion } = pod;
  const asSeen = reason === 'outdated-unready' || (reason === 'outdated' && slot.assessment.replaceableIsSettling);
  return { type: 'delete', node: slot.name, namespace, name, uid, reason, ...(asSeen ? { resourceVersion } : {}) };
}
