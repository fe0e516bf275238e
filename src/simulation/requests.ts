// One request between one life of a controller and an API server: it takes time, fails, gets lost, or its answer does.
// A request that is on its way when its sender dies may still arrive. What it does there is its caller's to say.
import { StatusError, type StatusReason } from '../api/index.ts';
import type { Clock, Random } from '../machinery/index.ts';
import type { Conditions, Fault } from './weather.ts';

export type Verb = 'get' | 'list' | 'create' | 'update' | 'patch' | 'delete';

export interface Request {
  readonly actor: string;
  readonly verb: Verb;
  /** The plural. */
  readonly resource: string;
  readonly subresource?: string | undefined;
  readonly namespace: string | undefined;
  readonly name: string | undefined;
  readonly body: unknown;
  /** The version up to which the sender had taken in each resource when it sent the request. */
  readonly seen: Readonly<Record<string, number>>;
  readonly sentAt: number;
}

export interface Monitor {
  /** The request is on its way. */
  sent(request: Request): void;
  /** The request has reached the server. */
  arrives(request: Request): void;
  /** How the request ended, for the log; `fault` when the network or the server made it fail. */
  ended(request: Request, outcome: string, fault: Fault | 'away' | undefined): void;
  /** The sender was told to stay away. */
  throttled(actor: string, until: number): void;
  /** A watch delivered its next event. */
  delivered(actor: string, resource: string, version: number): void;
  /** A fault that is none of a request's came about, for the count. */
  met(fault: string): void;
}

/** An event that came later than this counts as late. */
export const lateMsMin = 1000;

export interface LineOptions {
  readonly actor: string;
  readonly clock: Clock;
  readonly random: Random;
  /** Of what is about policies, so that histories without any go as they went before there were any. */
  readonly policyRandom: Random;
  readonly conditions: Conditions;
  readonly monitor: Monitor;
  /** Aborts when the sender dies. */
  readonly signal: AbortSignal;
  /** Called with every write that is about to be sent: the place for a crash between two writes. */
  readonly beforeWrite: () => void;
}

/** What one sender's requests and watches have in common. */
export interface Line {
  /** What the sender has taken in so far, by plural. */
  readonly seen: Record<string, number>;
  /** What chances of requests and watches of a resource come from. */
  readonly chancesOf: (plural: string) => Chances;
  /** `effect` happens at the server; `received` when the answer is there. */
  readonly call: <T>(
    request: Omit<Request, 'actor' | 'seen' | 'sentAt'>,
    effect: (request: Request) => T | Promise<T>,
    received?: (answer: T) => void,
  ) => Promise<T>;
}

export interface Chances {
  /** From 0 to 1. */
  readonly next: () => number;
  /** A whole number from 0 to this. */
  readonly upTo: (max: number) => number;
}

const timeoutMs = 10_000;
/** How an answer is lost: nobody waits any longer, the connection breaks, or the server itself cannot tell (its store's answer was lost). */
const losses = ['Timeout', 'ServiceUnavailable', 'InternalError'] as const;
const retryAfterSecondsMax = 20;
/** Now and then longer than what was sent and heard nothing of is believed. */
const longRetryAfterSecondsMax = 60;

/** The chances of one sender's line. */
export function lineChances(random: (purpose: string) => Random, sender: string) {
  return { random: random(`network ${sender}`), policyRandom: random(`network ${sender} policies`) };
}

