// The multi-version core of every store: what stands under each key, the history behind it, and the watches on it.
// Everything here is synchronous and unconditional; the stores add the comparison, promises, and disk or etcd.
import { History } from './history.ts';
import { compareKeys } from './key-order.ts';
import { SortedEntries } from './sorted-entries.ts';
import type { Entry, Range, RangeOptions, StoredValue, StoreEvent, WatchHandler } from './store.ts';
import { CompactedError, FutureRevisionError } from './store.ts';
import { WatchHub } from './watch-hub.ts';

/** Events kept for watches that resume and pages that go on, unless told otherwise. */
export const historyEventsMaxDefault = 100_000;

/** An empty store's revision, as in etcd: 0 means "any" in Kubernetes' resourceVersion and is never a real one. */
export const firstRevision = 1;

export class Versions {
  readonly #entries = new SortedEntries();
  readonly #history: History;
  readonly #hub = new WatchHub();

  /** Begins at `revision` with these entries and no history: anything older counts as compacted. */
  constructor(revision: number, entries: Iterable<Entry>, historyEventsMax: number) {
    for (const entry of entries) this.#entries.set(entry);
    this.#history = new History(revision, historyEventsMax);
  }

  get revision(): number {
    return this.#history.revision;
  }

  /** History up to here is gone. */
  get compacted(): number {
    return this.#history.compacted;
  }

  get(key: string): Entry | undefined {
    return this.#entries.get(key);
  }

  /** Writes under the next revision, or the one that a server gave the write, and returns it. */
  put(key: string, value: StoredValue, revision = this.revision + 1): number {
    const current = this.#entries.get(key);
    this.#entries.set({ key, value, revision });
    const event: StoreEvent =
      current === undefined
        ? { type: 'put', key, value, revision }
        : { type: 'put', key, value, previous: current.value, revision };
    this.#record(event, current?.revision ?? 0);
    return revision;
  }

  /** Deletes what stands under the key, under the next revision or the given one, and returns that. */
  delete(current: Entry, revision = this.revision + 1): number {
    const { key, value } = current;
    this.#entries.remove(key);
    this.#record({ type: 'delete', key, value, previous: value, revision }, current.revision);
    return revision;
  }

  /** Nothing happened up to this revision but what was put and deleted here. */
  advance(revision: number): void {
    this.#history.advance(revision);
  }

  /** Takes in older history: all events after `compacted` up to the `compacted` of now. */
  prepend(compacted: number, events: readonly StoreEvent[], previousRevisions: readonly number[]): void {
    this.#history.prepend(compacted, events, previousRevisions);
  }

  range(prefix: string, options: RangeOptions): Range {
    const { after, limit = Number.POSITIVE_INFINITY } = options;
    const revision = options.revision ?? this.revision;
    this.#requireHistory(revision);
    const undone = this.#history.undone(prefix, revision);
    if (after !== undefined) for (const key of undone.keys()) if (compareKeys(key, after) <= 0) undone.delete(key);
    const total = this.#entries.count(prefix, after);
    if (undone.size === 0) {
      const entries = this.#entries.page(prefix, after, limit);
      return { entries, revision, remaining: total - entries.length };
    }
    // Of the newest page, at most undone.size entries are of no use: one so much longer is sure to hold enough.
    const kept = this.#entries.page(prefix, after, limit + undone.size).filter((entry) => !undone.has(entry.key));
    const last = kept[limit - 1]?.key;
    const page = kept.slice(0, limit);
    let remaining = total;
    for (const { before, isThere } of undone.values()) {
      remaining += Number(before !== undefined) - Number(isThere);
      if (before !== undefined && (last === undefined || compareKeys(before.key, last) < 0)) page.push(before);
    }
    const entries = page.sort((a, b) => compareKeys(a.key, b.key)).slice(0, limit);
    return { entries, revision, remaining: remaining - entries.length };
  }

  watch(prefix: string, after: number, handler: WatchHandler): () => void {
    this.#requireHistory(after);
    return this.#hub.add(prefix, this.revision, this.#history.since(prefix, after), handler);
  }

  compact(revision: number): void {
    if (revision > this.revision) throw new FutureRevisionError(revision, this.revision);
    this.#history.compact(revision);
  }

  /** Delivers what is pending and ends all watches. */
  end(error?: Error): Promise<void> {
    return this.#hub.end(error);
  }

  #record(event: StoreEvent, previousRevision: number): void {
    this.#history.push(event, previousRevision);
    this.#hub.publish(event);
  }

  #requireHistory(revision: number): void {
    if (revision > this.revision) throw new FutureRevisionError(revision, this.revision);
    if (revision < this.#history.compacted) throw new CompactedError(this.#history.compacted);
  }
}
