// One pod on this node, from the first look to its last trace. Level-triggered: each sync reads what the runtime has,
// lets core/pod decide, and does it. One sync at a time; what interrupts one (deletion, a shorter grace period) is seen by
// the next. Writing the status is not its business.
import {
  type EphemeralContainer,
  parseTime,
  type Pod,
  type PodSpec,
  type PodStatus,
  type Stored,
} from '../../api/index.ts';
import {
  adoptContainers,
  adoptRecords,
  beginAttempt,
  allocatedSpec,
  type ContainerRecord,
  containersInOrder,
  deadlineExceeded,
  deadlineMs,
  isKnownToAgent,
  loseSandbox,
  newRecords,
  observeContainers,
  planPod,
  podPhase,
  podStatus,
  type Rejection,
  rejectedStatus,
  type ResizeState,
} from '../../core/pod/index.ts';
import type { NodeContext, PodHost, TellPod } from './context.ts';
import { changeInPlace } from './in-place.ts';
import { BackOffTeller, finalPhase } from './ends.ts';
import { withExitMessages } from './exit-messages.ts';
import { PodSandbox } from './pod-sandbox.ts';
import { PodVolumes, type SetUpTrouble } from './pod-volumes.ts';
import { clearPod, removeLeftovers, stopSandboxes } from './pod-traces.ts';
import { PodEnd } from './pod-end.ts';
import { PodProbes } from './pod-probes.ts';
import type { PodView } from './runtime.ts';
import { startContainer } from './start-container.ts';
import { tearDownVolumes } from './volumes/set-up.ts';
import type { Eviction } from './housekeeping/evictions.ts';
import { gracePeriodMs, stopContainer, stopContainers } from './stop-containers.ts';

/** A sandbox or volume that could not be made is tried again after this time. */
const setUpRetryMs = 5_000;

export class PodLife {
  readonly #context: NodeContext;
  readonly #host: PodHost;
  readonly #tell: TellPod;
  readonly #probes: PodProbes;
  readonly #backOffs: BackOffTeller;
  readonly #volumes: PodVolumes;
  readonly #sandbox: PodSandbox;
  readonly #ending: PodEnd;
  readonly #rejection: Rejection | undefined;
  readonly #startedMs: number;
  #pod: Stored<Pod>;
  #records: readonly ContainerRecord[];
  #adopted = false;
  #resize: ResizeState | undefined;
  #stopped = false;
  #interrupt = new AbortController();

  constructor(context: NodeContext, host: PodHost, tell: TellPod, pod: Stored<Pod>, rejection: Rejection | undefined) {
    const now = context.clock.now();
    this.#context = context;
    this.#host = host;
    this.#tell = tell;
    this.#backOffs = new BackOffTeller(tell);
    this.#volumes = new PodVolumes(context, tell);
    this.#sandbox = new PodSandbox(context);
    this.#pod = pod;
    this.#rejection = rejection;
    this.#records = isKnownToAgent(pod) ? adoptRecords(pod, now) : newRecords(pod.spec);
    this.#startedMs = parseTime(pod.status?.startTime) ?? now;
    this.#ending = new PodEnd(pod);
    this.#probes = new PodProbes(context, host, tell, pod.metadata.uid);
  }

  get pod(): Stored<Pod> {
    return this.#pod;
  }

  get rejection(): Rejection | undefined {
    return this.#rejection;
  }

