// The nodes of the simulation, the scheduler, the node agents and the collector of pods whose node is gone, in one:
// everything that moves a pod along once it is made. Writes straight to the server, as others' components do that are
// not under test. `tick` does what is due and says when the next thing is.
import {
  findCondition,
  findUntolerated,
  formatTime,
  isTrue,
  type Node,
  pinnedNode,
  type Pod,
  resources,
  type Stored,
} from '../api/index.ts';
import type { Clock, Random } from '../machinery/index.ts';
import type { ModelServer } from './model-server.ts';
import type { Nodes, TroubleKind } from './site.ts';

/** What is wrong with a node, beyond what its object says; all times are ends. */
interface Trouble {
  /** The agent does nothing and the node is not Ready. */
  down?: boolean;
  /** Pods that were told to stop do not. */
  stuck?: boolean;
  slowUntil?: number;
  /** Pods fail as soon as they start. */
  failUntil?: number;
  unreadyUntil?: number;
}

interface Life {
  bindAt: number;
  startAt?: number;
  readyAt?: number;
  stopAt?: number;
}

const actor = 'agent';
const bindMsMax = 600;
const startMsMax = 1500;
const slowStartMs = 25_000;
const stopMsMax = 1500;
/** How long the pod garbage collector leaves pods of a node that is gone. */
const lostPodMs = 8000;

export class Fleet implements Nodes {
  readonly #server: ModelServer;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #stir: () => void;
  readonly #lives = new Map<string, Life>();
  readonly #troubles = new Map<string, Trouble>();
  #next = Number.POSITIVE_INFINITY;

  constructor(options: {
    readonly server: ModelServer;
    readonly clock: Clock;
    readonly random: Random;
    /** Asks for a tick soon. */
    readonly stir: () => void;
  }) {
    this.#server = options.server;
    this.#clock = options.clock;
    this.#random = options.random;
    this.#stir = options.stir;
  }

