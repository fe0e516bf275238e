// The durable store: everything in memory as in the memory store, every write on disk before anybody hears of it.
// Writes of one turn of the event loop share a transaction (group commit). Reads never touch the disk. The file itself
// is sqlite-file.ts's.
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { requireKey } from './key-order.ts';
import { checksum, openStoreFile } from './sqlite-file.ts';
import type { Entry, Range, RangeOptions, Store, StoredValue, WatchHandler } from './store.ts';
import { RevisionMismatchError, StoreClosedError, WriteFailedError } from './store.ts';
import { historyEventsMaxDefault, Versions } from './versions.ts';

/** etcd's advised upper bound for its own file. */
const fileBytesMaxDefault = 8 * 2 ** 30;
/** A transaction holds up the event loop: a longer queue is committed in parts. */
const batchWritesMaxDefault = 1_024;

export interface SqliteStoreOptions {
  /** The file; made when absent, in a directory that exists. `-wal` and `.new` files appear beside it. */
  readonly path: string;
  /** Events kept for watches that resume and pages that go on; none are kept over a restart. */
  readonly historyEventsMax?: number;
  /** Writes that would grow the file beyond this fail with WriteFailedError; deletions still work. */
  readonly fileBytesMax?: number;
  /** Writes in one transaction. */
  readonly batchWritesMax?: number;
}

/**
 * Opens the store, making it when nothing is there. Rejects with CorruptStoreError (damaged, foreign or newer file;
 * nothing is changed then) or StoreLockedError (another process has it open).
 */
export async function openSqliteStore(options: SqliteStoreOptions): Promise<Store> {
  const file = openStoreFile(options.path, options.fileBytesMax ?? fileBytesMaxDefault);
  const versions = new Versions(file.revision, file.entries, options.historyEventsMax ?? historyEventsMaxDefault);
  return new SqliteStore(options.path, file.database, versions, options.batchWritesMax ?? batchWritesMaxDefault);
}

interface QueuedWrite {
  readonly key: string;
  /** Both undefined for a deletion. */
  readonly value: StoredValue | undefined;
  readonly text: string | undefined;
  readonly revision: number;
  readonly resolve: (revision: number) => void;
  readonly reject: (error: Error) => void;
}

const upsertStatement = `
  INSERT INTO entries (key, revision, value, checksum) VALUES (?, ?, ?, ?)
  ON CONFLICT (key) DO UPDATE SET revision = excluded.revision, value = excluded.value, checksum = excluded.checksum`;

class SqliteStore implements Store {
  readonly #path: string;
  readonly #database: DatabaseSync;
  /** What is committed; runs behind `#queue`. */
  readonly #versions: Versions;
  readonly #batchWritesMax: number;
  readonly #upsert: StatementSync;
  readonly #remove: StatementSync;
  readonly #setHead: StatementSync;
  #queue: QueuedWrite[] = [];
  /** The revisions the queued writes will leave under their keys, 0 for none: what the next write is compared with. */
  readonly #staged = new Map<string, number>();
  #commitHandle: NodeJS.Immediate | undefined;
  #isClosed = false;

  constructor(path: string, database: DatabaseSync, versions: Versions, batchWritesMax: number) {
    this.#path = path;
    this.#database = database;
    this.#versions = versions;
    this.#batchWritesMax = batchWritesMax;
    this.#upsert = database.prepare(upsertStatement);
    this.#remove = database.prepare('DELETE FROM entries WHERE key = ?');
    this.#setHead = database.prepare('UPDATE head SET revision = ?, checksum = ?');
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
    const text = JSON.stringify(value);
    this.#requireRevision(key, expected);
    return this.#enqueue(key, value, text);
  }

  async delete(key: string, expected: number): Promise<number> {
    // Nothing to delete is a mismatch too, even when that was expected: there is no revision to answer with.
    if (this.#requireRevision(key, expected) === 0) throw new RevisionMismatchError(key, 0);
    return this.#enqueue(key);
  }

  watch(prefix: string, after: number, handler: WatchHandler): () => void {
    return this.#open().watch(prefix, after, handler);
  }

  async compact(revision: number): Promise<void> {
    this.#open().compact(revision);
  }

  /** Commits what is queued, then lets go of the file. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#commit();
    this.#database.close();
    await this.#versions.end();
  }

  #open(): Versions {
    if (this.#isClosed) throw new StoreClosedError();
    return this.#versions;
  }

  #requireRevision(key: string, expected: number): number {
    const current = this.#staged.get(key) ?? this.#open().get(key)?.revision ?? 0;
    if (current === expected) return current;
    // Who loses to a write that only waits for its transaction looks again at once: it must find that write, or it
    // would lose to it again and again until the turn is over.
    if (this.#staged.has(key)) this.#commit();
    throw new RevisionMismatchError(key, current);
  }

  #enqueue(key: string, value?: StoredValue, text?: string): Promise<number> {
    this.#open();
    return new Promise((resolve, reject) => {
      const revision = this.#versions.revision + this.#queue.length + 1;
      this.#queue.push({ key, value, text, revision, resolve, reject });
      this.#staged.set(key, value === undefined ? 0 : revision);
      if (this.#queue.length >= this.#batchWritesMax) this.#commit();
      else this.#commitHandle ??= setImmediate(() => this.#commit());
    });
  }

  /** One transaction for the whole queue: all of it becomes durable and visible, or none. */
  #commit(): void {
    if (this.#commitHandle !== undefined) clearImmediate(this.#commitHandle);
    this.#commitHandle = undefined;
    const batch = this.#queue;
    if (batch.length === 0) return;
    this.#queue = [];
    this.#staged.clear();
    try {
      this.#writeToDisk(batch);
    } catch (cause) {
      const error = new WriteFailedError(`cannot write to ${this.#path}: ${(cause as Error).message}`, { cause });
      for (const write of batch) write.reject(error);
      return;
    }
    for (const { key, value } of batch)
      if (value === undefined) this.#versions.delete(this.#versions.get(key)!);
      else this.#versions.put(key, value);
    for (const write of batch) write.resolve(write.revision);
  }

  #writeToDisk(batch: readonly QueuedWrite[]): void {
    this.#database.exec('BEGIN IMMEDIATE');
    try {
      for (const { key, text, revision } of batch)
        if (text === undefined) this.#remove.run(key);
        else this.#upsert.run(key, revision, text, checksum(revision, key, text));
      const head = batch.at(-1)!.revision;
      this.#setHead.run(head, checksum(head));
      this.#database.exec('COMMIT');
    } catch (error) {
      // Some failures (disk full, I/O) have rolled back already.
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      throw error;
    }
  }
}
