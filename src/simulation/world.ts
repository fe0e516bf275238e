// The simulated world: the model API server, the fleet, the collector, users and one or two lives of the real DaemonSet
// controller, all on one virtual clock and all chances from one seed.
import { createHash } from 'node:crypto';
import { runDaemonSetController } from '../controllers/daemonset/index.ts';
import { eventSink } from '../client/index.ts';
import {
  type Clock,
  createEventRecorder,
  createVirtualClock,
  type Random,
  seededRandom,
  type VirtualClock,
} from '../machinery/index.ts';
import { silentLogger } from '../observe/index.ts';
import { collectGarbage } from './collector.ts';
import { Fleet } from './fleet.ts';
import { type History, promisesOf } from './history.ts';
import { Invariants } from './invariants.ts';
import { type Change, ModelServer } from './model-server.ts';
import { createNetwork, type Monitor, type Network } from './network.ts';
import { SlotStates } from './slot-states.ts';
import { calmConditions } from './weather.ts';

interface Process {
  readonly index: number;
  readonly actor: string;
  abort: AbortController;
  network: Network;
  stopped: Promise<void>;
  /** Dies with the write that brings this to zero. */
  writesLeft: number | undefined;
  backMs: number;
}

/** The others' components look at the world this long after something changed. */
const reactionMsMax = 250;
const logLinesMax = 20_000;
/** Far more than any history needs: who sends so many runs in circles. */
const requestsMax = 20_000;

export class World {
  readonly clock: VirtualClock = createVirtualClock();
  readonly server: ModelServer;
  readonly fleet: Fleet;
  readonly invariants: Invariants;
  readonly conditions = calmConditions();
  /** What happened, line by line; equal for equal histories. */
  readonly log: string[] = [];
  readonly faults = new Map<string, number>();
  readonly slotStates = new SlotStates();
  /** Writes by controllers that took effect or were refused, events included. */
  writes = 0;
  /** A programmer error that ended a controller. */
  failure: unknown;
  /** Added to the controllers' clocks. */
  clockOffsetMs = 0;

  readonly #random: (purpose: string) => Random;
  readonly #reaction: Random;
  #requests = 0;
  readonly #processes: Process[] = [];
  readonly #started = new Map<number, number>();
  #reactAt = Number.POSITIVE_INFINITY;
  #disarm = () => {};

