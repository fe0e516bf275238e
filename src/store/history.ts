// The newest events, one per revision without gaps, bounded by count. From it come the replay of a watch and, by undoing
// what came later, the state at an older revision. It never grows beyond its bound; what fell out is compacted.
import type { Entry, StoreEvent } from './store.ts';

/** Dropped slots are cut off the arrays in slabs of at least this many, to keep dropping O(1) on average. */
const slabEventsMin = 1_024;

/** A key that changed since an older revision. */
export interface Undone {
  /** What stood there at that revision. */
  readonly before: Entry | undefined;
  /** Does anything stand there now? */
  readonly isThere: boolean;
}

export class History {
  readonly #eventsMax: number;
  /** `#events[#start + i]` has revision `#compacted + 1 + i`; before `#start` lie dropped slots. */
  #events: (StoreEvent | undefined)[] = [];
  /** The modification revision of what stood under the event's key before it, 0 for nothing. */
  #previousRevisions: number[] = [];
  #start = 0;
  #compacted: number;

  constructor(compacted: number, eventsMax: number) {
    this.#compacted = compacted;
    this.#eventsMax = eventsMax;
  }

  /** Events up to this revision are gone; states older than it cannot be read. */
  get compacted(): number {
    return this.#compacted;
  }

  /** The revision of the newest event. */
  get revision(): number {
    return this.#compacted + this.#events.length - this.#start;
  }

  push(event: StoreEvent, previousRevision: number): void {
    this.#events.push(event);
    this.#previousRevisions.push(previousRevision);
    if (this.#events.length - this.#start > this.#eventsMax) this.#drop(1);
  }

  compact(revision: number): void {
    if (revision > this.#compacted) this.#drop(revision - this.#compacted);
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

  #indexAfter(revision: number): number {
    return this.#start + revision - this.#compacted;
  }

  #drop(count: number): void {
    this.#events.fill(undefined, this.#start, this.#start + count);
    this.#start += count;
    this.#compacted += count;
    if (this.#start < slabEventsMin || this.#start < this.#events.length / 2) return;
    this.#events = this.#events.slice(this.#start);
    this.#previousRevisions = this.#previousRevisions.slice(this.#start);
    this.#start = 0;
  }
}
