// The two ways of a reflector to learn what is there: page by page, or as a watch that begins with everything. Objects are
// handed on one by one, so that no whole list of them is ever in memory.
// https://kubernetes.io/docs/reference/using-api/api-concepts/#streaming-lists
import { isReason, type KubernetesList, type KubernetesObject, type WatchEvent } from '../api/index.ts';
import type { Clock } from './clock.ts';
import { onAbort } from './on-abort.ts';

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
  /** A watch that begins with everything there is; absent when there is nothing to win by it. */
  stream?(options: { readonly signal: AbortSignal }): AsyncIterable<WatchEvent<T>>;
}

/** The bookmark that ends the initial objects. */
const initialEndAnnotation = 'k8s.io/initial-events-end';
/** A server that passes over the wish for initial objects would keep us waiting for ever. */
const initialMsMax = 120_000;

/** Every page of one consistent list; when the snapshot behind the pages expires, once more without pages. */
export async function readPages<T>(
  source: Pick<Source<T>, 'list'>,
  limit: number,
  signal: AbortSignal,
  { object, startOver }: { readonly object: (object: T) => void; readonly startOver: () => void },
): Promise<string> {
  let page: KubernetesList<T> | undefined;
  do {
    try {
      const next = page?.metadata.continue;
      page = await source.list({ limit, signal, ...(next === undefined ? {} : { continue: next }) });
    } catch (error) {
      if (page === undefined || !isReason(error, 'Expired', 'Gone')) throw error;
      page = await source.list({ signal });
      startOver();
    }
    for (const item of page.items) object(item);
  } while ((page.metadata.continue ?? '') !== '');
  return page.metadata.resourceVersion;
}

export interface StreamHandlers<T> {
  initial(event: WatchEvent<T>): void;
  complete(resourceVersion: string): void;
  later(event: WatchEvent<T>): void;
}

/** Ends when the watch does. Resolves to false, with nothing complete, when the server knows no such watch. */
export async function readStream<T extends KubernetesObject>(
  source: Source<T>,
  clock: Clock,
  signal: AbortSignal,
  handlers: StreamHandlers<T>,
): Promise<boolean> {
  const own = new AbortController();
  const forget = onAbort(signal, () => own.abort(signal.reason));
  const cancelDeadline = clock.after(initialMsMax, () => own.abort());
  let complete = false;
  try {
    for await (const event of source.stream!({ signal: own.signal })) {
      if (signal.aborted) return true;
      const { type, object } = event;
      if (complete) handlers.later(event);
      else if (type !== 'BOOKMARK') handlers.initial(event);
      else if (object.metadata.annotations?.[initialEndAnnotation] === 'true') {
        complete = true;
        cancelDeadline();
        handlers.complete(object.metadata.resourceVersion ?? '');
      }
    }
    return complete || signal.aborted;
  } catch (error) {
    if (complete || !isReason(error, 'Invalid', 'BadRequest', 'Forbidden', 'NotAcceptable', 'MethodNotAllowed'))
      throw error;
    return false;
  } finally {
    cancelDeadline();
    forget();
  }
}