  /** Its spec with what it was granted: what it uses of the node. */
  get claims(): PodSpec {
    return allocatedSpec(this.#pod.spec, this.#records);
  }

  get reportsEnd(): boolean {
    return true;
  }

  /** Uses nothing of the node any more. */
  get finished(): boolean {
    return this.#rejection !== undefined || this.#ending.decree !== undefined || this.#stopped;
  }

  /** Asked to go, and nothing of it is left: the API may forget it. */
  get stopped(): boolean {
    return this.#stopped;
  }

  get leaving(): boolean {
    return this.#pod.metadata.deletionTimestamp !== undefined || this.#ending.isOrphaned;
  }

  /** The pod as the API has it now. */
  observe(pod: Stored<Pod>): void {
    // The watch may bring what the answer to our own write has overtaken. Versions grow (KEP-5504).
    if (Number(pod.metadata.resourceVersion) < Number(this.#pod.metadata.resourceVersion)) return;
    const before = this.#pod.metadata;
    this.#pod = pod;
    if (before.deletionTimestamp !== pod.metadata.deletionTimestamp) this.#interruptSync();
  }

  /** The API has it no longer. */
  orphan(): void {
    if (this.#ending.isOrphaned) return;
    this.#ending.orphan(this.#context.clock.now());
    this.#interruptSync();
  }

  /** It has to end, for what it uses of the node. */
  evict({ message, disrupts }: Eviction): void {
    if (this.finished || this.leaving || this.#ending.isSentenced) return;
    this.#ending.sentence({ phase: 'Failed', reason: 'Evicted', message, disrupts }, this.#context.clock.now());
    this.#tell(this.#pod, 'Warning', 'Evicted', message);
    this.#interruptSync();
    this.#host.wake(this.#pod.metadata.uid);
  }

  /** Nothing of the pod is touched: what runs goes on running. */
  abandon(): void {
    this.#probes.stop();
    this.#interruptSync();
  }

  status(now: number): PodStatus {
    if (this.#rejection !== undefined)
      return rejectedStatus(this.#pod, this.#rejection.reason, this.#rejection.message, this.#startedMs);
    const { phase } = this.#pod.status ?? {};
    // An end that was reported stands, also after a restart of the agent.
    if (this.#ending.decree !== undefined && (phase === 'Failed' || phase === 'Succeeded')) return this.#pod.status!;
    return podStatus(
      {
        pod: this.#pod,
        records: this.#probes.withFindings(this.#records),
        decree: this.#ending.decree,
        resize: this.#resize,
        startedMs: this.#startedMs,
        hostIP: this.#context.machine.hostIP,
        podIP: this.#sandbox.current?.ip,
      },
      now,
    );
  }

  /** Does what is to do now. Resolves to when to come again though nothing happened. */
  async sync(): Promise<{ readonly againMs: number | undefined }> {
    if (this.#stopped) return { againMs: undefined };
    const { uid } = this.#pod.metadata;
    const { reader, signal: agentSignal } = this.#context;
    const signal = AbortSignal.any([agentSignal, this.#interrupt.signal]);
    try {
      await this.#see(await reader.read(uid, signal), signal);
      const leftMs = this.#timeLeftMs();
      if (leftMs !== undefined && leftMs <= 0 && !this.#isOver()) this.#expire();
      if (this.leaving) await this.#leave(signal);
      else if (this.#rejection !== undefined) return { againMs: undefined };
      else if (this.#isOver()) await this.#end(signal);
      else return { againMs: earliest(await this.#advance(signal), leftMs) };
      return { againMs: undefined };
    } catch (error) {
      // Interrupted: look again at once, with what is new.
      if (signal.aborted && !agentSignal.aborted) return { againMs: 0 };
      throw error;
    } finally {
      this.#host.changed(uid);
    }
  }

  #interruptSync(): void {
    this.#interrupt.abort();
    this.#interrupt = new AbortController();
  }

  #isOver(): boolean {
    return this.#ending.isOver(this.#pod, this.#records);
  }

  #timeLeftMs(): number | undefined {
    const due = deadlineMs(this.#pod.spec, this.#startedMs);
    return due === undefined ? undefined : due - this.#context.clock.now();
  }

  #expire(): void {
    this.#ending.sentence(deadlineExceeded);
    this.#tell(this.#pod, 'Normal', 'DeadlineExceeded', deadlineExceeded.message ?? '');
  }

  /** Brings the records up to what the runtime has. */
  async #see(view: PodView, signal: AbortSignal): Promise<void> {
    const { clock } = this.#context;
    const now = clock.now();
    const before = this.#records;
    if (this.#adopted) this.#records = observeContainers(before, view.containers, now);
    else this.#records = adoptContainers(this.#pod.spec, before, view.containers, now);
    this.#records = await withExitMessages(this.#context, this.#pod, before, this.#records);
    if (!this.leaving) this.#backOffs.look(this.#pod, this.#records, now);
    await this.#sandbox.see(this.#pod, view.sandboxes, signal);
    this.#adopted = true;
    await removeLeftovers(this.#context, this.#pod, view, this.#records, signal);
  }

  /** Starts what the plan says, and keeps what runs as it should be. */
  async #advance(signal: AbortSignal): Promise<number | undefined> {
    const { clock } = this.#context;
    const { spec } = this.#pod;
    if (this.#sandbox.lost) {
      await this.#endLost(signal);
      if (this.#isOver()) return 0;
    }
    const changed = await this.#changeInPlace(signal);
    for (;;) {
      const plan = planPod(spec, this.#records, clock.now());
      const { start } = plan;
      const againMs = changed === undefined ? plan.againMs : Math.min(plan.againMs ?? changed, changed);
      const refresh = await this.#volumes.refresh(this.#pod, this.#sandbox.current?.ip, start.length > 0, signal);
      if (refresh.trouble !== undefined) return this.#troubled(refresh.trouble, againMs);
      if (start.length === 0) {
        await this.#keep(signal);
        return earliest(againMs === undefined ? undefined : againMs - clock.now(), refresh.againMs);
      }
      if (this.#sandbox.current === undefined) {
        const trouble = await this.#sandbox.start(this.#pod, signal);
        if (trouble !== undefined) return this.#troubled(trouble, againMs);
        this.#host.changed(this.#pod.metadata.uid);
      }
      for (const name of start) await this.#start(name, signal);
    }
  }

  /** Its sandbox is gone, and its network: what still runs in it ends, and all of the pod starts again. */
  async #endLost(signal: AbortSignal): Promise<void> {
    if (this.#records.every(({ attempt }) => attempt.is === 'absent')) return;
    this.#tell(this.#pod, 'Normal', 'SandboxChanged', 'Pod sandbox changed, it will be killed and re-created.');
    await this.#stopAll(this.#context.clock.now() + gracePeriodMs(this.#pod.spec), signal);
    if (!this.#isOver()) this.#records = this.#records.map(loseSandbox);
  }

  /** Resolves to when to come again for it. */
  async #changeInPlace(signal: AbortSignal): Promise<number | undefined> {
    const now = this.#context.clock.now();
    const stopping = { ...this.#stopping(signal), deadlineMs: now + gracePeriodMs(this.#pod.spec) };
    const grant = (pod: Stored<Pod>) => this.#host.grant(pod);
    const { records, resize, againMs } = await changeInPlace({ stopping, records: this.#records, grant });
    this.#records = records;
    this.#resize = resize;
    return againMs === undefined ? undefined : now + againMs;
  }

  #troubled({ reason, message }: SetUpTrouble, againMs: number | undefined): number {
    this.#tell(this.#pod, 'Warning', reason, message);
    return earliest(againMs === undefined ? undefined : againMs - this.#context.clock.now(), setUpRetryMs)!;
  }

  async #start(name: string, signal: AbortSignal): Promise<void> {
    const ofSpec = containerOf(this.#pod.spec, name)!;
    const before = this.#records.find((record) => record.name === name)!;
    const begun = beginAttempt(before);
    const container = { ...ofSpec, resources: begun.allocated };
    this.#replace(begun);
    this.#host.changed(this.#pod.metadata.uid);
    try {
      const start = {
        context: this.#context,
        pod: this.#pod,
        sandbox: this.#sandbox.current!,
        volumes: this.#volumes.paths,
        tell: this.#tell,
        targetId: this.#idOf(ofSpec.targetContainerName),
        signal,
      };
      this.#replace(await startContainer(start, container, begun));
    } catch (error) {
      // Cut off half-way: what was made of it is found and removed by the next sync.
      this.#replace(before);
      throw error;
    }
    this.#host.changed(this.#pod.metadata.uid);
  }

  /** Of the container as it runs, or ran last. */
  #idOf(name: string | undefined): string | undefined {
    const attempt = this.#records.find((record) => record.name === name)?.attempt;
    if (attempt?.is === 'running') return attempt.containerId;
    return attempt?.is === 'exited' ? attempt.exit.containerId : undefined;
  }

  #replace(record: ContainerRecord): void {
    this.#records = this.#records.map((each) => (each.name === record.name ? record : each));
  }

  /** Probes: their findings into the records, their victims out. */
  async #keep(signal: AbortSignal): Promise<void> {
    this.#probes.follow(this.#pod, this.#records, this.#sandbox.current?.ip ?? '');
    this.#records = this.#probes.withFindings(this.#records);
    for (const unhealthy of this.#probes.unhealthy) {
      const { name, kind } = unhealthy;
      const probe = containerOf(this.#pod.spec, name)?.[kind === 'startup' ? 'startupProbe' : 'livenessProbe'];
      const deadlineMs = this.#context.clock.now() + gracePeriodMs(this.#pod.spec, probe);
      const message = `Container ${name} failed ${kind} probe, will be restarted`;
      await stopContainer({ ...this.#stopping(signal), deadlineMs }, unhealthy, { message });
      this.#probes.ended(unhealthy);
      this.#host.wake(this.#pod.metadata.uid);
    }
  }

  #stopping(signal: AbortSignal) {
    return {
      context: this.#context,
      pod: this.#pod,
      address: this.#sandbox.current?.ip ?? '',
      tell: this.#tell,
      signal,
    };
  }

  /** It ended: its sandbox and its volumes go, its containers stay to be looked at until somebody deletes it. */
  async #end(signal: AbortSignal): Promise<void> {
    this.#probes.stop();
    await this.#stopAll(this.#ending.deadlineMs(this.#pod, this.#context.clock.now()), signal);
    await tearDownVolumes(this.#context.paths, this.#pod.metadata.uid, signal);
    const phase = podPhase(this.#pod.spec, this.#records) === 'Succeeded' ? 'Succeeded' : 'Failed';
    this.#ending.conclude({ phase });
  }

  async #leave(signal: AbortSignal): Promise<void> {
    this.#probes.leave();
    const left = await this.#stopAll(this.#ending.deadlineMs(this.#pod, this.#context.clock.now()), signal);
    this.#probes.stop();
    await clearPod(this.#context, this.#pod, left, signal);
    this.#ending.conclude({ phase: finalPhase(this.#records) });
    this.#stopped = true;
  }

  /** Ends whatever runs of the pod. Resolves to what the runtime has of it then, which the records say too. */
  async #stopAll(deadlineMs: number, signal: AbortSignal): Promise<PodView> {
    const { reader, clock } = this.#context;
    const { uid } = this.#pod.metadata;
    const view = await reader.read(uid, signal);
    await stopContainers({ ...this.#stopping(signal), running: running(view), deadlineMs });
    await stopSandboxes(this.#context, view, signal);
    const left = await reader.read(uid, signal);
    const before = this.#records;
    const seen = observeContainers(before, left.containers, clock.now());
    this.#records = await withExitMessages(this.#context, this.#pod, before, seen);
    return left;
  }
}

function containerOf(spec: PodSpec, name: string): EphemeralContainer | undefined {
  return containersInOrder(spec).find(({ container }) => container.name === name)?.container;
}

function running({ containers }: PodView) {
  return containers.filter(({ state }) => state === 'running' || state === 'unknown');
}

function earliest(a: number | undefined, b: number | undefined): number | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return Math.max(Math.min(a, b), 0);
}
