// What becomes of one more event: written anew, counted up on an earlier one, folded into a "combined" one, or dropped.
// The rules and figures of client-go's EventCorrelator (tools/record/events_cache.go), as a pure function of its memory
// and the time; it writes nothing.
import type { ObjectReference } from '../api/index.ts';

export interface Occurrence {
  readonly involved: ObjectReference;
  /** Normal | Warning */
  readonly type: string;
  readonly reason: string;
  readonly message: string;
}

/** The Event object that an occurrence lands in. */
export interface EventRecord {
  readonly namespace: string;
  readonly name: string;
  readonly firstMs: number;
  count: number;
}

export type Correlation =
  | { readonly kind: 'create'; readonly record: EventRecord; readonly message: string }
  | { readonly kind: 'count'; readonly record: EventRecord; readonly message: string }
  | { readonly kind: 'drop' };

export interface EventCorrelator {
  /** @param makeName the name of the Event object, should one be made. */
  correlate(occurrence: Occurrence, nowMs: number, makeName: () => string): Correlation;
}

/** More different messages than this of one object, type and reason within the interval are folded into one event. */
const similarMessagesMax = 10;
const similarIntervalMs = 10 * 60 * 1000;
/** Token bucket per object: so many at once, then one each five minutes. */
const burstEventsMax = 25;
const refillMs = 5 * 60 * 1000;
const memoryEntriesMax = 4096;

const combined = '(combined from similar events): ';

export function createEventCorrelator(): EventCorrelator {
  const similar = createMemory<{ readonly messages: Set<string>; lastMs: number }>();
  const records = createMemory<EventRecord>();
  const buckets = createMemory<{ tokens: number; lastMs: number }>();

  /** Whether this message, the latest of its kind, is one too many of different ones. */
  const isOneTooMany = (kind: string, message: string, nowMs: number): boolean => {
    let known = similar.get(kind);
    if (known === undefined || nowMs - known.lastMs > similarIntervalMs) known = { messages: new Set(), lastMs: nowMs };
    similar.set(kind, known);
    known.lastMs = nowMs;
    // A message already seen keeps its own event, however many others there are.
    if (known.messages.has(message) || known.messages.size < similarMessagesMax) {
      known.messages.add(message);
      return false;
    }
    return true;
  };

  const takeToken = (object: string, nowMs: number): boolean => {
    const bucket = buckets.get(object) ?? { tokens: burstEventsMax, lastMs: nowMs };
    bucket.tokens = Math.min(burstEventsMax, bucket.tokens + (nowMs - bucket.lastMs) / refillMs);
    bucket.lastMs = nowMs;
    buckets.set(object, bucket);
    if (bucket.tokens < 1) return false;
    bucket.tokens -= 1;
    return true;
  };

  return {
    correlate(occurrence, nowMs, makeName) {
      const object = keyOfReference(occurrence.involved);
      const kind = JSON.stringify([object, occurrence.type, occurrence.reason]);
      const folded = isOneTooMany(kind, occurrence.message, nowMs);
      const message = folded ? `${combined}${occurrence.message}` : occurrence.message;
      if (!takeToken(object, nowMs)) return { kind: 'drop' };
      const key = folded ? kind : JSON.stringify([kind, occurrence.message]);
      const known = records.get(key);
      if (known !== undefined) {
        known.count++;
        return { kind: 'count', record: known, message };
      }
      const namespace = occurrence.involved.namespace ?? 'default';
      const record = { namespace, name: makeName(), firstMs: nowMs, count: 1 };
      records.set(key, record);
      return { kind: 'create', record, message };
    },
  };
}

function keyOfReference({ apiVersion, kind, namespace, name, uid }: ObjectReference): string {
  return JSON.stringify([apiVersion, kind, namespace, name, uid]);
}

/** A map that forgets what was set longest ago. */
function createMemory<V>() {
  const entries = new Map<string, V>();
  return {
    get: (key: string) => entries.get(key),
    set(key: string, value: V) {
      entries.delete(key);
      entries.set(key, value);
      if (entries.size > memoryEntriesMax) entries.delete(entries.keys().next().value!);
    },
  };
}