  join(name: string, labels: Readonly<Record<string, string>>): void {
    if (this.#server.find(resources.nodes, undefined, name) !== undefined) return;
    this.#troubles.delete(name);
    this.#server.create(actor, resources.nodes, { metadata: { name, labels }, spec: {}, status: this.#ready('True') });
  }

  leave(name: string): void {
    const node = this.#server.find(resources.nodes, undefined, name);
    if (node !== undefined) this.#server.remove(actor, resources.nodes, node);
  }

  trouble(name: string, kind: TroubleKind, forMs: number): void {
    const until = this.#clock.now() + forMs;
    if (kind === 'slow') this.#set(name, { slowUntil: until });
    else if (kind === 'unready') this.#set(name, { unreadyUntil: until });
    else if (kind === 'failing') {
      this.#fail(name, undefined);
      this.#set(name, { failUntil: until });
    } else {
      this.#set(name, { [kind]: true });
      this.#clock.after(forMs, () => {
        this.#set(name, { [kind]: false });
        this.#stir();
      });
    }
  }

  evict(name: string): void {
    this.#fail(name, 'Evicted');
  }

  #set(name: string, trouble: Trouble): void {
    const before = this.#troubles.get(name) ?? {};
    this.#troubles.set(name, { ...before, ...trouble });
    const node = this.#server.find(resources.nodes, undefined, name);
    if (node === undefined || trouble.down === undefined || trouble.down === (before.down ?? false)) return;
    const status = this.#ready(trouble.down ? 'Unknown' : 'True');
    this.#server.update(actor, resources.nodes, { ...node, status }, { subresource: 'status' });
  }

  /** Ends every trouble. */
  heal(): void {
    for (const name of this.#troubles.keys())
      this.#set(name, { down: false, stuck: false, slowUntil: 0, failUntil: 0, unreadyUntil: 0 });
  }

  /** Does what is due; returns when something will be again, if only time is needed for it. */
  tick(): number | undefined {
    this.#next = Number.POSITIVE_INFINITY;
    for (const pod of this.#server.all(resources.pods)) this.#step(pod);
    return this.#next === Number.POSITIVE_INFINITY ? undefined : this.#next;
  }

  /** A running pod of the node ends for good. */
  #fail(nodeName: string, reason: string | undefined): void {
    for (const pod of this.#server.all(resources.pods))
      if (pod.spec.nodeName === nodeName && pod.status?.phase === 'Running')
        this.#setStatus(pod, 'Failed', 'False', reason);
  }

  #step(pod: Stored<Pod>): void {
    const { nodeName } = pod.spec;
    const life = this.#life(pod);
    const node = nodeName === undefined ? undefined : this.#server.find(resources.nodes, undefined, nodeName);
    const trouble = this.#troubles.get(nodeName ?? '') ?? {};
    if (nodeName !== undefined && node === undefined) {
      life.stopAt ??= this.#clock.now() + lostPodMs;
      if (this.#isDue(life.stopAt)) this.#server.remove(actor, resources.pods, pod);
    } else if (pod.metadata.deletionTimestamp !== undefined) {
      if (trouble.down === true || trouble.stuck === true) return;
      life.stopAt ??= this.#clock.now() + this.#upTo(stopMsMax);
      if (this.#isDue(life.stopAt)) this.#server.remove(actor, resources.pods, pod);
    } else if (pod.status?.phase === 'Failed') return;
    else if (node === undefined) this.#bind(pod, life);
    else this.#run(pod, life, trouble);
  }

  #bind(pod: Stored<Pod>, life: Life): void {
    const name = pinnedNode(pod.spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution);
    const node = name === undefined ? undefined : this.#server.find(resources.nodes, undefined, name);
    if (node === undefined || !this.#isDue(life.bindAt)) return;
    if (findUntolerated(node.spec?.taints ?? [], pod.spec.tolerations ?? [], ['NoSchedule', 'NoExecute'])) return;
    this.#server.update(actor, resources.pods, { ...pod, spec: { ...pod.spec, nodeName: node.metadata.name } });
    this.#soon(this.#clock.now());
  }

  #run(pod: Stored<Pod>, life: Life, trouble: Trouble): void {
    const now = this.#clock.now();
    if (trouble.down === true) {
      if (isTrue(pod.status?.conditions, 'Ready')) this.#setStatus(pod, 'Running', 'False');
      return;
    }
    const slow = (trouble.slowUntil ?? 0) > now;
    life.startAt ??= now + this.#upTo(slow ? slowStartMs : startMsMax);
    if (!this.#isDue(life.startAt)) return;
    life.readyAt ??= now + this.#upTo(startMsMax);
    if ((trouble.failUntil ?? 0) > now) {
      this.#setStatus(pod, 'Failed', 'False');
      return;
    }
    const unready = (trouble.unreadyUntil ?? 0) > now;
    if (unready) this.#soon(trouble.unreadyUntil!);
    const broken = pod.spec.containers[0]?.image?.includes('broken') === true;
    const ready = !broken && !unready && this.#isDue(life.readyAt) ? 'True' : 'False';
    const before = findCondition(pod.status?.conditions, 'Ready')?.status;
    if (before !== ready) this.#setStatus(pod, 'Running', ready);
  }

  #life(pod: Stored<Pod>): Life {
    let life = this.#lives.get(pod.metadata.uid);
    if (life === undefined) {
      life = { bindAt: this.#clock.now() + this.#upTo(bindMsMax) };
      this.#lives.set(pod.metadata.uid, life);
    }
    return life;
  }

  #isDue(at: number): boolean {
    if (at <= this.#clock.now()) return true;
    this.#soon(at);
    return false;
  }

  #soon(at: number): void {
    this.#next = Math.min(this.#next, at);
  }

  #setStatus(pod: Stored<Pod>, phase: string, ready: string, reason?: string): void {
    const startTime = pod.status?.startTime ?? formatTime(this.#clock.now());
    const status = { phase, startTime, ...this.#ready(ready), ...(reason === undefined ? {} : { reason }) };
    this.#server.update(actor, resources.pods, { ...pod, status }, { subresource: 'status' });
  }

  #ready(status: string): NonNullable<Node['status']> {
    return { conditions: [{ type: 'Ready', status, lastTransitionTime: formatTime(this.#clock.now()) }] };
  }

  #upTo(ms: number): number {
    return Math.floor(this.#random.next() * ms);
  }
}
