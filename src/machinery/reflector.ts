// Keeps a local picture of one resource true: list (streamed where the server can, else in pages), then watch from there,
// for ever. A broken watch resumes at the last version seen; when that is gone (410) it lists again and reports only the
// differences. Keeps projected views, never whole objects. Knows no client: it is given a list and a watch.
import { isReason, type KubernetesObject, StatusError, type WatchEvent } from '../api/index.ts';
import type { Logger } from '../observe/index.ts';
import { createBackOff } from './back-off.ts';
import { type Clock, sleep } from './clock.ts';
import { onAbort } from './on-abort.ts';
import { versionNumber } from './picture-check.ts';
import type { Random } from './random.ts';
import { readPages, readStream, type Source } from './reflector-list.ts';

/** Called in the order of the server's events; must return at once. A handler that throws is a programmer error. */
export interface ReflectorHandlers<V> {
  /** The first complete list, instead of one `applied` per view. Later lists come as differences. */
  replaced?(views: readonly V[]): void;
  /** New (`previous` absent) or changed. The same name with another UID is `removed` first. */
  applied(view: V, previous: V | undefined): void;
  /** The last view that was known. */
  removed(view: V): void;
}

export interface ReflectorOptions<T extends KubernetesObject, V> {
  readonly source: Source<T>;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly signal: AbortSignal;
  readonly handlers: ReflectorHandlers<V>;
  /** The small view to keep of an object; undefined = of no interest, as if it did not exist. */
  project(object: T): V | undefined;
  readonly pageItemsMax?: number;
}

export interface Reflector<V> {
  /** Resolves after the first complete list was handed to the handlers; rejects when stopped before. */
  readonly synced: Promise<void>;
  readonly stopped: Promise<void>;
  /** `namespace/name`, or `name` for cluster-scoped objects (`keyOf`). */
  get(key: string): V | undefined;
  views(): IterableIterator<V>;
  readonly size: number;
  /** The resourceVersion up to which everything was handed to the handlers; undefined before the first list. */
  readonly version: string | undefined;
  /** What is held, by key, each with what tells one version of it from another. */
  readonly entries: ReadonlyMap<string, Held<V>>;
  /** Lists anew and tells the differences: for a picture that was found to be wrong. */
  relist(): void;
}

export interface Held<V> {
  readonly uid: string | undefined;
  readonly resourceVersion: string | undefined;
  readonly view: V;
}

/** A complete list, as views: whole objects are let go one by one as they are read. */
type Listed<V> = Map<string, Held<V>>;

/** client-go's reflector: 800 ms doubling to 30 s, with jitter. */
const retry = { baseMs: 800, msMax: 30_000, jitter: 1 };
/** A watch that the server ends sooner than this is not renewed at once, or a sick server would be asked in a hot loop. */
const healthyWatchMs = 1000;
const defaultPageItemsMax = 500;
/** Six times the pods that Kubernetes is tested with: a list without end is none. */
const objectsMax = 1_000_000;
/** So many lists in a row may be older than what was seen; with the waits between them that is about a minute. */
const oldListsMax = 6;

function outOfOrder(what: string): StatusError {
  return new StatusError('ServiceUnavailable', `the API server sent ${what}`);
}

/** `namespace/name`, or `name` for cluster-scoped objects. */
export function keyOf({ metadata }: KubernetesObject): string {
  return metadata.namespace === undefined ? (metadata.name ?? '') : `${metadata.namespace}/${metadata.name}`;
}

