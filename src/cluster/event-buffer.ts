// Turns pushed events into an async iterator: what lies between a watch, which pushes, and its reader, which pulls.
// Bounded: a reader that falls too far behind loses its watch and lists again, as over HTTP.
import { StatusError } from '../api/index.ts';

/** Events that may wait for one reader; at about 100 bytes each (objects are shared), some 10 MB. */
const watchBufferEventsMax = 100_000;

export interface EventBuffer<T> {
  /** Replayed events, older than the watch, come all at once and do not count as lagging behind. */
  push(event: T, isReplay?: boolean): void;
  /** No more events; those that wait are still read. With an error, the reader gets it after them. */
  end(error?: Error): void;
}

/**
 * Starts `source` at once and yields what it pushes. Ends when the source ends or `signal` aborts; `source` resolves to
 * its stop function, called once, however the iteration ends.
 */
export function openEventBuffer<T>(
  signal: AbortSignal | undefined,
  source: (buffer: EventBuffer<T>) => Promise<() => void>,
): AsyncIterator<T> {
  const waiting: T[] = [];
  let read = 0;
  let replayed = 0;
  let ended = false;
  let failure: Error | undefined;
  let stop: (() => void) | undefined;
  let wake: (() => void) | undefined;

  const finish = (error?: Error) => {
    if (ended) return;
    ended = true;
    failure = error;
    signal?.removeEventListener('abort', abort);
    stop?.();
    wake?.();
  };
  const abort = () => {
    waiting.length = 0;
    read = 0;
    finish();
  };
  const buffer: EventBuffer<T> = {
    push(event, isReplay = false) {
      if (ended) return;
      if (isReplay) replayed += 1;
      else if (waiting.length - read >= watchBufferEventsMax + replayed) {
        finish(new StatusError('Expired', `the watch fell more than ${watchBufferEventsMax} events behind`));
        return;
      }
      waiting.push(event);
      wake?.();
    },
    end: finish,
  };

  if (signal?.aborted === true) ended = true;
  else {
    signal?.addEventListener('abort', abort, { once: true });
    source(buffer).then(
      (stopSource) => {
        if (ended) stopSource();
        else stop = stopSource;
      },
      (error: unknown) => finish(error instanceof Error ? error : new Error(String(error))),
    );
  }

  return {
    async next() {
      for (;;) {
        if (read < waiting.length) {
          const value = waiting[read++]!;
          if (read === waiting.length) {
            waiting.length = 0;
            read = 0;
            replayed = 0;
          }
          return { done: false, value };
        }
        if (ended) {
          const error = failure;
          failure = undefined;
          if (error !== undefined) throw error;
          return { done: true, value: undefined };
        }
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
        wake = undefined;
      }
    },
    return() {
      abort();
      return Promise.resolve({ done: true, value: undefined });
    },
  };
}
