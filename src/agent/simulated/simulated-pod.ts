// One pod on one simulated node: its containers start, fail, crash and stop in time as its behaviour says. Knows the
// time it is told and nothing else; what to do next is core/pod's decision, writing it down is the fleet's.
import { parseTime, type Pod, type PodSpec, type PodStatus, type Stored } from '../../api/index.ts';
import {
  adoptRecords,
  allocatedSpec,
  beginAttempt,
  type ContainerRecord,
  deadlineExceeded,
  deadlineMs,
  type Decree,
  exitAttempt,
  failPull,
  isKnownToAgent,
  newRecords,
  planPod,
  podStatus,
  probed,
  type Rejection,
  rejectedStatus,
  type ResizeState,
  runAttempt,
} from '../../core/pod/index.ts';
import { followSpec } from './follow-spec.ts';
import type { Behaviour } from './misbehaviour.ts';

/** What happened that `kubectl describe` should tell. */
export interface PodEvent {
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
}

export interface SimulatedPodOptions {
  readonly pod: Stored<Pod>;
  /** It asks for other resources than it was granted; undefined = it has them now. */
  readonly grant: (pod: Stored<Pod>) => ResizeState | undefined;
  readonly hostIP: string;
  readonly podIP: string;
  readonly rejection: Rejection | undefined;
  readonly now: number;
  /** What a container with this image does in this pod. */
  behaviourOf(pod: Stored<Pod>, image: string): Behaviour;
  /** How long a container takes to start when no rule says. */
  startMs(): number;
  /** How long the pod takes to stop when no rule says. */
  readonly stopMs: number;
  newContainerId(): string;
}

/** A container can be begun, run and end at one moment; more rounds than this at one moment would be a loop. */
const roundsMax = 16;
/** Resources that the node does not have now are asked for again after this time. */
const resizeRetryMs = 5_000;

export class SimulatedPod {
  readonly podIP: string;
  readonly #options: SimulatedPodOptions;
  readonly #startedMs: number;
  #pod: Stored<Pod>;
  #records: readonly ContainerRecord[];
  #behaviours: ReadonlyMap<string, Behaviour> = new Map();
  /** Container → when its attempt began, and how long it takes. */
  readonly #creating = new Map<string, { readonly sinceMs: number; readonly takesMs: number }>();
  #decree: Decree | undefined;
  /** The spec that its containers follow. */
  #followed: PodSpec | undefined;
  #resize: ResizeState | undefined;
  #stopAtMs: number | undefined;
  #stopped = false;

  constructor(options: SimulatedPodOptions) {
    const { pod, now } = options;
    this.#options = options;
    this.#pod = pod;
    this.podIP = options.podIP;
    const known = isKnownToAgent(pod);
    this.#records = known ? adoptRecords(pod, now) : newRecords(pod.spec);
    this.#startedMs = parseTime(pod.status?.startTime) ?? now;
    const phase = pod.status?.phase;
    if (phase === 'Failed' || phase === 'Succeeded') this.#decree = { phase };
    this.observe(pod, now);
  }

  get pod(): Stored<Pod> {
    return this.#pod;
  }

