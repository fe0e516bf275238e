// The simulated world: one site (site.ts), one or two lives of the real DaemonSet controller, and what must hold, all on
// one virtual clock and all chances from one seed.
import { createHash } from 'node:crypto';
import { createVirtualClock, type Random, seededRandom, type VirtualClock } from '../machinery/index.ts';
import type { Archive, Change } from './archive.ts';
import { clocksRun, type History, promisesOf } from './history.ts';
import { Invariants } from './invariants.ts';
import { Lives } from './lives.ts';
import { PolicyTruth } from './policy-truth.ts';
import type { Monitor, Request } from './requests.ts';
import type { Site, SiteContext } from './site.ts';
import { SlotStates } from './slot-states.ts';
import { calmConditions } from './weather.ts';

const logLinesMax = 20_000;
/** Far more than any history needs: who sends so many runs in circles. */
const requestsMax = 20_000;

export class World {
  readonly clock: VirtualClock = createVirtualClock();
  readonly site: Site;
  /** What is true. */
  readonly server: Archive;
  readonly lives: Lives;
  readonly invariants: Invariants;
  readonly conditions = calmConditions();
  /** What happened, line by line; equal for equal histories. */
  readonly log: string[] = [];
  /** Of all of it, and of every object as it was written. */
  readonly #digest = createHash('sha256');
  readonly faults = new Map<string, number>();
  readonly slotStates = new SlotStates();
  readonly policies: PolicyTruth;
  /** Called after each change. */
  observer: () => void = () => undefined;
  /** Writes by controllers that took effect or were refused, events included. */
  #writes = 0;
  #requests = 0;

  constructor(history: History, site: (context: SiteContext) => Site) {
    const random = (purpose: string): Random =>
      seededRandom(createHash('sha256').update(`${history.seed} ${purpose}`).digest().readUInt32LE(0));
    const { clock, conditions } = this;
    const say = (line: string) => this.say(line);
    this.site = site({
      clock,
      random,
      conditions,
      say,
      monitor: this.#monitor(),
      violate: (invariant, what) => this.invariants.violate(invariant, what),
      effect: (request) => {
        this.invariants.effect(request);
        this.#haltWhenBroken();
      },
      committed: (change, request) => this.#committed(change, request),
    });
    this.server = this.site.archive;
    this.policies = new PolicyTruth(this.server);
    this.invariants = new Invariants({
      server: this.server,
      policies: this.policies,
      clock,
      promises: promisesOf(history),
      leases: history.leases === true,
      clocksRun: clocksRun(history),
    });
    this.lives = new Lives({
      clock,
      random,
      say,
      connect: (line) => this.site.connect(line),
      leases: history.leases === true,
      crashed: () => this.count('crash'),
      leaseLost: () => this.count('leaseLost'),
      ended: (actor) => this.invariants.died(actor),
      isOver: () => this.invariants.violation !== undefined,
    });
  }

  /** A programmer error that ended something. */
  get failure(): unknown {
    return this.lives.failure ?? this.site.failure;
  }

  get broken(): boolean {
    return this.invariants.violation !== undefined || this.failure !== undefined;
  }

  /** Writes so far that a settled cluster makes none of. */
  get writes(): number {
    return this.#writes + this.site.writes;
  }

  say(line: string): void {
    const told = `${this.clock.now()} ${line}`;
    this.#digest.update(told);
    if (this.log.length < logLinesMax) this.log.push(told);
  }

  /** What tells this history from every other that went differently in any bit. */
  digest(): string {
    return this.#digest.copy().digest('hex');
  }

  count(fault: string): void {
    this.faults.set(fault, (this.faults.get(fault) ?? 0) + 1);
  }

  /** Settles everything by other means than waiting: for the liveness phase. */
  async heal(): Promise<void> {
    Object.assign(this.conditions, calmConditions());
    this.lives.spare();
    this.site.setClock(this.lives.clockOffsetMs);
    if (this.site.awayMs > 0) await this.clock.advance(this.site.awayMs + 1);
    await this.site.nodes.heal();
    this.site.stir();
  }

  async stop(): Promise<void> {
    await this.lives.stop();
    await this.site.stop();
  }

  #committed(change: Change, request: Request | undefined): void {
    const { actor, type, resource, object, version } = change;
    this.say(`${actor} ${type} ${resource} ${object.metadata.name} @${version}`);
    this.#digest.update(JSON.stringify(object));
    this.invariants.committed(change, request);
    this.slotStates.committed(this.server, change);
    this.#haltWhenBroken();
    this.observer();
    this.site.stir();
  }

  #monitor(): Monitor {
    return {
      sent: (request) => this.invariants.sent(request),
      arrives: ({ resource }) => {
        if (resource !== 'leases' && ++this.#requests > requestsMax) this.#runaway();
      },
      ended: (request, outcome, fault) => {
        const { actor, verb, resource, name } = request;
        this.say(`${actor} ${verb} ${resource} ${name ?? ''} -> ${outcome}${fault === undefined ? '' : ` (${fault})`}`);
        if (fault !== undefined) this.count(fault);
        if (verb !== 'get' && verb !== 'list' && resource !== 'leases') this.#writes++;
      },
      throttled: (actor, until) => this.invariants.throttled(actor, until),
      delivered: (actor, resource, version) => this.say(`${actor} sees ${resource} @${version}`),
      met: (fault) => this.count(fault),
    };
  }

  /**
   * Two controllers that disagree go round in circles until their caches agree: that is what leases are for, and here one
   * of them loses it. Whoever goes round alone is broken.
   */
  #runaway(): void {
    if (this.lives.leaveOne()) this.#requests = 0;
    else this.invariants.runaway(this.#requests);
  }

  /** The first violation ends every controller: what follows from it is of no interest. */
  #haltWhenBroken(): void {
    if (this.invariants.violation !== undefined) this.lives.halt('an invariant is broken');
  }
}