export function openLine(options: LineOptions): Line {
  const { actor, clock, conditions, monitor, signal, beforeWrite } = options;
  const seen: Record<string, number> = {};
  const process = actor.split('.')[0]!;
  const usual = chancesFrom(options.random);
  const ofPolicies = chancesFrom(options.policyRandom);
  const chancesOf = (plural: string) => (plural === 'rolloutpolicies' ? ofPolicies : usual);

  const retryAfterSeconds = ({ next, upTo }: Chances): number | undefined => {
    const dice = next();
    if (dice < 0.3) return undefined;
    return 1 + upTo((dice < 0.9 ? retryAfterSecondsMax : longRetryAfterSecondsMax) - 1);
  };

  /** Which fault befalls this request, if any. */
  const misfortune = ({ verb, resource }: Pick<Request, 'verb' | 'resource'>): Fault | 'away' | undefined => {
    const { weather } = conditions;
    if (clock.now() < conditions.downUntil) return 'away';
    const isolatedUntil = (name: string) => conditions.isolatedUntil.get(name) ?? 0;
    if (clock.now() < isolatedUntil(process)) return 'requestLost';
    if (resource === 'leases' && clock.now() < isolatedUntil(`${process} leases`)) return 'requestLost';
    let dice = chancesOf(resource).next();
    for (const fault of ['throttled', 'serverError', 'requestLost', 'responseLost', 'conflict'] as const) {
      // A real server answers Conflict to a delete only when the precondition does not hold.
      dice -= fault === 'conflict' && !['create', 'update', 'patch'].includes(verb) ? 0 : weather[fault];
      if (dice < 0) return fault;
    }
    return undefined;
  };

  const call = <T>(
    request: Omit<Request, 'actor' | 'seen' | 'sentAt'>,
    effect: (request: Request) => T | Promise<T>,
    received: (answer: T) => void = () => undefined,
  ): Promise<T> =>
    new Promise((resolve, reject) => {
      const write = request.verb !== 'get' && request.verb !== 'list';
      if (!signal.aborted && write) beforeWrite();
      if (signal.aborted) {
        reject(signal.reason as Error);
        return;
      }
      const chances = chancesOf(request.resource);
      const { upTo } = chances;
      const full: Request = { ...request, actor, seen: { ...seen }, sentAt: clock.now() };
      monitor.sent(full);
      let cancelArrival = () => {};
      const die = () => {
        // What the dead process had handed to its kernel arrives, or does not.
        if (chances.next() < 0.5) cancelArrival();
        reject(signal.reason as Error);
      };
      signal.addEventListener('abort', die, { once: true });
      const answer = (ms: number, settle: () => void) =>
        clock.after(ms, () => {
          signal.removeEventListener('abort', die);
          if (!signal.aborted) settle();
        });
      const refuse = (reason: StatusReason, afterMs: number, retryAfterSeconds?: number) =>
        answer(afterMs, () => {
          // Events and leases are written past the limit that all other writes share, reads too.
          if (retryAfterSeconds !== undefined && write && !['events', 'leases'].includes(request.resource))
            monitor.throttled(actor, clock.now() + retryAfterSeconds * 1000);
          const details = retryAfterSeconds === undefined ? undefined : { retryAfterSeconds };
          reject(new StatusError(reason, `simulated ${reason}`, details));
        });
      const arrive = () => {
        const fault = misfortune(request);
        const backMs = upTo(conditions.weather.latencyMsMax);
        const end = (outcome: string) => monitor.ended(full, outcome, fault);
        if (fault !== undefined && fault !== 'responseLost') end(fault);
        if (fault === 'away') refuse('ServiceUnavailable', backMs);
        else if (fault === 'throttled') refuse('TooManyRequests', backMs, retryAfterSeconds(chances));
        else if (fault === 'serverError') refuse('InternalError', backMs);
        else if (fault === 'requestLost') refuse('Timeout', timeoutMs);
        else if (fault === 'conflict') refuse('Conflict', backMs);
        else {
          const lost = fault === 'responseLost';
          const lose = () => {
            const how = losses[upTo(losses.length - 1)]!;
            refuse(how, how === 'Timeout' ? timeoutMs : backMs);
          };
          const done = (outcome: T) => {
            end('ok');
            if (lost) lose();
            else
              answer(backMs, () => {
                received(outcome);
                resolve(outcome);
              });
          };
          const refused = (error: unknown) => {
            if (!(error instanceof StatusError)) throw error;
            end(error.reason);
            if (lost) lose();
            else answer(backMs, () => reject(error));
          };
          monitor.arrives(full);
          let outcome: T | Promise<T>;
          try {
            outcome = effect(full);
          } catch (error) {
            refused(error);
            return;
          }
          if (outcome instanceof Promise) void outcome.then(done, refused);
          else done(outcome);
        }
      };
      cancelArrival = clock.after(upTo(conditions.weather.latencyMsMax), arrive);
    });

  return { seen, chancesOf, call };
}

function chancesFrom(random: Random): Chances {
  const next = () => random.next();
  return { next, upTo: (max) => Math.floor(next() * (max + 1)) };
}
