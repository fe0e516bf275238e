// Keeps a local picture of one resource true: list in pages, then watch from there, for ever. A broken watch resumes
// at the last version seen; when that is gone (410) it lists again and reports only the differences. Keeps projected
// views, never whole objects. Knows no client: it is given a list and a watch.
import { isReason, type KubernetesList, type KubernetesObject, StatusError, type WatchEvent } from '../api/index.ts';
import type { Logger } from '../observe/index.ts';
import { createBackOff } from './back-off.ts';
import { type Clock, sleep } from './clock.ts';
import type { Random } from './random.ts';

export interface ListPage {
  readonly limit?: number;
  readonly continue?: string;
  readonly signal: AbortSignal;
}

export interface WatchStart {
  /** Events after this version. */
  readonly resourceVersion: string;
  readonly signal: AbortSignal;
}

/** Where the objects come from; `listWatch()` of client/ makes one. */
export interface Source<T> {
  /** For the log: `pods`. */
  readonly name: string;
  list(page: ListPage): Promise<KubernetesList<T>>;
  /** Ends, or throws a StatusError. May carry BOOKMARK events. */
  watch(start: WatchStart): AsyncIterable<WatchEvent<T>>;
}

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
}

interface Held<V> {
  readonly uid: string | undefined;
  readonly resourceVersion: string | undefined;
  readonly view: V;
}

/** client-go's reflector: 800 ms doubling to 30 s, with jitter. */
const retry = { baseMs: 800, msMax: 30_000, jitter: 1 };
/** A watch that the server ends sooner than this is not renewed at once, or a sick server would be asked in a hot loop. */
const healthyWatchMs = 1000;
const defaultPageItemsMax = 500;

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
  let version: string | undefined;

  /** Takes one object in and tells the handlers what that changed. */
  const take = (key: string, object: T): void => {
    const { uid, resourceVersion } = object.metadata;
    const before = held.get(key);
    if (before !== undefined && before.uid === uid && before.resourceVersion === resourceVersion) return;
    const view = options.project(object);
    if (before !== undefined && (view === undefined || before.uid !== uid)) drop(key, before);
    if (view === undefined) return;
    held.set(key, { uid, resourceVersion, view });
    handlers.applied(view, before?.uid === uid ? before?.view : undefined);
  };

  const drop = (key: string, before: Held<V>): void => {
    held.delete(key);
    handlers.removed(before.view);
  };

  const list = async (): Promise<void> => {
    const { items, resourceVersion } = await listAll(source, pageItemsMax, signal);
    if (!listedOnce && handlers.replaced !== undefined) {
      for (const object of items) {
        const view = options.project(object);
        const { uid, resourceVersion } = object.metadata;
        if (view !== undefined) held.set(keyOf(object), { uid, resourceVersion, view });
      }
      handlers.replaced([...held.values()].map(({ view }) => view));
    } else {
      const present = new Set(items.map(keyOf));
      for (const [key, before] of held) if (!present.has(key)) drop(key, before);
      for (const object of items) take(keyOf(object), object);
    }
    version = resourceVersion;
    listedOnce = true;
    synced.resolve();
  };

  /** Resolves to whether the watch was a healthy one, so that it may be renewed without delay. */
  const watch = async (from: string): Promise<boolean> => {
    const started = clock.now();
    for await (const { type, object } of source.watch({ resourceVersion: from, signal })) {
      if (signal.aborted) return true;
      if (type === 'DELETED') {
        const before = held.get(keyOf(object));
        if (before !== undefined) drop(keyOf(object), before);
      } else if (type !== 'BOOKMARK') take(keyOf(object), object);
      version = object.metadata.resourceVersion ?? version;
      backOff.reset();
    }
    return clock.now() - started >= healthyWatchMs;
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
      try {
        if (version === undefined) await list();
        else if (!(await watch(version))) await pause(backOff.next());
      } catch (error) {
        if (signal.aborted) return;
        // A client throws nothing else: whatever else comes is a bug in a handler or a projection.
        if (!(error instanceof StatusError)) throw error;
        await recover(error);
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
  };
}

/** Every page of one consistent list. When the snapshot behind the pages expires, once more without pages. */
async function listAll<T>(
  source: Source<T>,
  limit: number,
  signal: AbortSignal,
): Promise<{ items: readonly T[]; resourceVersion: string }> {
  const items: T[] = [];
  let page: KubernetesList<T> | undefined;
  do {
    try {
      page = await source.list({
        limit,
        signal,
        ...(page?.metadata.continue === undefined ? {} : { continue: page.metadata.continue }),
      });
    } catch (error) {
      if (page === undefined || !isReason(error, 'Expired', 'Gone')) throw error;
      page = await source.list({ signal });
      items.length = 0;
    }
    for (const item of page.items) items.push(item);
  } while ((page.metadata.continue ?? '') !== '');
  return { items, resourceVersion: page.metadata.resourceVersion };
}
