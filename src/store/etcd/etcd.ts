// The store whose state is in an etcd v3 cluster: etcd's revisions are ours, every write is one compare-and-write
// transaction, reads come from a mirror in memory that has first been confirmed to hold every acknowledged write.
// Several processes on one etcd and prefix serve the same cluster.
import type { Clock } from '../../machinery/index.ts';
import { type Logger, silentLogger } from '../../observe/index.ts';
import { requireKey } from '../key-order.ts';
import type { Entry, Range, RangeOptions, Store, StoredValue, WatchHandler } from '../store.ts';
import { CompactedError, FutureRevisionError, StoreClosedError } from '../store.ts';
import { historyEventsMaxDefault } from '../versions.ts';
import { EtcdConnection, type EtcdTls, isOutOfRange } from './connection.ts';
import { readHistory } from './history-reader.ts';
import { createKeySpace, type KeySpace } from './keys.ts';
import { Mirror } from './mirror.ts';
import { compact, compareAndWrite, readAll, writeMarker } from './transactions.ts';

export interface EtcdStoreOptions {
  /** `http://127.0.0.1:2379`: one or more members of one etcd cluster. */
  readonly endpoints: readonly string[];
  readonly tls?: EtcdTls;
  /** All keys begin with it; `/everynode/` when absent. A slash at its end is added. */
  readonly prefix?: string;
  readonly clock: Clock;
  readonly log?: Logger;
  /** Events kept in memory for watches that resume and pages that go on. */
  readonly historyEventsMax?: number;
  /** Time for one request to etcd, all its attempts together. */
  readonly requestMsMax?: number;
  /** How long etcd may be ahead of the mirror before writes of others under other prefixes are taken for the reason. */
  readonly patienceMs?: number;
}

/** Not kube-apiserver's /registry: what lies there is not ours to read or to write. */
export const etcdPrefixDefault = '/everynode/';
const patienceMsDefault = 100;

/**
 * Opens the store and reads all of it. Rejects with StoreUnavailableError (no endpoint answers), WriteFailedError (etcd
 * refuses us) or CorruptStoreError (something else under the prefix).
 */
export async function openEtcdStore(options: EtcdStoreOptions): Promise<Store> {
  const { clock, prefix = etcdPrefixDefault, log = silentLogger } = options;
  const { historyEventsMax = historyEventsMaxDefault, patienceMs = patienceMsDefault } = options;
  const connection = new EtcdConnection(options);
  const keys = createKeySpace(prefix.endsWith('/') ? prefix : `${prefix}/`);
  try {
    const snapshot = await readAll(connection, keys);
    const mirror = new Mirror({ connection, keys, clock, log, historyEventsMax, patienceMs }, snapshot);
    return new EtcdStore(connection, keys, mirror, historyEventsMax);
  } catch (error) {
    connection.close();
    throw error;
  }
}

class EtcdStore implements Store {
  readonly #connection: EtcdConnection;
  readonly #keys: KeySpace;
  readonly #mirror: Mirror;
  readonly #historyEventsMax: number;
  /** Up to here etcd has nothing any more, as far as we were told, or more than is kept: it is not asked again. */
  #compacted = 0;
  #readingBack: Promise<unknown> = Promise.resolve();
  #closed: Promise<void> | undefined;

  constructor(connection: EtcdConnection, keys: KeySpace, mirror: Mirror, historyEventsMax: number) {
    this.#connection = connection;
    this.#keys = keys;
    this.#mirror = mirror;
    this.#historyEventsMax = historyEventsMax;
  }

  async revision(): Promise<number> {
    this.#requireOpen();
    await this.#mirror.confirm();
    return this.#mirror.versions.revision;
  }

  async get(key: string): Promise<Entry | undefined> {
    this.#requireOpen();
    await this.#mirror.confirm();
    return this.#mirror.versions.get(key);
  }

  async range(prefix: string, options: RangeOptions = {}): Promise<Range> {
    this.#requireOpen();
    await this.#mirror.confirm();
    if (options.revision !== undefined) await this.#requireHistory(options.revision);
    return this.#mirror.versions.range(prefix, options);
  }

  async put(key: string, value: StoredValue, expected: number): Promise<number> {
    this.#requireOpen();
    requireKey(key);
    return compareAndWrite(this.#connection, this.#keys, key, expected, value);
  }

  async delete(key: string, expected: number): Promise<number> {
    this.#requireOpen();
    return compareAndWrite(this.#connection, this.#keys, key, expected);
  }

  watch(prefix: string, after: number, handler: WatchHandler): () => void {
    this.#requireOpen();
    const { versions } = this.#mirror;
    if (after >= versions.compacted && after <= versions.revision) return versions.watch(prefix, after, handler);
    let stop: (() => void) | undefined;
    let isStopped = false;
    const join = async () => {
      if (after > this.#mirror.versions.revision) await this.#mirror.confirm();
      await this.#requireHistory(after);
      if (!isStopped) stop = this.#mirror.versions.watch(prefix, after, handler);
    };
    join().catch((error: unknown) => {
      // Closed in the meantime: the end of every watch, and no error.
      if (!isStopped) handler.end(error instanceof StoreClosedError ? undefined : (error as Error));
    });
    return () => {
      isStopped = true;
      stop?.();
    };
  }

  async compact(revision: number): Promise<void> {
    this.#requireOpen();
    await this.#mirror.confirm();
    const current = this.#mirror.versions.revision;
    if (revision > current) throw new FutureRevisionError(revision, current);
    try {
      await compact(this.#connection, revision);
      this.#compacted = Math.max(this.#compacted, revision);
    } catch (error) {
      // It was reached, so it is behind what somebody has compacted already: there is nothing to do.
      if (!isOutOfRange(error)) throw error;
    }
    this.#mirror.versions.compact(revision);
  }

  close(): Promise<void> {
    if (this.#closed === undefined) {
      this.#connection.close();
      this.#closed = this.#mirror.close();
    }
    return this.#closed;
  }

  #requireOpen(): void {
    if (this.#closed !== undefined) throw new StoreClosedError();
  }

  /** Brings back from etcd what happened after `revision`, if that is more than is in memory; one reading at a time. */
  async #requireHistory(revision: number): Promise<void> {
    if (revision >= this.#mirror.versions.compacted) return;
    const turn = this.#readingBack.then(() => this.#readBack(revision));
    this.#readingBack = turn.catch(() => undefined);
    await turn;
  }

  async #readBack(revision: number): Promise<void> {
    const { versions } = this.#mirror;
    const { compacted } = versions;
    if (revision >= compacted) return;
    if (revision < this.#compacted) throw new CompactedError(this.#compacted);
    const mark = () => writeMarker(this.#connection, this.#keys);
    const wanted = { after: revision, until: compacted, eventsMax: this.#historyEventsMax };
    const reading = readHistory(this.#connection, this.#keys, wanted, mark);
    const older = await reading.catch((error: unknown) => {
      if (error instanceof CompactedError) this.#compacted = Math.max(this.#compacted, error.compacted);
      throw error;
    });
    // Compacted or read anew while we read: what we have no longer ends where the history in memory begins.
    if (versions !== this.#mirror.versions || versions.compacted !== compacted) throw new CompactedError(compacted);
    versions.prepend(older.compacted, older.events, older.previousRevisions);
    if (versions.compacted > revision) this.#compacted = Math.max(this.#compacted, versions.compacted);
  }
}
