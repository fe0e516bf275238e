// The lives of the real DaemonSet controller in a simulated world: starting with empty memory, dying between any two
// writes, starting again. Each life has its own connection and its own chances.
import { eventSink } from '../client/index.ts';
import { runDaemonSetController } from '../controllers/daemonset/index.ts';
import { type Clock, createEventRecorder, type Random, type VirtualClock } from '../machinery/index.ts';
import { silentLogger } from '../observe/index.ts';
import type { Network } from './network.ts';
import type { Site } from './site.ts';

interface Process {
  readonly index: number;
  readonly actor: string;
  readonly abort: AbortController;
  readonly network: Network;
  stopped: Promise<void>;
  /** Dies with the write that brings this to zero. */
  writesLeft: number | undefined;
  backMs: number;
}

export interface LivesOptions {
  readonly clock: VirtualClock;
  readonly random: (purpose: string) => Random;
  readonly connect: Site['connect'];
  readonly say: (line: string) => void;
  /** A life has ended by a crash; what it had sent may still arrive. */
  readonly died: (actor: string) => void;
  /** Nobody starts again. */
  readonly isOver: () => boolean;
}

/** One that is to die and does not write dies all the same, after this long. */
const idleMsMax = 20_000;

export class Lives {
  readonly #options: LivesOptions;
  readonly #processes: Process[] = [];
  readonly #started = new Map<number, number>();
  /** A programmer error that ended a controller. */
  failure: unknown;
  /** Added to the controllers' clocks. */
  clockOffsetMs = 0;

  constructor(options: LivesOptions) {
    this.#options = options;
  }

  /** Starts controller number `index`, with empty memory. */
  start(index: number): void {
    const { random, connect, say } = this.#options;
    const life = (this.#started.get(index) ?? 0) + 1;
    this.#started.set(index, life);
    const actor = `controller-${index + 1}.${life}`;
    const abort = new AbortController();
    const { signal } = abort;
    const beforeWrite = () => this.#beforeWrite(process);
    const network = connect({ actor, random: random(`network ${actor}`), signal, beforeWrite });
    const stopped = Promise.resolve();
    const process: Process = { index, actor, abort, network, stopped, writesLeft: undefined, backMs: 0 };
    this.#processes[index] = process;
    say(`${actor} starts`);
    const { client } = network;
    const context = { client, clock: this.#clock(), random: random(actor), log: silentLogger, signal };
    const recorder = createEventRecorder({ ...context, component: 'daemonset-controller', sink: eventSink(client) });
    const running = runDaemonSetController({ ...context, recorder });
    process.stopped = Promise.all([running.stopped, recorder.stopped]).then(
      () => undefined,
      (error: unknown) => {
        this.failure ??= error;
      },
    );
  }

  /** The controller dies with its n-th write from now; `backMs` later it is started again. */
  crash(index: number, writes: number, backMs: number): void {
    const process = this.#processes[index];
    if (process === undefined || process.abort.signal.aborted) return;
    process.writesLeft = writes;
    process.backMs = backMs;
    this.#options.clock.after(idleMsMax, () => this.#kill(process));
  }

  cutWatches(): void {
    for (const { network } of this.#processes) network.cut();
  }

  /** Nobody dies any more. */
  spare(): void {
    for (const process of this.#processes) process.writesLeft = undefined;
    this.clockOffsetMs = 0;
  }

  /** All but the first end; false when there was no other. */
  leaveOne(): boolean {
    const [, ...others] = this.#processes;
    const some = others.some(({ abort }) => !abort.signal.aborted);
    for (const { abort } of others) abort.abort(new Error('the lease is lost'));
    return some;
  }

  halt(why: string): void {
    for (const { abort } of this.#processes) abort.abort(new Error(why));
  }

  async stop(): Promise<void> {
    this.halt('the simulation ends');
    await this.#options.clock.settle();
    await Promise.all(this.#processes.map(({ stopped }) => stopped));
  }

  #beforeWrite(process: Process): void {
    if (process.writesLeft === undefined || --process.writesLeft > 0) return;
    this.#kill(process);
  }

  #kill(process: Process): void {
    if (process.abort.signal.aborted || process.writesLeft === undefined) return;
    const { clock, say, died, isOver } = this.#options;
    say(`controller-${process.index + 1} dies`);
    died(process.actor);
    process.abort.abort(new Error('the process died'));
    clock.after(process.backMs, () => {
      if (!isOver()) this.start(process.index);
    });
  }

  #clock(): Clock {
    const { clock } = this.#options;
    return { now: () => clock.now() + this.clockOffsetMs, after: (ms, callback) => clock.after(ms, callback) };
  }
}
