// What lies between one life of a controller and the API server: a Client whose requests take time, fail, get lost or
// are answered by silence, and whose watches are late, stall and break. A request that is on its way when its sender
// dies may still arrive. Every request passes the monitor at the moment it takes effect.
import {
  type KubernetesObject,
  type Resource,
  StatusError,
  type Stored,
  type StatusReason,
  type WatchEvent,
} from '../api/index.ts';
import type { Client } from '../client/index.ts';
import type { Clock, Random } from '../machinery/index.ts';
import type { ModelServer } from './model-server.ts';
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
  /** The version up to which the sender had seen each resource when it sent the request. */
  readonly seen: Readonly<Record<string, number>>;
  readonly sentAt: number;
}

export interface Monitor {
  /** The request is about to take effect. */
  effect(request: Request): void;
  /** How the request ended, for the log; `fault` when the network or the server made it fail. */
  ended(request: Request, outcome: string, fault: Fault | 'away' | undefined): void;
  /** The sender was told to stay away. */
  throttled(actor: string, until: number): void;
  /** A watch delivered its next event. */
  delivered(actor: string, resource: string, version: number): void;
}

export interface NetworkOptions {
  readonly actor: string;
  readonly server: ModelServer;
  readonly clock: Clock;
  readonly random: Random;
  readonly conditions: Conditions;
  readonly monitor: Monitor;
  /** Aborts when the sender dies. */
  readonly signal: AbortSignal;
  /** Called with every write that is about to be sent: the place for a crash between two writes. */
  readonly beforeWrite: () => void;
}

const timeoutMs = 10_000;
const retryAfterSecondsMax = 20;
const staleVersionsMax = 40;

export interface Network {
  readonly client: Client;
  /** Breaks every open watch. */
  cut(): void;
}

