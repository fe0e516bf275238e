// Kubernetes Events from here: callers never wait and never fail; a queue of bounded length feeds one writer. Which
// occurrences become an Event of their own is event-correlator.ts.
import {
  apiVersionOf,
  type Event,
  formatTime,
  isReason,
  isRetryable,
  type KubernetesObject,
  type ObjectReference,
  type Resource,
} from '../api/index.ts';
import type { Logger } from '../observe/index.ts';
import { createBackOff } from './back-off.ts';
import { type Clock, sleep } from './clock.ts';
import { type Correlation, createEventCorrelator, type EventRecord, type Occurrence } from './event-correlator.ts';
import type { Random } from './random.ts';

/** Where events are written; `eventSink()` of client/ makes one. */
export interface EventSink {
  create(event: Event, signal: AbortSignal): Promise<unknown>;
  /** Merge patch. */
  patch(namespace: string, name: string, patch: Partial<Event>, signal: AbortSignal): Promise<unknown>;
}

export interface EventRecorderOptions {
  /** `daemonset-controller`: stands as source and reportingComponent. */
  readonly component: string;
  readonly sink: EventSink;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly signal: AbortSignal;
  readonly queueEventsMax?: number;
}

/** Will be written. */
interface Waiting {
  readonly occurrence: Occurrence;
  readonly correlation: Exclude<Correlation, { readonly kind: 'drop' }>;
  readonly nowMs: number;
}

export interface EventRecorder {
  /** Returns at once; the event is written soon, counted up on an earlier one, or dropped when there are too many. */
  record(involved: ObjectReference, type: 'Normal' | 'Warning', reason: string, message: string): void;
  /** Resolves when everything recorded so far was written or given up. */
  flushed(): Promise<void>;
  readonly stopped: Promise<void>;
}

/** A thousand events wait at most; client-go's broadcaster has the same bound. */
const defaultQueueEventsMax = 1000;
const triesMax = 5;
const retry = { baseMs: 500, msMax: 10_000, jitter: 1 };
/** The API's bound on an event's message (validation.ValidateEventUpdate: 1 KiB). */
const messageCharactersMax = 1024;
/** Leaves room for the suffix in a name of 253 characters. */
const objectNameCharactersMax = 230;

/** What an event says it is about. */
export function referenceTo(resource: Resource, { metadata }: KubernetesObject): ObjectReference {
  const { namespace, name, uid, resourceVersion } = metadata;
  return {
    apiVersion: apiVersionOf(resource),
    kind: resource.kind,
    ...(namespace === undefined ? {} : { namespace }),
    ...(name === undefined ? {} : { name }),
    ...(uid === undefined ? {} : { uid }),
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
  };
}

export function createEventRecorder(options: EventRecorderOptions): EventRecorder {
  const { component, sink, clock, random, log, signal, queueEventsMax = defaultQueueEventsMax } = options;
  const correlator = createEventCorrelator();
  const queue: Waiting[] = [];
  const stopped = Promise.withResolvers<void>();
  let draining: Promise<void> | undefined;
  let dropped = 0;

  const create = ({ involved, type, reason }: Occurrence, record: EventRecord, message: string, nowMs: number) =>
    sink.create(
      {
        apiVersion: 'v1',
        kind: 'Event',
        metadata: { namespace: record.namespace, name: record.name },
        involvedObject: involved,
        reason,
        message,
        type,
        source: { component },
        reportingComponent: component,
        reportingInstance: '',
        firstTimestamp: formatTime(record.firstMs),
        lastTimestamp: formatTime(nowMs),
        count: record.count,
      },
      signal,
    );

  const write = async ({ occurrence, correlation, nowMs }: Waiting): Promise<void> => {
    const { record } = correlation;
    const message = correlation.message.slice(0, messageCharactersMax);
    if (correlation.kind === 'create') {
      await untilTaken(occurrence, () => create(occurrence, record, message, nowMs));
      return;
    }
    const patch = { count: record.count, lastTimestamp: formatTime(nowMs), message };
    await untilTaken(occurrence, () =>
      sink.patch(record.namespace, record.name, patch, signal).catch((error: unknown) => {
        // The server forgets events after an hour; one that comes again later is written anew.
        if (isReason(error, 'NotFound')) return create(occurrence, record, message, nowMs);
        throw error;
      }),
    );
  };

  /** Tries again while that may help. An event is not worth more than that: it is given up with a line in the log. */
  const untilTaken = async ({ reason }: Occurrence, send: () => Promise<unknown>): Promise<void> => {
    const backOff = createBackOff({ ...retry, random });
    for (let tries = 1; !signal.aborted; tries++) {
      try {
        await send();
        return;
      } catch (error) {
        if (signal.aborted) return;
        if (!isRetryable(error) || tries === triesMax) {
          log.debug('event not written', { reason, tries, error });
          return;
        }
        await sleep(clock, backOff.next(), signal).catch(() => undefined);
      }
    }
  };

  const drain = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined && !signal.aborted; next = queue.shift()) await write(next);
    draining = undefined;
    if (dropped > 0) log.warn('events dropped: the queue was full', { dropped, queueEventsMax });
    dropped = 0;
    if (signal.aborted) stopped.resolve();
  };

  const stop = () => {
    if (draining === undefined) stopped.resolve();
  };
  if (signal.aborted) stop();
  else signal.addEventListener('abort', stop, { once: true });

  return {
    record(involved, type, reason, message) {
      if (signal.aborted) return;
      const nowMs = clock.now();
      const occurrence = { involved, type, reason, message };
      // Before it waits: a launch of thousands of pods leaves the queue to what will be written.
      const correlation = correlator.correlate(occurrence, nowMs, () => eventName(involved, nowMs, random));
      if (correlation.kind === 'drop') return;
      if (queue.length >= queueEventsMax) {
        dropped++;
        return;
      }
      queue.push({ occurrence, correlation, nowMs });
      draining ??= Promise.resolve().then(drain);
    },
    flushed: () => draining ?? Promise.resolve(),
    stopped: stopped.promise,
  };
}

/** client-go: the object's name and the time; chance stands in for the nanoseconds that JavaScript has not. */
function eventName({ name }: ObjectReference, nowMs: number, random: Random): string {
  const nanoseconds = BigInt(Math.floor(nowMs)) * 1_000_000n + BigInt(Math.floor(random.next() * 1_000_000));
  return `${(name ?? 'unknown').slice(0, objectNameCharactersMax)}.${nanoseconds.toString(16)}`;
}
