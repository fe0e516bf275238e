// The storage seam: what the API server needs of a store, in etcd's terms. One global revision that only grows; every
// write compares the key's modification revision; watches are gap-free. Three kinds: memory, SQLite, etcd.
// Objects are plain JSON values, immutable once handed over in either direction (no clone on the way).

/** A JSON object; the store never looks inside. */
export type StoredValue = Readonly<Record<string, unknown>>;

export interface Entry {
  readonly key: string;
  readonly value: StoredValue;
  /** Revision of the write that made this value: the object's resourceVersion. */
  readonly revision: number;
}

export interface StoreEvent {
  readonly type: 'put' | 'delete';
  readonly key: string;
  /** After a put: the new value. After a delete: the last value. */
  readonly value: StoredValue;
  /** What stood there before; absent when the put created the key. Lets selectors see objects enter and leave. */
  readonly previous?: StoredValue;
  readonly revision: number;
}

export interface Range {
  readonly entries: readonly Entry[];
  /** The revision the whole range was read at. */
  readonly revision: number;
  /** Keys left beyond the limit, 0 when complete. */
  readonly remaining: number;
}

export interface RangeOptions {
  readonly limit?: number;
  /** Start after this key (exclusive): the next page. */
  readonly after?: string;
  /** Read at this older revision, for a consistent next page. Throws CompactedError, FutureRevisionError. */
  readonly revision?: number;
}

export interface WatchHandler {
  /**
   * Called in revision order, without gaps; must not throw and must return at once. `isReplay` is true of those, perhaps
   * very many at once, that had happened when the watch began: how many they are says nothing of how fast it reads.
   */
  events(events: readonly StoreEvent[], isReplay?: boolean): void;
  /** The store cannot go on (closed, history lost): no more calls after this. */
  end(error?: Error): void;
}

export interface Store {
  /** The newest committed revision. */
  revision(): Promise<number>;
  get(key: string): Promise<Entry | undefined>;
  /** Keys with the prefix in byte order. */
  range(prefix: string, options?: RangeOptions): Promise<Range>;
  /**
   * Writes when the key's current modification revision is `expected` (0 = must not exist) and resolves, once durable,
   * to the new revision; throws RevisionMismatchError otherwise. The value does not contain its own resourceVersion.
   */
  put(key: string, value: StoredValue, expected: number): Promise<number>;
  /** Deletes under the same condition; resolves to the revision of the deletion. */
  delete(key: string, expected: number): Promise<number>;
  /**
   * Events with a revision greater than `after`. Returns the stop function. Throws CompactedError when those are gone,
   * FutureRevisionError when `after` was not reached yet; a store that has to ask a server ends the handler with them.
   */
  watch(prefix: string, after: number, handler: WatchHandler): () => void;
  /** Forgets history up to `revision` (current values stay). */
  compact(revision: number): Promise<void>;
  close(): Promise<void>;
}

/** The key is not at the revision the writer believed. `current` is 0 when it does not exist. */
export class RevisionMismatchError extends Error {
  override readonly name = 'RevisionMismatchError';
  readonly key: string;
  readonly current: number;
  constructor(key: string, current: number) {
    super(`${key} is at revision ${current}`);
    this.key = key;
    this.current = current;
  }
}

/** The asked-for revision is older than the history that is kept. */
export class CompactedError extends Error {
  override readonly name = 'CompactedError';
  readonly compacted: number;
  constructor(compacted: number) {
    super(`history up to revision ${compacted} was compacted`);
    this.compacted = compacted;
  }
}

/** The files on disk are not what this store wrote. Nothing was changed; the message names the path and what to do. */
export class CorruptStoreError extends Error {
  override readonly name = 'CorruptStoreError';
  readonly path: string;
  constructor(path: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.path = path;
  }
}

/** The asked-for revision has not been written yet: it comes from another store, or from this one's lost past. */
export class FutureRevisionError extends Error {
  override readonly name = 'FutureRevisionError';
  readonly current: number;
  constructor(asked: number, current: number) {
    super(`revision ${asked} is newer than the store, which is at ${current}`);
    this.current = current;
  }
}

/** The write could not be made durable (disk full, I/O error); nothing of it is visible. May be tried again. */
export class WriteFailedError extends Error {
  override readonly name = 'WriteFailedError';
}

/** The store's server did not answer. A write may or may not have been made: whoever asks again, reads first. */
export class StoreUnavailableError extends Error {
  override readonly name = 'StoreUnavailableError';
}

/** Another process has the store open. */
export class StoreLockedError extends Error {
  override readonly name = 'StoreLockedError';
  readonly path: string;
  constructor(path: string, options?: ErrorOptions) {
    super(`${path} is in use by another process: stop that one first, or give this one a path of its own`, options);
    this.path = path;
  }
}

/** The store was closed before the call. */
export class StoreClosedError extends Error {
  override readonly name = 'StoreClosedError';
  constructor() {
    super('the store is closed');
  }
}