  constructor(history: History) {
    this.#random = (purpose) =>
      seededRandom(createHash('sha256').update(`${history.seed} ${purpose}`).digest().readUInt32LE(0));
    this.#reaction = this.#random('reaction');
    this.server = new ModelServer({
      clock: this.clock,
      random: this.#random('uids'),
      committed: (change) => this.#committed(change),
    });
    const { server, clock } = this;
    this.invariants = new Invariants({ server, clock, promises: promisesOf(history) });
    this.fleet = new Fleet({ server, clock, random: this.#random('fleet') });
  }

  say(line: string): void {
    if (this.log.length < logLinesMax) this.log.push(`${this.clock.now()} ${line}`);
  }

  count(fault: string): void {
    this.faults.set(fault, (this.faults.get(fault) ?? 0) + 1);
  }

  /** Starts controller number `index`, with empty memory. */
  start(index: number): void {
    const life = (this.#started.get(index) ?? 0) + 1;
    this.#started.set(index, life);
    const actor = `controller-${index + 1}.${life}`;
    const abort = new AbortController();
    const { server, conditions } = this;
    const monitor = this.#monitor();
    const process: Process = {
      index,
      actor,
      abort,
      network: createNetwork({
        actor,
        server,
        clock: this.clock,
        random: this.#random(`network ${actor}`),
        conditions,
        monitor,
        signal: abort.signal,
        beforeWrite: () => this.#beforeWrite(process),
      }),
      stopped: Promise.resolve(),
      writesLeft: undefined,
      backMs: 0,
    };
    this.#processes[index] = process;
    this.say(`${actor} starts`);
    const { client } = process.network;
    const context = {
      client,
      clock: this.#controllersClock(),
      random: this.#random(actor),
      log: silentLogger,
      signal: abort.signal,
    };
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
    // One that does not write dies all the same.
    this.clock.after(20_000, () => this.#kill(process));
  }

  cutWatches(): void {
    for (const { network } of this.#processes) network.cut();
  }

  async stop(): Promise<void> {
    for (const { abort } of this.#processes) abort.abort(new Error('the simulation ends'));
    await this.clock.settle();
    await Promise.all(this.#processes.map(({ stopped }) => stopped));
  }

  /** The others' components act soon. */
  stir(): void {
    this.#arm(this.clock.now() + 1 + Math.floor(this.#reaction.next() * reactionMsMax));
  }

  #arm(at: number): void {
    if (at >= this.#reactAt) return;
    this.#disarm();
    this.#reactAt = at;
    this.#disarm = this.clock.after(at - this.clock.now(), () => {
      this.#reactAt = Number.POSITIVE_INFINITY;
      collectGarbage(this.server);
      const next = this.fleet.tick();
      if (next !== undefined) this.#arm(Math.max(next, this.clock.now() + 1));
    });
  }

  #committed(change: Change): void {
    const { actor, type, resource, object, version } = change;
    this.say(`${actor} ${type} ${resource} ${object.metadata.name} @${version}`);
    this.invariants.committed(change);
    this.slotStates.committed(this.server, change);
    this.#haltWhenBroken();
    this.stir();
  }

  #monitor(): Monitor {
    return {
      effect: (request) => {
        if (++this.#requests > requestsMax) this.#runaway();
        this.invariants.effect(request);
        this.#haltWhenBroken();
      },
      ended: (request, outcome, fault) => {
        const { actor, verb, resource, name } = request;
        this.say(`${actor} ${verb} ${resource} ${name ?? ''} -> ${outcome}${fault === undefined ? '' : ` (${fault})`}`);
        if (fault !== undefined) this.count(fault);
        if (verb !== 'get' && verb !== 'list') this.writes++;
      },
      throttled: (actor, until) => this.invariants.throttled(actor, until),
      delivered: (actor, resource, version) => this.say(`${actor} sees ${resource} @${version}`),
    };
  }

  /**
   * Two controllers that disagree go round in circles until their caches agree: that is what leases are for, and here one
   * of them loses it. Whoever goes round alone is broken.
   */
  #runaway(): void {
    const [, ...others] = this.#processes;
    if (others.every(({ abort }) => abort.signal.aborted)) {
      this.invariants.runaway(this.#requests);
      return;
    }
    for (const { abort } of others) abort.abort(new Error('the lease is lost'));
    this.#requests = 0;
  }

  /** The first violation ends every controller: what follows from it is of no interest. */
  #haltWhenBroken(): void {
    if (this.invariants.violation === undefined) return;
    for (const { abort } of this.#processes) abort.abort(new Error('an invariant is broken'));
  }

  #beforeWrite(process: Process): void {
    if (process.writesLeft === undefined || --process.writesLeft > 0) return;
    this.#kill(process);
  }

  #kill(process: Process): void {
    if (process.abort.signal.aborted || process.writesLeft === undefined) return;
    this.say(`controller-${process.index + 1} dies`);
    this.count('crash');
    this.invariants.died(process.actor);
    process.abort.abort(new Error('the process died'));
    this.clock.after(process.backMs, () => {
      if (this.invariants.violation === undefined) this.start(process.index);
    });
  }

  #controllersClock(): Clock {
    return {
      now: () => this.clock.now() + this.clockOffsetMs,
      after: (ms, callback) => this.clock.after(ms, callback),
    };
  }

  /** Settles everything by other means than waiting: for the liveness phase. */
  heal(): void {
    Object.assign(this.conditions, calmConditions());
    this.clockOffsetMs = 0;
    this.fleet.heal();
    for (const process of this.#processes) process.writesLeft = undefined;
    this.stir();
  }
}
