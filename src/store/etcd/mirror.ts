// What etcd holds under the prefix, kept in memory by one watch: decoded once, read by everybody. Says how far it has
// come and waits until it has come far enough. It survives broken connections and restarts of etcd without a gap; when
// etcd has forgotten what was missed, it reads everything anew and ends the watches, whose clients list again.
import { create } from '@bufbuild/protobuf';
import { type Clock, sleep } from '../../machinery/index.ts';
import type { Logger } from '../../observe/index.ts';
import { CompactedError, type Entry, StoreUnavailableError } from '../store.ts';
import { Versions } from '../versions.ts';
import type { EtcdConnection } from './connection.ts';
import { type Event, Event_EventType, type ResponseHeader, WatchCreateRequestSchema } from './generated/etcd_pb.ts';
import { decodeValue, type KeySpace } from './keys.ts';
import { currentHeader, readAll, type Snapshot, writeMarker } from './transactions.ts';

export interface MirrorOptions {
  readonly connection: EtcdConnection;
  readonly keys: KeySpace;
  readonly clock: Clock;
  readonly log: Logger;
  readonly historyEventsMax: number;
  /** How long etcd may be ahead of us before we take it that others write there too. */
  readonly patienceMs: number;
}

/** Once others were seen to write to the same etcd, they are expected to for so long. */
const sharedMs = 10_000;
const sharedPatienceMs = 2;
/** For the watch to tell what etcd has answered already. */
const catchUpMsMax = 10_000;
const reconnectMsMin = 50;
const reconnectMsMax = 2_000;

interface Waiter {
  readonly revision: number;
  readonly resolve: (isReached: boolean) => void;
}

export class Mirror {
  readonly #options: MirrorOptions;
  #versions: Versions;
  #clusterId: bigint;
  #waiters: Waiter[] = [];
  #sharedUntilMs = 0;
  #confirming: Promise<void> | undefined;
  #confirmingNext: Promise<void> | undefined;
  #reloading: Promise<void> | undefined;
  readonly #running: Promise<void>;

  constructor(options: MirrorOptions, snapshot: Snapshot) {
    this.#options = options;
    this.#clusterId = snapshot.header.clusterId;
    this.#versions = this.#load(snapshot);
    this.#running = this.#run();
  }

  /** Replaced when history was lost: do not keep it over an await. */
  get versions(): Versions {
    return this.#versions;
  }

  /**
   * Resolves when everything that was acknowledged to anybody before the call is in `versions`. All callers of a moment
   * share one question to etcd; one that is under way already proves nothing to those who come later.
   */
  confirm(): Promise<void> {
    if (this.#confirming === undefined) return this.#startConfirming();
    const start = () => {
      this.#confirmingNext = undefined;
      return this.#startConfirming();
    };
    this.#confirmingNext ??= this.#confirming.then(start, start);
    return this.#confirmingNext;
  }

  /** Resolves when the watch has told everything up to this revision. */
  async reach(revision: number): Promise<void> {
    if (!(await this.#reached(revision, catchUpMsMax)))
      throw new StoreUnavailableError(`the watch on etcd is ${catchUpMsMax} ms behind`);
  }

  /** Delivers what is pending and ends all watches. The connection is closed before. */
  async close(): Promise<void> {
    await this.#running;
    await this.#versions.end();
  }

  #startConfirming(): Promise<void> {
    this.#confirming = this.#confirm().finally(() => (this.#confirming = undefined));
    return this.#confirming;
  }

  async #confirm(): Promise<void> {
    const { connection, keys, clock, patienceMs } = this.#options;
    const known = this.#versions.revision;
    const header = await currentHeader(connection, keys);
    if (this.#isAnother(header, known)) await this.#reload();
    const revision = Number(header.revision);
    const isShared = clock.now() < this.#sharedUntilMs;
    if (await this.#reached(revision, isShared ? sharedPatienceMs : patienceMs)) return;
    // A write of somebody else's, elsewhere in etcd, of which our watch will never tell. A write of our own, of which
    // it will, comes after it. (etcd could be asked for the watch's progress instead, but before 3.4.25 and 3.5.8,
    // Debian's among them, its answer may overtake events.)
    this.#sharedUntilMs = clock.now() + sharedMs;
    await this.reach(await writeMarker(connection, keys));
  }

  /** Whether the mirror came to this revision in time. */
  #reached(revision: number, withinMs: number): Promise<boolean> {
    if (this.#versions.revision >= revision) return Promise.resolve(true);
    return new Promise((resolve) => {
      const cancel = this.#options.clock.after(withinMs, () => {
        this.#waiters = this.#waiters.filter((other) => other !== waiter);
        resolve(false);
      });
      const waiter: Waiter = {
        revision,
        resolve(isReached) {
          cancel();
          resolve(isReached);
        },
      };
      this.#waiters.push(waiter);
    });
  }

  #wake(): void {
    const { revision } = this.#versions;
    const isDue = (waiter: Waiter) => waiter.revision <= revision;
    if (!this.#waiters.some(isDue)) return;
    const due = this.#waiters.filter(isDue);
    this.#waiters = this.#waiters.filter((waiter) => !isDue(waiter));
    for (const waiter of due) waiter.resolve(true);
  }

  async #run(): Promise<void> {
    const { connection, clock, log } = this.#options;
    const { signal } = connection;
    let pauseMs = reconnectMsMin;
    while (!signal.aborted) {
      try {
        await this.#follow(() => (pauseMs = reconnectMsMin));
      } catch (error) {
        if (signal.aborted) break;
        log.warn('the watch on etcd broke; going on where it was', { error });
      }
      try {
        await sleep(clock, pauseMs, signal);
        pauseMs = Math.min(pauseMs * 2, reconnectMsMax);
        await this.#resume();
      } catch (error) {
        if (!signal.aborted) log.warn('etcd cannot be read', { error });
      }
    }
    for (const waiter of this.#waiters) waiter.resolve(false);
  }

  /** Before the watch is opened again: it would wait for ever for revisions that etcd has lost. */
  async #resume(): Promise<void> {
    const { connection, keys } = this.#options;
    const known = this.#versions.revision;
    if (this.#isAnother(await currentHeader(connection, keys), known)) await this.#reload();
  }

  /** Is that another etcd, or one restored from an older copy? The one we knew never answers less than was `known`. */
  #isAnother({ clusterId, revision }: ResponseHeader, known: number): boolean {
    return clusterId !== this.#clusterId || Number(revision) < known;
  }

