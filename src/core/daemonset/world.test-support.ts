// A small world around a ledger: an API server, nodes that run pods, a watch that lags, requests that take time, fail or
// lose their answer, a controller that crashes. Everything follows from one seed. Checked at every tick: never too many
// pods on a node, never more unavailable through our doing than the budget.
import assert from 'node:assert/strict';
import { type Random, seededRandom } from '../../machinery/index.ts';
import {
  nodeInZone,
  now,
  pod as makePod,
  rolling,
  second,
  taint,
  target as makeTarget,
} from './builders.test-support.ts';
import { Ledger } from './ledger.ts';
import type { Action } from './plan.ts';
import type { Target } from './target.ts';
import { isTerminal, type NodeView, type PodView, revisionOf } from './views.ts';

export interface WorldOptions {
  readonly seed: number;
  readonly nodes: number;
  readonly maxUnavailable: number;
  readonly maxSurge: number;
  readonly minReadySeconds: number;
}

const watchLagMs = 8 * second;
const requestMs = 4 * second;
const graceMs = 5 * second;

export class World {
  time = now;
  ledger = new Ledger();
  target: Target;
  readonly nodes = new Map<string, NodeView>();
  /** By name, as the API server has them. */
  readonly pods = new Map<string, PodView>();
  readonly #options: WorldOptions;
  readonly #random: Random;
  /** What the controller will hear, in order. */
  #watch: { readonly at: number; readonly tell: (ledger: Ledger) => void }[] = [];
  /** What the API server will do, in any order. */
  #requests: { readonly at: number; readonly action: Action }[] = [];
  /** Nodes whose last available pod we deleted, until they are served again or it is no longer our fault. */
  readonly #takenDown = new Set<string>();
  /** Revisions whose pods never get ready, or fail. */
  readonly #bad = new Set<string>();
  #uids = 0;

  constructor(options: WorldOptions) {
    this.#options = options;
    this.#random = seededRandom(options.seed);
    this.target = this.#makeTarget(1);
    this.ledger.retarget(this.target, this.time);
    for (let index = 0; index < options.nodes; index++) this.#addNode(`node-${index}`);
  }