  /** Its spec with what it was granted: what it uses of the node. */
  get claims(): PodSpec {
    return allocatedSpec(this.#pod.spec, this.#records);
  }

  /** Why the node did not take the pod, if it did not. */
  get rejection(): Rejection | undefined {
    return this.#options.rejection;
  }

  /** Rejected, ended or evicted: uses nothing any more and never runs again. */
  get finished(): boolean {
    return this.#decree !== undefined || this.#options.rejection !== undefined;
  }

  /** Asked to go, and nothing of it runs: the API may forget it. */
  get stopped(): boolean {
    return this.#stopped;
  }

  /** The pod as the API has it now: deleted, or annotated anew. */
  observe(pod: Stored<Pod>, now: number): void {
    // The watch may bring what the answer to our own write has overtaken. Versions grow (KEP-5504).
    if (Number(pod.metadata.resourceVersion) < Number(this.#pod.metadata.resourceVersion)) return;
    this.#pod = pod;
    this.#behaviours = this.#behavioursOf();
    if (pod.metadata.deletionTimestamp === undefined || this.#stopAtMs !== undefined) return;
    const slowest = Math.max(...[...this.#behaviours.values()].map(({ stopMs }) => stopMs ?? this.#options.stopMs));
    const graceMs = (pod.metadata.deletionGracePeriodSeconds ?? 0) * 1000;
    this.#stopAtMs = now + (this.finished ? 0 : Math.min(slowest, graceMs));
  }

  /** Lets everything happen that is due by now. Returns what is worth an event, and when something happens next. */
  advance(now: number): { readonly events: readonly PodEvent[]; readonly nextMs: number | undefined } {
    const events: PodEvent[] = [];
    if (this.#stopAtMs !== undefined) {
      if (now >= this.#stopAtMs && !this.#stopped) this.#stop(now);
      return { events, nextMs: this.#stopped ? undefined : this.#stopAtMs };
    }
    if (!this.finished && (this.#followed !== this.#pod.spec || this.#resize !== undefined)) this.#follow(now, events);
    for (let round = 0; round < roundsMax && !this.finished; round++) {
      const happened = this.#happen(now, events);
      if (this.#begin(now) || happened) continue;
      break;
    }
    return { events, nextMs: this.finished ? undefined : this.#nextMs(now) };
  }

  status(now: number): PodStatus {
    const { rejection, hostIP } = this.#options;
    if (rejection !== undefined) return rejectedStatus(this.#pod, rejection.reason, rejection.message, this.#startedMs);
    if (this.#decree !== undefined && isFinal(this.#pod)) return this.#pod.status!;
    return podStatus(
      {
        pod: this.#pod,
        records: this.#records,
        decree: this.#decree,
        resize: this.#resize,
        startedMs: this.#startedMs,
        hostIP,
        podIP: this.podIP,
      },
      now,
    );
  }

  /** Images and resources may change while the pod runs. */
  #follow(now: number, events: PodEvent[]): void {
    const { spec } = this.#pod;
    this.#followed = spec;
    const { records, resize, outdated } = followSpec(spec, this.#records, () => this.#options.grant(this.#pod), now);
    for (const name of outdated) {
      const message = `Container ${name} definition changed, will be restarted`;
      events.push({ type: 'Normal', reason: 'Killing', message });
    }
    this.#records = records;
    this.#resize = resize;
    this.#behaviours = this.#behavioursOf();
  }

  /** What the containers do by themselves. */
  #happen(now: number, events: PodEvent[]): boolean {
    const before = this.#records;
    const after = before.map((record) => this.#next(record, now, events));
    const changed = after.some((record, index) => record !== before[index]);
    this.#records = after;
    const ended = this.#endDue();
    if (ended === undefined || ended.dueMs > now) return changed;
    const failed = ended.decree.phase === 'Failed';
    this.#exitAll(now, failed ? { exitCode: 1, reason: 'Error' } : { exitCode: 0, reason: 'Completed' });
    this.#decree = ended.decree;
    return true;
  }

  #next(record: ContainerRecord, now: number, events: PodEvent[]): ContainerRecord {
    const { attempt, name, image } = record;
    const behaviour = this.#behaviours.get(name) ?? {};
    if (attempt.is === 'creating') {
      const due = this.#startDue(name);
      if (due > now) return record;
      this.#creating.delete(name);
      if (behaviour.pullFails === true) {
        const error = pullError(image);
        events.push({ type: 'Warning', reason: 'Failed', message: `Failed to pull image "${image}": ${error}` });
        return failPull(record, due, error);
      }
      const containerId = `simulated://${this.#options.newContainerId()}`;
      const ready = behaviour.neverReady !== true;
      const running = runAttempt(record, {
        startedMs: due,
        containerId,
        imageId: imageId(image),
        started: true,
        ready,
      });
      // The work of an init container takes no time here.
      if (record.kind !== 'init') return running;
      return exitAttempt(running, { exitCode: 0, reason: 'Completed', startedMs: due, finishedMs: due, containerId });
    }
    if (attempt.is !== 'running') return record;
    const crashMs = behaviour.end?.kind === 'crash' ? attempt.startedMs + behaviour.end.afterMs : undefined;
    if (crashMs === undefined || crashMs > now)
      return probed(record, { started: true, ready: behaviour.neverReady !== true });
    const { namespace, name: podName, uid } = this.#pod.metadata;
    const inPod = `${name} in pod ${podName}_${namespace}(${uid})`;
    events.push({ type: 'Warning', reason: 'BackOff', message: `Back-off restarting failed container ${inPod}` });
    const { startedMs, containerId } = attempt;
    // A crash that the rule dates before now (a restarted process, a rule set late) happened just now.
    return exitAttempt(record, { exitCode: 1, reason: 'Error', startedMs, finishedMs: now, containerId });
  }

  /** Carries out the plan. */
  #begin(now: number): boolean {
    if (this.finished) return false;
    const { start } = planPod(this.#pod.spec, this.#records, now);
    if (start.length === 0) return false;
    this.#records = this.#records.map((record) => (start.includes(record.name) ? beginAttempt(record) : record));
    for (const name of start)
      this.#creating.set(name, {
        sinceMs: now,
        takesMs: this.#behaviours.get(name)?.startMs ?? this.#options.startMs(),
      });
    return true;
  }

  #behavioursOf(): ReadonlyMap<string, Behaviour> {
    return new Map(
      this.#records.map(({ name, image }) => [name, this.#options.behaviourOf(this.#pod, image)] as const),
    );
  }

  #startDue(name: string): number {
    const creating = this.#creating.get(name);
    return creating === undefined ? 0 : creating.sinceMs + creating.takesMs;
  }

  /** When the whole pod ends: at its deadline, or by a rule, counted from when the container that it is about has run. */
  #endDue(): { readonly decree: Decree; readonly dueMs: number } | undefined {
    const deadline = deadlineMs(this.#pod.spec, this.#startedMs);
    const byRule = this.#ruleDue();
    if (deadline === undefined || (byRule !== undefined && byRule.dueMs <= deadline)) return byRule;
    return { decree: deadlineExceeded, dueMs: deadline };
  }

  #ruleDue(): { readonly decree: Decree; readonly dueMs: number } | undefined {
    for (const { name, attempt } of this.#records) {
      const end = this.#behaviours.get(name)?.end;
      if (attempt.is !== 'running' || end === undefined || end.kind === 'crash') continue;
      const phase = end.kind === 'failed' ? 'Failed' : 'Succeeded';
      return {
        decree: { phase, message: 'ended by a rule of the simulation' },
        dueMs: attempt.startedMs + end.afterMs,
      };
    }
    return undefined;
  }

  #nextMs(now: number): number | undefined {
    const due: number[] = [];
    for (const { name, attempt } of this.#records) {
      const end = this.#behaviours.get(name)?.end;
      if (attempt.is === 'creating') due.push(this.#startDue(name));
      if (attempt.is === 'running' && end !== undefined) due.push(attempt.startedMs + end.afterMs);
    }
    const deadline = deadlineMs(this.#pod.spec, this.#startedMs);
    if (deadline !== undefined) due.push(deadline);
    const { againMs } = planPod(this.#pod.spec, this.#records, now);
    if (againMs !== undefined) due.push(againMs);
    if (this.#resize !== undefined) due.push(now + resizeRetryMs);
    return due.length === 0 ? undefined : Math.min(...due);
  }

  /** The containers take their TERM signal and leave with 0. */
  #stop(now: number): void {
    this.#stopped = true;
    if (this.finished) return;
    this.#exitAll(now, { exitCode: 0, reason: 'Completed' });
    this.#decree = { phase: 'Succeeded' };
  }

  #exitAll(now: number, exit: { readonly exitCode: number; readonly reason: string }): void {
    this.#creating.clear();
    this.#records = this.#records.map((record) => {
      const { attempt } = record;
      if (attempt.is !== 'running') return record;
      const { startedMs, containerId } = attempt;
      return exitAttempt(record, { ...exit, startedMs, finishedMs: now, containerId });
    });
  }
}

function isFinal({ status }: Pod): boolean {
  return status?.phase === 'Failed' || status?.phase === 'Succeeded';
}

/** In containerd's words. */
function pullError(image: string): string {
  return `failed to pull and unpack image "${image}": failed to resolve reference "${image}": ${image}: not found`;
}

function imageId(image: string): string {
  return `simulated://${image}`;
}