  async #follow(opened: () => void): Promise<void> {
    const { connection, keys } = this.#options;
    const watch = create(WatchCreateRequestSchema, {
      key: keys.first,
      rangeEnd: keys.end,
      startRevision: BigInt(this.#versions.revision + 1),
      progressNotify: true,
      fragment: true,
    });
    let parts: Event[] = [];
    for await (const response of connection.watch(watch, connection.signal)) {
      if (response.canceled) {
        if (response.compactRevision === 0n) throw new StoreUnavailableError(`etcd: ${response.cancelReason}`);
        await this.#reload();
        return;
      }
      opened();
      parts.push(...response.events);
      if (response.fragment) continue;
      const events = parts;
      parts = [];
      const known = this.#versions.revision;
      for (const event of events) if (Number(event.kv!.modRevision) > known) this.#apply(event);
      // Without events it is a report of progress: nothing happened up to there. With them, more may follow.
      if (events.length === 0 && !response.created) this.#versions.advance(Number(response.header!.revision));
      this.#wake();
    }
  }

  #apply({ type, kv }: Event): void {
    const key = this.#options.keys.decode(kv!.key);
    const revision = Number(kv!.modRevision);
    const versions = this.#versions;
    if (key === undefined) versions.advance(revision);
    else if (type === Event_EventType.PUT) versions.put(key, decodeValue(kv!), revision);
    else {
      const current = versions.get(key);
      // A transaction of somebody else's may put and delete one key in one revision: nothing of it is to be seen.
      if (current === undefined) versions.advance(revision);
      else versions.delete(current, revision);
    }
  }

  #reload(): Promise<void> {
    this.#reloading ??= this.#readAnew().finally(() => (this.#reloading = undefined));
    return this.#reloading;
  }

  async #readAnew(): Promise<void> {
    const { connection, keys, log } = this.#options;
    const snapshot = await readAll(connection, keys);
    const old = this.#versions;
    this.#clusterId = snapshot.header.clusterId;
    this.#versions = this.#load(snapshot);
    log.warn('etcd has no longer what was missed; all watches end', { after: old.revision });
    await old.end(new CompactedError(this.#versions.revision));
    this.#wake();
  }

  #load({ header, found }: Snapshot): Versions {
    const entries: Entry[] = [];
    for (const kv of found) {
      const key = this.#options.keys.decode(kv.key);
      if (key !== undefined) entries.push({ key, value: decodeValue(kv), revision: Number(kv.modRevision) });
    }
    return new Versions(Number(header.revision), entries, this.#options.historyEventsMax);
  }
}
