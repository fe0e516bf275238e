// The newest events in the order of their revisions, bounded in count and memory. From it come the replay of a watch and, by
// undoing what came later, the state at an older revision. It never grows beyond its bound; what fell out is compacted.
// Revisions may be missing (etcd counts the writes of others too) and repeat (an etcd transaction of several keys).
import type { Entry, StoreEvent } from './store.ts';
import { sizeOf } from './value-size.ts';

/** Dropped slots are cut off the arrays in slabs of at least this many, to keep dropping O(1) on average. */
const slabEventsMin = 1_024;

/** Old values are all that writes leave behind in memory: large ones are forgotten before there are many. */
export const historyBytesMaxDefault = 128 * 2 ** 20;

/** A key that changed since an older revision. */
export interface Undone {
  /** What stood there at that revision. */
  readonly before: Entry | undefined;
  /** Does anything stand there now? */
  readonly isThere: boolean;
}

export class History {
  readonly #eventsMax: number;
  readonly #bytesMax: number;
  /** Before `#start` lie dropped slots. */
  #events: (StoreEvent | undefined)[] = [];
  /** The modification revision of what stood under the event's key before it, 0 for nothing. */
  #previousRevisions: number[] = [];
  /** What each event's value takes, about; `#bytes` in all. */
  #sizes: number[] = [];
  #bytes = 0;
  #start = 0;
  #compacted: number;
  #revision: number;

  constructor(compacted: number, eventsMax: number, bytesMax = historyBytesMaxDefault) {
    this.#compacted = compacted;
    this.#revision = compacted;
    this.#eventsMax = eventsMax;
    this.#bytesMax = bytesMax;
  }

  /** Events up to this revision are gone; states older than it cannot be read. */
  get compacted(): number {
    return this.#compacted;
  }

  /** Everything up to here is known: the revision of the newest event, or a later one without an event. */
  get revision(): number {
    return this.#revision;
  }

  push(event: StoreEvent, previousRevision: number): void {
    this.#events.push(event);
    this.#previousRevisions.push(previousRevision);
    const size = sizeOf(event.value);
    this.#sizes.push(size);
    this.#bytes += size;
    this.#revision = event.revision;
    const excess = this.#excess();
    if (excess > 0) this.#drop(this.#events[this.#start + excess - 1]!.revision, this.#start + excess);
  }

  /** How many of the oldest events are beyond a bound. The newest one stays, however large it is. */
  #excess(): number {
    const kept = this.#events.length - this.#start;
    let excess = Math.max(0, kept - this.#eventsMax);
    let bytes = this.#bytes;
    for (let i = 0; i < excess; i++) bytes -= this.#sizes[this.#start + i]!;
    while (bytes > this.#bytesMax && excess < kept - 1) bytes -= this.#sizes[this.#start + excess++]!;
    return excess;
  }

  /** Nothing happened up to this revision but what was pushed. */
  advance(revision: number): void {
    this.#revision = Math.max(this.#revision, revision);
  }

  /** All events after `compacted` up to the oldest one that is kept here; more than the bound allows are not taken. */
  prepend(compacted: number, events: readonly StoreEvent[], previousRevisions: readonly number[]): void {
    const sizes = events.map(({ value }) => sizeOf(value));
    let room = Math.max(0, this.#eventsMax - (this.#events.length - this.#start));
    let left = events.length;
    while (left > 0 && room-- > 0 && this.#bytes + sizes[left - 1]! <= this.#bytesMax) this.#bytes += sizes[--left]!;
    this.#sizes = [...sizes.slice(left), ...this.#sizes.slice(this.#start)];
    this.#events = [...events.slice(left), ...this.#events.slice(this.#start)];
    this.#previousRevisions = [...previousRevisions.slice(left), ...this.#previousRevisions.slice(this.#start)];
    this.#start = 0;
    this.#compacted = left === 0 ? compacted : events[left - 1]!.revision;
  }

  compact(revision: number): void {
    if (revision > this.#compacted) this.#drop(revision, this.#indexAfter(revision));
  }

  /** The events with the prefix and a revision greater than `after`, oldest first. */
  since(prefix: string, after: number): StoreEvent[] {
    const found: StoreEvent[] = [];
    for (let i = this.#indexAfter(after); i < this.#events.length; i++) {
      const event = this.#events[i]!;
      if (event.key.startsWith(prefix)) found.push(event);
    }
    return found;
  }

  /** The keys with the prefix that changed after `revision`. */
  undone(prefix: string, revision: number): Map<string, Undone> {
    const undone = new Map<string, Undone>();
    const first = this.#indexAfter(revision);
    // Backwards: the newest change says what there is, the earliest one after `revision` what there was.
    for (let i = this.#events.length - 1; i >= first; i--) {
      const { type, key, previous } = this.#events[i]!;
      if (!key.startsWith(prefix)) continue;
      const before =
        previous === undefined ? undefined : { key, value: previous, revision: this.#previousRevisions[i]! };
      undone.set(key, { before, isThere: undone.get(key)?.isThere ?? type === 'put' });
    }
    return undone;
  }

  /** Of the first event with a greater revision. */
  #indexAfter(revision: number): number {
    let low = this.#start;
    let high = this.#events.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#events[middle]!.revision > revision) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  /** Forgets the events before the index `end`, which are those up to the revision `compacted`. */
  #drop(compacted: number, end: number): void {
    for (let i = this.#start; i < end; i++) this.#bytes -= this.#sizes[i]!;
    this.#events.fill(undefined, this.#start, end);
    this.#start = end;
    this.#compacted = compacted;
    if (this.#start < slabEventsMin || this.#start < this.#events.length / 2) return;
    this.#events = this.#events.slice(this.#start);
    this.#previousRevisions = this.#previousRevisions.slice(this.#start);
    this.#sizes = this.#sizes.slice(this.#start);
    this.#start = 0;
  }
}
