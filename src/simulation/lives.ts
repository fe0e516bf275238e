// The lives of the real DaemonSet controller in a simulated world: starting with empty memory, dying between any two
// writes, starting again; with leases, leading for a term and losing it, as `everynode controller` does. Each life and
// each term has its own connection and its own chances.
import { type Client, eventSink, gateWrites, leaseLock } from '../client/index.ts';
import { runDaemonSetController } from '../controllers/daemonset/index.ts';
import {
  type Clock,
  createEventRecorder,
  type Random,
  startLeaderElection,
  type VirtualClock,
} from '../machinery/index.ts';
import type { Logger } from '../observe/index.ts';
import { listeningLogger } from './listening-logger.ts';
import type { Network } from './network.ts';
import { lineChances } from './requests.ts';
import type { Site } from './site.ts';

interface Process {
  readonly index: number;
  readonly actor: string;
  readonly abort: AbortController;
  /** Its own, and that of the newest term. */
  readonly networks: Network[];
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
  /** One of several processes works at a time, by a lease. */
  readonly leases: boolean;
  readonly crashed: () => void;
  /** A term ended, and its process lives. */
  readonly leaseLost: () => void;
  /** A life or a term is over; what it had sent may still arrive. */
  readonly ended: (actor: string) => void;
  /** Nobody starts again. */
  readonly isOver: () => boolean;
}

/** What the controllers stand for. */
export const lease = { namespace: 'sim', name: 'everynode' } as const;

/** Where it runs: its lives have this and a number. */
export function processName(index: number): string {
  return `controller-${index + 1}`;
}

function termName(actor: string, term: number): string {
  return `${actor}/${term}`;
}

/** Whose lease an actor writes by: a term's is its process's. */
export function identityOf(actor: string): string {
  return actor.split('/')[0]!;
}

/** One that is to die and does not write dies all the same, after this long. */
export const idleMsMax = 20_000;

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
    const number = (this.#started.get(index) ?? 0) + 1;
    this.#started.set(index, number);
    const actor = `${processName(index)}.${number}`;
    const abort = new AbortController();
    const { signal } = abort;
    const beforeWrite = () => this.#beforeWrite(process);
    const network = connect({ actor, ...lineChances(random, actor), signal, beforeWrite });
    const stopped = Promise.resolve();
    const process: Process = { index, actor, abort, networks: [network], stopped, writesLeft: undefined, backMs: 0 };
    this.#processes[index] = process;
    say(`${actor} starts`);
    const life = this.#options.leases ? this.#stand(process, beforeWrite) : this.#work(actor, network.client, signal);
    process.stopped = life.catch((error: unknown) => {
      this.failure ??= error;
    });
  }

  async #work(actor: string, client: Client, signal: AbortSignal): Promise<void> {
    const log = this.#log(signal);
    const context = { client, clock: this.#clock(), random: this.#options.random(actor), log, signal };
    const recorder = createEventRecorder({ ...context, component: 'daemonset-controller', sink: eventSink(client) });
    const running = runDaemonSetController({ ...context, recorder });
    await Promise.all([running.stopped, recorder.stopped]);
  }

  /** Stands for the lease, and works whenever it has it. */
  #stand({ actor, abort, networks }: Process, beforeWrite: () => void): Promise<void> {
    const { random, connect, say, ended, leaseLost } = this.#options;
    const [own] = networks;
    let terms = 0;
    return startLeaderElection({
      identity: actor,
      lock: leaseLock(own!.client, lease.namespace, lease.name),
      clock: this.#clock(),
      random: random(`election ${actor}`),
      log: this.#log(abort.signal),
      signal: abort.signal,
      lead: async ({ signal, mayWrite }) => {
        const name = termName(actor, ++terms);
        say(`${name} leads`);
        const over = () => {
          if (!abort.signal.aborted) leaseLost();
          ended(name);
        };
        signal.addEventListener('abort', over, { once: true });
        const network = connect({ actor: name, ...lineChances(random, name), signal, beforeWrite });
        networks[1] = network;
        await this.#work(name, gateWrites(network.client, mayWrite), signal);
      },
    }).stopped;
  }

  /** The controller dies with its n-th write from now; `backMs` later it is started again. */
  crash(index: number, writes: number, backMs: number): void {
    const process = this.#processes[index];
    if (process === undefined || process.abort.signal.aborted) return;
    process.writesLeft = writes;
    process.backMs = backMs;
    this.#options.clock.after(idleMsMax, () => this.#kill(process, 'idle'));
  }

  cutWatches(): void {
    for (const { networks } of this.#processes) for (const network of networks) network.cut();
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
    this.#kill(process, 'writing');
  }

  #kill(process: Process, how: 'idle' | 'writing'): void {
    if (process.abort.signal.aborted || process.writesLeft === undefined) return;
    const { clock, say, crashed, ended, isOver } = this.#options;
    say(`${processName(process.index)} dies ${how}`);
    crashed();
    ended(process.actor);
    process.abort.abort(new Error('the process died'));
    clock.after(process.backMs, () => {
      if (!isOver()) this.start(process.index);
    });
  }

  /** What ends with its process ends with that reason. */
  #log(signal: AbortSignal): Logger {
    return listeningLogger((error) => {
      if (!signal.aborted) this.failure ??= error;
    });
  }

  #clock(): Clock {
    const { clock } = this.#options;
    return {
      now: () => clock.now() + this.clockOffsetMs,
      after: (ms, callback) => clock.after(ms, callback),
      steadyNow: () => clock.now(),
    };
  }
}