  #makeTarget(generation: number): Target {
    const { maxUnavailable, maxSurge, minReadySeconds } = this.#options;
    const spec = { ...rolling(maxUnavailable, maxSurge), minReadySeconds };
    const revision = `r${generation}`;
    return {
      ...makeTarget(spec, { terminationGracePeriodSeconds: graceMs / second }, generation),
      revision,
      sameRevisions: new Set([revision]),
    };
  }

  /** One second: requests arrive, nodes work, the watch brings what it brings, the controller acts. */
  tick(faults: boolean): void {
    this.time += second;
    if (faults) this.#disturb();
    const due = this.#requests.filter(({ at }) => at <= this.time);
    this.#requests = this.#requests.filter(({ at }) => at > this.time);
    for (const { action } of due) this.#receive(action, faults);
    for (const view of this.pods.values()) this.#runPod(view);
    this.#checkPods();
    while (this.#watch[0] !== undefined && this.#watch[0].at <= this.time) this.#watch.shift()!.tell(this.ledger);
    this.#control();
    this.#checkBudget();
  }

  /** A last revision that works, on nodes that live. */
  mend(): void {
    this.rollOut(false);
    for (const view of this.nodes.values())
      if (!view.ready) this.#setNode({ ...view, ready: true, readyChangedAt: this.time });
  }

  rollOut(bad: boolean): void {
    this.target = this.#makeTarget(this.target.generation + 1);
    if (bad) this.#bad.add(this.target.revision);
    const { target } = this;
    this.#tell((ledger) => ledger.retarget(target, this.time));
  }

  get quiet(): boolean {
    const { creates, deletes } = this.ledger.plan();
    return this.#watch.length + this.#requests.length + creates.length + deletes.length === 0;
  }

  /** Every node that should have a pod has exactly one, current and available; nobody else has one that should go. */
  get converged(): boolean {
    const { desired, available, updated } = this.ledger.counts;
    if (!this.quiet || available !== desired || updated !== desired) return false;
    for (const view of this.nodes.values()) {
      const here = [...this.pods.values()].filter(({ node }) => node === view.name);
      const { run, stay } = this.target.placement(view);
      if (here.length > (stay ? 1 : 0) || (run && here.length !== 1)) return false;
      if (here.some((pod) => pod.deletionAt !== undefined || revisionOf(pod) !== this.target.revision)) return false;
    }
    return [...this.pods.values()].every(({ node }) => this.nodes.has(node!));
  }

  #chance(probability: number): boolean {
    return this.#random.next() < probability;
  }

  #pick<T>(list: Iterable<T>): T | undefined {
    const all = [...list];
    return all[Math.floor(this.#random.next() * all.length)];
  }

  #later(spreadMs: number): number {
    return this.time + Math.floor((this.#random.next() * spreadMs) / second) * second;
  }

  #tell(tell: (ledger: Ledger) => void): void {
    const at = Math.max(this.#watch.at(-1)?.at ?? 0, this.#later(watchLagMs));
    this.#watch.push({ at, tell });
  }

  #addNode(name: string): void {
    this.#setNode(nodeInZone(name, this.#chance(0.5) ? 'a' : 'b', { readyChangedAt: this.time }));
  }

  #setNode(view: NodeView): void {
    this.nodes.set(view.name, view);
    this.#tell((ledger) => ledger.setNode(view, this.time));
  }

  #setPod(view: PodView): void {
    this.pods.set(view.name, view);
    this.#tell((ledger) => ledger.setPod(view, this.time));
  }

  #removePod(view: PodView): void {
    this.pods.delete(view.name);
    this.#tell((ledger) => ledger.removePod(view.uid, this.time));
  }

  #disturb(): void {
    const node = this.#pick(this.nodes.values());
    if (this.#chance(0.03)) this.rollOut(this.#chance(0.5));
    if (this.#chance(0.02)) this.#crash();
    if (node !== undefined && this.#chance(0.04))
      this.#setNode({ ...node, ready: !node.ready, readyChangedAt: this.time });
    if (node !== undefined && this.#chance(0.03)) {
      const effect = this.#pick(['NoSchedule', 'NoExecute']);
      this.#setNode({ ...node, taints: node.taints.length > 0 ? [] : [taint(effect!)] });
    }
    if (node !== undefined && this.#chance(0.02)) {
      this.nodes.delete(node.name);
      this.#tell((ledger) => ledger.removeNode(node.name, this.time));
    }
    if (this.#chance(0.03)) {
      const name = `node-${Math.floor(this.#random.next() * this.#options.nodes)}`;
      if (!this.nodes.has(name)) this.#addNode(name);
    }
    const pod = this.#pick(this.pods.values());
    if (pod === undefined || isTerminal(pod)) return;
    const fate = this.#random.next();
    if (fate < 0.03) this.#setPod({ ...pod, phase: this.#pick(['Failed', 'Succeeded'])!, ready: false });
    else if (fate < 0.06) this.#setPod({ ...pod, ready: false, readyChangedAt: this.time });
    else if (fate < 0.09) this.#deletePod(pod);
  }

  /** The controller starts over from a list; what it had sent has either arrived or never will. */
  #crash(): void {
    for (const { action } of this.#requests) if (this.#chance(0.5)) this.#receive(action, false);
    this.#requests = [];
    this.#watch = [];
    this.#takenDown.clear();
    this.ledger = new Ledger();
    for (const view of this.pods.values()) this.ledger.setPod(view, this.time);
    for (const view of this.nodes.values()) this.ledger.setNode(view, this.time);
    this.ledger.retarget(this.target, this.time);
  }

  #control(): void {
    const { ledger } = this;
    ledger.advance(this.time);
    const limits = { createsMax: this.#chance(0.2) ? 1 : 100, deletesMax: this.#chance(0.2) ? 1 : 100 };
    const { creates, deletes } = ledger.plan(limits);
    for (const action of deletes) this.#noteDeletion(action.node, action.uid, action.reason);
    for (const action of [...deletes, ...creates]) {
      ledger.sent(action, this.time);
      this.#requests.push({ at: this.#later(requestMs), action });
    }
  }

  #receive(action: Action, faults: boolean): void {
    // Refused for certain: nothing happened and the controller knows.
    if (faults && this.#chance(0.1)) {
      this.ledger.failed(action, this.time);
      return;
    }
    // What the answer would say is lost on the controller: it waits for the watch in any case.
    if (action.type === 'delete') {
      const found = this.pods.get(action.name);
      if (found?.uid === action.uid && found.deletionAt === undefined) this.#deletePod(found);
    } else if (!this.pods.has(action.name)) {
      this.#setPod(
        makePod(action.name, {
          uid: `uid-${this.#uids++}`,
          node: action.node,
          revision: action.revision,
          bound: false,
          phase: 'Pending',
          ready: false,
          readyChangedAt: undefined,
          createdAt: this.time,
          startedAt: undefined,
        }),
      );
    }
  }

  #deletePod(pod: PodView): void {
    if (pod.deletionAt !== undefined) return;
    if (pod.bound) this.#setPod({ ...pod, deletionAt: this.time + graceMs, deletionGraceMs: graceMs });
    else this.#removePod(pod);
  }

  /** What the scheduler, the node and the pod garbage collector do with a pod in a second, if anything. */
  #runPod(pod: PodView): void {
    const node = this.nodes.get(pod.node!);
    if (node === undefined) {
      if (pod.bound && this.#chance(0.1)) this.#removePod(pod);
      return;
    }
    if (!pod.bound) {
      if (this.#chance(0.5)) this.#setPod({ ...pod, bound: true });
      return;
    }
    if (!node.ready) {
      if (pod.ready && this.#chance(0.5)) this.#setPod({ ...pod, ready: false, readyChangedAt: this.time });
      return;
    }
    if (pod.deletionAt !== undefined) {
      if (this.#chance(0.3)) this.#removePod(pod);
    } else if (isTerminal(pod)) return;
    else if (pod.startedAt === undefined) this.#setPod({ ...pod, phase: 'Running', startedAt: this.time });
    else if (!pod.ready && this.#chance(0.4)) {
      if (!this.#bad.has(revisionOf(pod)!)) this.#setPod({ ...pod, ready: true, readyChangedAt: this.time });
      else if (this.#chance(0.3)) this.#setPod({ ...pod, phase: 'Failed' });
    }
  }

  #checkPods(): void {
    const perNode = Map.groupBy(this.pods.values(), ({ node }) => node!);
    for (const [name, pods] of perNode) {
      const unfinished = pods.filter((pod) => !isTerminal(pod));
      const live = unfinished.filter(({ deletionAt }) => deletionAt === undefined);
      if (this.#options.maxSurge > 0) assert.ok(live.length <= 2, `three pods on ${name}`);
      else assert.ok(unfinished.length <= 1, `two pods on ${name}`);
    }
  }

  #noteDeletion(node: string, uid: string, reason: string): void {
    const { assessment, pods, node: view } = this.ledger.slot(node)!;
    if (!assessment.desired || !assessment.available || view?.ready !== true) return;
    const serves = (pod: PodView) => this.#isAvailable(pod) && pod.deletionAt === undefined;
    const others = pods.filter((pod) => pod.uid !== uid && !this.ledger.slot(node)!.deleting.has(pod.uid));
    if (pods.some((pod) => pod.uid === uid && serves(pod)) && !others.some(serves)) {
      assert.equal(reason, 'outdated', `a pod that alone serves ${node} is deleted`);
      this.#takenDown.add(node);
    }
  }

  #isAvailable({ ready, readyChangedAt }: PodView): boolean {
    return ready && (readyChangedAt ?? 0) + this.#options.minReadySeconds * second <= this.time;
  }

  #checkBudget(): void {
    for (const name of this.#takenDown) {
      const slot = this.ledger.slot(name);
      // Served again, not to be served, or dead by itself.
      if (slot === undefined || !slot.assessment.desired || slot.assessment.available || slot.node?.ready !== true)
        this.#takenDown.delete(name);
    }
    const budget = this.#options.maxSurge > 0 ? 0 : this.#options.maxUnavailable;
    assert.ok(this.#takenDown.size <= budget, `${[...this.#takenDown].join(', ')} are down through our doing`);
  }
}
