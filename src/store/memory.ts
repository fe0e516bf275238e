// The store that lives and dies with the process: for tests, the simulator and throw-away clusters.
import type { Entry, Range, RangeOptions, Store, StoredValue, WatchHandler } from './store.ts';
import { RevisionMismatchError, StoreClosedError } from './store.ts';
import { firstRevision, historyEventsMaxDefault, Versions } from './versions.ts';
import { requireKey } from './key-order.ts';

export interface MemoryStoreOptions {
  /** Events kept for watches that resume and pages that go on. */
  readonly historyEventsMax?: number;
}

export function openMemoryStore(options: MemoryStoreOptions = {}): Store {
  return new MemoryStore(options.historyEventsMax ?? historyEventsMaxDefault);
}

class MemoryStore implements Store {
  readonly #versions: Versions;
  #isClosed = false;

  constructor(historyEventsMax: number) {
    this.#versions = new Versions(firstRevision, [], historyEventsMax);
  }

  async revision(): Promise<number> {
    return this.#open().revision;
  }

  async get(key: string): Promise<Entry | undefined> {
    return this.#open().get(key);
  }

  async range(prefix: string, options: RangeOptions = {}): Promise<Range> {
    return this.#open().range(prefix, options);
  }

  async put(key: string, value: StoredValue, expected: number): Promise<number> {
    requireKey(key);
    const versions = this.#open();
    const current = versions.get(key)?.revision ?? 0;
    if (current !== expected) throw new RevisionMismatchError(key, current);
    return versions.put(key, value);
  }

  async delete(key: string, expected: number): Promise<number> {
    const versions = this.#open();
    const current = versions.get(key);
    // Nothing to delete is a mismatch too, even when that was expected: there is no revision to answer with.
    if (current === undefined || current.revision !== expected)
      throw new RevisionMismatchError(key, current?.revision ?? 0);
    return versions.delete(current);
  }

  watch(prefix: string, after: number, handler: WatchHandler): () => void {
    return this.#open().watch(prefix, after, handler);
  }

  async compact(revision: number): Promise<void> {
    this.#open().compact(revision);
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#versions.end();
  }

  #open(): Versions {
    if (this.#isClosed) throw new StoreClosedError();
    return this.#versions;
  }
}