export function createNetwork(options: NetworkOptions): Network {
  const { actor, server, clock, random, conditions, monitor, signal, beforeWrite } = options;
  const seen: Record<string, number> = {};
  const cutters = new Set<() => void>();
  const upTo = (ms: number) => Math.floor(random.next() * (ms + 1));

  /** Which fault befalls this request, if any. */
  const misfortune = (verb: Verb): Fault | 'away' | undefined => {
    const { weather } = conditions;
    if (clock.now() < conditions.downUntil) return 'away';
    let dice = random.next();
    for (const fault of ['throttled', 'serverError', 'requestLost', 'responseLost', 'conflict'] as const) {
      // A real server answers Conflict to a delete only when the precondition does not hold.
      dice -= fault === 'conflict' && !['create', 'update', 'patch'].includes(verb) ? 0 : weather[fault];
      if (dice < 0) return fault;
    }
    return undefined;
  };

  /** One request: to the server, its effect there, and back. The sender's death ends the wait, not the request. */
  const call = <T>(
    request: Omit<Request, 'actor' | 'seen' | 'sentAt'>,
    effect: () => T,
    received: (answer: T) => void = () => undefined,
  ): Promise<T> =>
    new Promise((resolve, reject) => {
      const write = request.verb !== 'get' && request.verb !== 'list';
      if (!signal.aborted && write) beforeWrite();
      if (signal.aborted) {
        reject(signal.reason as Error);
        return;
      }
      const full: Request = { ...request, actor, seen: { ...seen }, sentAt: clock.now() };
      let cancelArrival = () => {};
      const die = () => {
        // What the dead process had handed to its kernel arrives, or does not.
        if (random.next() < 0.5) cancelArrival();
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
          // Events are written past the limit that all other writes share, reads too.
          if (retryAfterSeconds !== undefined && write && request.resource !== 'events')
            monitor.throttled(actor, clock.now() + retryAfterSeconds * 1000);
          const details = retryAfterSeconds === undefined ? undefined : { retryAfterSeconds };
          reject(new StatusError(reason, `simulated ${reason}`, details));
        });
      const arrive = () => {
        const fault = misfortune(request.verb);
        const backMs = upTo(conditions.weather.latencyMsMax);
        const end = (outcome: string) => monitor.ended(full, outcome, fault);
        if (fault !== undefined && fault !== 'responseLost') end(fault);
        if (fault === 'away') refuse('ServiceUnavailable', backMs);
        else if (fault === 'throttled')
          refuse('TooManyRequests', backMs, random.next() < 0.3 ? undefined : 1 + upTo(retryAfterSecondsMax - 1));
        else if (fault === 'serverError') refuse('InternalError', backMs);
        else if (fault === 'requestLost') refuse('Timeout', timeoutMs);
        else if (fault === 'conflict') refuse('Conflict', backMs);
        else {
          let outcome: T | undefined;
          let failure: StatusError | undefined;
          try {
            monitor.effect(full);
            outcome = effect();
          } catch (error) {
            if (!(error instanceof StatusError)) throw error;
            failure = error;
          }
          end(failure?.reason ?? 'ok');
          if (fault === 'responseLost') refuse('Timeout', timeoutMs);
          else if (failure !== undefined) answer(backMs, () => reject(failure));
          else
            answer(backMs, () => {
              received(outcome as T);
              resolve(outcome as T);
            });
        }
      };
      cancelArrival = clock.after(upTo(conditions.weather.latencyMsMax), arrive);
    });

  /** Waits for time, for a change at the server, or for the end of the watch: whatever comes first. */
  const pause = (ms: number | undefined, ended: () => boolean) =>
    new Promise<void>((resolve) => {
      const undo: (() => void)[] = [];
      const done = () => {
        for (const step of undo) step();
        resolve();
      };
      if (ended()) {
        resolve();
        return;
      }
      undo.push(ms === undefined ? server.onChange(done) : clock.after(ms, done));
      cutters.add(done);
      undo.push(() => cutters.delete(done));
      signal.addEventListener('abort', done, { once: true });
      undo.push(() => signal.removeEventListener('abort', done));
    });

  async function* watch<T extends KubernetesObject>(
    resource: Resource<T>,
    from: number,
  ): AsyncIterable<WatchEvent<Stored<T>>> {
    await call({ verb: 'get', resource: resource.name, namespace: undefined, name: 'watch', body: undefined }, () => {
      if (from < server.compacted) throw new StatusError('Expired', 'too old resource version');
    });
    let cursor = from;
    let isCut = false;
    const cut = () => (isCut = true);
    const ended = () => isCut || signal.aborted;
    cutters.add(cut);
    try {
      for (let deliverAt: number | undefined; !ended(); ) {
        const change = server.nextChange(resource, cursor);
        if (change === undefined) {
          await pause(undefined, ended);
          continue;
        }
        deliverAt ??= change.at + upTo(conditions.weather.watchDelayMsMax);
        const waitMs = Math.max(deliverAt, conditions.stalledUntil.get(resource.name) ?? 0) - clock.now();
        if (waitMs > 0) {
          await pause(waitMs, ended);
          continue;
        }
        deliverAt = undefined;
        cursor = change.version;
        monitor.delivered(actor, resource.name, cursor);
        yield { type: change.type, object: change.object as Stored<T> };
        // Who asks for the next event has taken this one in.
        seen[resource.name] = cursor;
      }
    } finally {
      cutters.delete(cut);
    }
    if (isCut && !signal.aborted && random.next() < 0.5) throw new StatusError('ServiceUnavailable', 'watch broken');
  }

  const client: Client = {
    get: (resource, namespace, name) =>
      call({ verb: 'get', resource: resource.name, namespace, name, body: undefined }, () =>
        server.get(resource, namespace, name),
      ),
    list: (resource) =>
      call(
        { verb: 'list', resource: resource.name, namespace: undefined, name: undefined, body: undefined },
        () => {
          const stale = random.next() < conditions.weather.staleList;
          const version = stale ? Math.max(1, server.version - upTo(staleVersionsMax)) : server.version;
          return { metadata: { resourceVersion: String(version) }, items: server.allAt(resource, version) };
        },
        ({ metadata }) => {
          seen[resource.name] = Number(metadata.resourceVersion);
          monitor.delivered(actor, resource.name, Number(metadata.resourceVersion));
        },
      ),
    watch: (resource, { resourceVersion }) => watch(resource, Number(resourceVersion)),
    create(resource, object) {
      const { namespace, name } = object.metadata;
      return call({ verb: 'create', resource: resource.name, namespace, name, body: object }, () =>
        resource.kind === 'Event' ? (object as Stored<typeof object>) : server.create(actor, resource, object),
      );
    },
    update(resource, object, options) {
      const { namespace, name } = object.metadata;
      const { subresource } = options ?? {};
      return call({ verb: 'update', resource: resource.name, subresource, namespace, name, body: object }, () =>
        server.update(actor, resource, object, options),
      );
    },
    patch: (resource, namespace, name, type, patch, options) =>
      call({ verb: 'patch', resource: resource.name, namespace, name, body: patch }, () =>
        resource.kind === 'Event'
          ? ({ metadata: { namespace, name } } as Stored<never>)
          : server.patch(actor, resource, namespace, name, type, patch, options),
      ),
    delete: (resource, namespace, name, options) =>
      call({ verb: 'delete', resource: resource.name, namespace, name, body: options }, () =>
        server.delete(actor, resource, namespace, name, options),
      ),
    createSubresource: () => Promise.reject(new Error('the simulation has no such subresource')),
  };
  return {
    client,
    cut() {
      for (const cut of Array.from(cutters)) cut();
    },
  };
}
