// How many writes to have under way at once, found out instead of configured: one more per round while the server
// answers fast, half as many when it throttles, fails or slows down (additive increase, multiplicative decrease, as TCP
// does). A Retry-After stops all starts until then. Does not retry: who asked decides what a failure means.
import { StatusError } from '../api/index.ts';
import type { Clock } from './clock.ts';
import { onAbort } from './on-abort.ts';

export interface AdaptiveConcurrencyOptions {
  readonly clock: Clock;
  readonly initial?: number;
  readonly min?: number;
  readonly max?: number;
  /** Answers slower than this count as a sign of overload. */
  readonly latencyMsMax?: number;
}

export interface AdaptiveConcurrency {
  /** Runs the task as soon as there is room; in the order of the calls. Rejects with the signal's reason while waiting. */
  run<T>(task: () => Promise<T>, signal?: AbortSignal): Promise<T>;
  /** Tasks that may be under way now. */
  readonly limit: number;
  readonly underWay: number;
  readonly waiting: number;
}

const defaults = { initial: 16, min: 1, max: 64, latencyMsMax: 1000 };
/** Signs of overload within this time are one: they speak of the same moment. */
const decreaseEveryMs = 500;
/** A server that asks for a longer rest than this is asked again after it. */
const retryAfterMsMax = 60_000;

export function createAdaptiveConcurrency(options: AdaptiveConcurrencyOptions): AdaptiveConcurrency {
  const { clock, initial, min, max, latencyMsMax } = { ...defaults, ...options };
  /** In order of arrival; who gave up stands as undefined. Those before `first` have started. */
  let waiters: ((() => void) | undefined)[] = [];
  let first = 0;
  let waiting = 0;
  let limit = initial;
  let underWay = 0;
  let decreasedAt = Number.NEGATIVE_INFINITY;
  let restUntil = Number.NEGATIVE_INFINITY;
  let waking = false;

  const admit = () => {
    const now = clock.now();
    if (now < restUntil) {
      if (waking || waiting === 0) return;
      waking = true;
      clock.after(restUntil - now, () => {
        waking = false;
        admit();
      });
      return;
    }
    while (waiting > 0 && underWay < Math.floor(limit)) {
      const start = waiters[first++];
      if (start === undefined) continue;
      waiting--;
      underWay++;
      start();
    }
    // Cut off the started ones once they are the larger part: O(1) a task over time.
    if (first * 2 <= waiters.length) return;
    waiters = waiters.slice(first);
    first = 0;
  };

  /** Nothing to wait for when there is room at once. */
  const enter = (signal: AbortSignal | undefined): Promise<void> | undefined => {
    signal?.throwIfAborted();
    if (waiting > 0 || underWay >= Math.floor(limit) || clock.now() < restUntil) return queue(signal);
    underWay++;
    return undefined;
  };

  const queue = (signal: AbortSignal | undefined): Promise<void> =>
    new Promise((resolve, reject) => {
      const giveUp = () => {
        waiters[waiters.indexOf(start)] = undefined;
        waiting--;
        reject(signal!.reason as Error);
      };
      const forget = signal === undefined ? undefined : onAbort(signal, giveUp);
      const start = () => {
        forget?.();
        resolve();
      };
      waiters.push(start);
      waiting++;
      admit();
    });

  /** What the end of one task says about the server. */
  const learn = (startedAt: number, error: unknown) => {
    const now = clock.now();
    const failure = error instanceof StatusError ? error : undefined;
    const retryAfterMs = (failure?.details?.retryAfterSeconds ?? 0) * 1000;
    if (retryAfterMs > 0) restUntil = Math.max(restUntil, now + Math.min(retryAfterMs, retryAfterMsMax));
    const overloaded = failure !== undefined && (failure.code === 429 || failure.code >= 500);
    if (overloaded || now - startedAt > latencyMsMax) {
      if (now - decreasedAt < decreaseEveryMs) return;
      decreasedAt = now;
      limit = Math.max(min, Math.floor(limit) / 2);
    } else if (underWay >= Math.floor(limit)) limit = Math.min(max, limit + 1 / limit);
  };

  return {
    async run(task, signal) {
      await enter(signal);
      const startedAt = clock.now();
      let failure: unknown;
      try {
        return await task();
      } catch (error) {
        failure = error;
        throw error;
      } finally {
        learn(startedAt, failure);
        underWay--;
        admit();
      }
    },
    get limit() {
      return Math.floor(limit);
    },
    get underWay() {
      return underWay;
    },
    get waiting() {
      return waiting;
    },
  };
}