export function startReflector<T extends KubernetesObject, V>(options: ReflectorOptions<T, V>): Reflector<V> {
  const { source, clock, random, log, signal, handlers, pageItemsMax = defaultPageItemsMax } = options;
  const held = new Map<string, Held<V>>();
  const synced = Promise.withResolvers<void>();
  const backOff = createBackOff({ ...retry, random });
  let listedOnce = false;
  let streams = source.stream !== undefined;
  let version: string | undefined;
  /** The newest version that a list or an event had; undefined when versions are no numbers. */
  let newest: number | undefined;
  let oldLists = 0;
  /** Ends the watch that is open. */
  let endWatch = () => {};

  const hold = (object: T): Held<V> | undefined => {
    const { uid, resourceVersion } = object.metadata;
    const view = options.project(object);
    return view === undefined ? undefined : { uid, resourceVersion, view };
  };

  const drop = (key: string, before: Held<V>): void => {
    held.delete(key);
    handlers.removed(before.view);
  };

  /** Takes one object in and tells the handlers what that changed. */
  const enter = (key: string, next: Held<V> | undefined): void => {
    const before = held.get(key);
    const same = before !== undefined && next !== undefined && before.uid === next.uid;
    if (same && before.resourceVersion === next.resourceVersion) return;
    if (before !== undefined && !same) drop(key, before);
    if (next === undefined) return;
    held.set(key, next);
    handlers.applied(next.view, same ? before.view : undefined);
  };

  /**
   * A list older than what was seen is no news: whoever acted on it would find nodes missing that have come, and pods
   * that have gone. An API server that stays with its word has lost its memory (restored, made anew), and is believed.
   */
  const requireNew = (listedVersion: string): void => {
    const listedAt = versionNumber(listedVersion);
    if (listedAt === undefined || newest === undefined || listedAt >= newest) oldLists = 0;
    else if (++oldLists < oldListsMax)
      throw outOfOrder(`a list of version ${listedVersion}, after ${newest} had been seen`);
    else log.warn('the API server went back in time for good: its older state counts', { resource: source.name });
    newest = listedAt;
  };

  const replaceAll = (listed: Listed<V>, listedVersion: string): void => {
    requireNew(listedVersion);
    if (!listedOnce && handlers.replaced !== undefined) {
      for (const [key, entry] of listed) held.set(key, entry);
      handlers.replaced([...held.values()].map(({ view }) => view));
    } else {
      for (const [key, before] of held) if (!listed.has(key)) drop(key, before);
      for (const [key, entry] of listed) enter(key, entry);
    }
    version = listedVersion;
    listedOnce = true;
    synced.resolve();
  };

  const take = (listed: Listed<V>, key: string, entry: Held<V>): void => {
    listed.set(key, entry);
    if (listed.size > objectsMax) throw outOfOrder(`more than ${objectsMax} objects`);
  };

  const list = async (): Promise<void> => {
    const listed: Listed<V> = new Map();
    const listedVersion = await readPages(source, pageItemsMax, signal, {
      object(object) {
        const entry = hold(object);
        if (entry !== undefined) take(listed, keyOf(object), entry);
      },
      startOver: () => listed.clear(),
    });
    replaceAll(listed, listedVersion);
  };

  const follow = ({ type, object }: WatchEvent<T>): void => {
    const key = keyOf(object);
    const { uid, resourceVersion } = object.metadata;
    const at = versionNumber(resourceVersion);
    // Events come in the order of their versions; what is older was known before, and is not news of what is now.
    if (at !== undefined && newest !== undefined && at < newest) {
      version = undefined;
      throw outOfOrder(`an event of version ${at} after ${newest}`);
    }
    newest = at ?? newest;
    if (type === 'DELETED') {
      const before = held.get(key);
      if (before !== undefined) drop(key, before);
    } else if (type !== 'BOOKMARK') {
      const before = held.get(key);
      // A repeat is not worth a projection.
      if (before === undefined || before.uid !== uid || before.resourceVersion !== resourceVersion)
        enter(key, hold(object));
    }
    version = resourceVersion ?? version;
    backOff.reset();
  };

  /** Resolves to whether the watch was a healthy one, so that it may be renewed without delay. */
  const watch = async (from: string, signal: AbortSignal): Promise<boolean> => {
    const started = clock.now();
    for await (const event of source.watch({ resourceVersion: from, signal })) {
      if (signal.aborted) return true;
      follow(event);
    }
    return clock.now() - started >= healthyWatchMs;
  };

  /** List and watch in one. Resolves to false when the server cannot: then it is asked for pages, now and ever after. */
  const stream = async (signal: AbortSignal): Promise<boolean> => {
    const listed: Listed<V> = new Map();
    return readStream(source, clock, signal, {
      initial({ type, object }) {
        const entry = type === 'DELETED' ? undefined : hold(object);
        if (entry === undefined) listed.delete(keyOf(object));
        else take(listed, keyOf(object), entry);
      },
      complete(listedVersion) {
        replaceAll(listed, listedVersion);
        listed.clear();
      },
      later: follow,
    });
  };

  const pause = (ms: number) => sleep(clock, ms, signal).catch(() => undefined);

  const recover = async (error: StatusError): Promise<void> => {
    const retryAfterMs = backOff.next();
    if (version !== undefined && isReason(error, 'Expired', 'Gone')) {
      log.debug('the watch fell behind the history that the server keeps: listing again', { resource: source.name });
      version = undefined;
    } else
      log.warn(version === undefined ? 'list failed' : 'watch failed', { resource: source.name, retryAfterMs, error });
    await pause(retryAfterMs);
  };

  const run = async (): Promise<void> => {
    while (!signal.aborted) {
      const own = new AbortController();
      const forget = onAbort(signal, () => own.abort(signal.reason));
      endWatch = () => own.abort(new Error('the picture is made anew'));
      try {
        if (version === undefined && streams) streams = await stream(own.signal);
        else if (version === undefined) await list();
        else if (!(await watch(version, own.signal))) await pause(backOff.next());
      } catch (error) {
        if (signal.aborted) return;
        if (own.signal.aborted) continue;
        // A client throws nothing else: whatever else comes is a bug in a handler or a projection.
        if (!(error instanceof StatusError)) throw error;
        await recover(error);
      } finally {
        forget();
      }
    }
  };

  const stopped = run().finally(() => synced.reject(signal.reason ?? new Error('the reflector ended')));
  // A stop before the first list is ordinary; only those who wait for it need to hear of it.
  synced.promise.catch(() => undefined);

  return {
    synced: synced.promise,
    stopped,
    get: (key) => held.get(key)?.view,
    *views() {
      for (const { view } of held.values()) yield view;
    },
    get size() {
      return held.size;
    },
    get version() {
      return version;
    },
    entries: held,
    relist() {
      // A list that is under way is as new as one could be.
      if (version === undefined) return;
      version = undefined;
      endWatch();
    },
  };
}
