// How many writes to have under way at once, found out instead of configured: one more per round while the server
// answers fast, half as many when it throttles, fails or slows down (additive increase, multiplicative decrease, as TCP
// does). A Retry-After stops all starts until then. Does not retry: who asked decides what a failure means.
import { StatusError } from '../api/index.ts';
import { type Clock, steadyClock } from './clock.ts';
import { createFairQueue } from './fair-queue.ts';
import { onAbort } from './on-abort.ts';

export interface AdaptiveConcurrencyOptions {
  readonly clock: Clock;
  readonly initial?: number;
  readonly min?: number;
  /** Slow answers alone lead no lower: they may be others' doing, who would go on while we all but stop. */
  readonly slowMin?: number;
  readonly max?: number;
  /** Answers slower than this count as a sign of overload. */
  readonly latencyMsMax?: number;
}

export interface AdaptiveConcurrency {
  /** Runs the task as soon as there is room. Rejects with the signal's reason while waiting. */
  run<T>(task: () => Promise<T>, options?: RunOptions): Promise<T>;
  /** Tasks that may be under way now. */
  readonly limit: number;
  readonly underWay: number;
  readonly waiting: number;
}

export interface RunOptions {
  readonly signal?: AbortSignal;
  /** Those that wait take turns by this. */
  readonly flow?: string;
  /** Before all that are not. */
  readonly urgent?: boolean;
}

const defaults = { initial: 16, min: 1, slowMin: 8, max: 64, latencyMsMax: 1000 };
/** Signs of overload within this time are one: they speak of the same moment. */
const decreaseEveryMs = 500;
/** A server that asks for a longer rest than this is asked again after it. */
const retryAfterMsMax = 60_000;

export function createAdaptiveConcurrency(options: AdaptiveConcurrencyOptions): AdaptiveConcurrency {
  const { initial, min, slowMin, max, latencyMsMax } = { ...defaults, ...options };
  // How long, never when: a clock that is set back must not make a rest longer.
  const clock = steadyClock(options.clock);
  const waiters = createFairQueue<() => void>();
  let limit = initial;
  let underWay = 0;
  let decreasedAt = Number.NEGATIVE_INFINITY;
  let restUntil = Number.NEGATIVE_INFINITY;
  let waking = false;

  const admit = () => {
    const now = clock.now();
    if (now < restUntil) {
      if (waking || waiters.size === 0) return;
      waking = true;
      clock.after(restUntil - now, () => {
        waking = false;
        admit();
      });
      return;
    }
    while (waiters.size > 0 && underWay < Math.floor(limit)) {
      underWay++;
      waiters.shift()!();
    }
  };

  /** Nothing to wait for when there is room at once. */
  const enter = (options: RunOptions): Promise<void> | undefined => {
    options.signal?.throwIfAborted();
    if (waiters.size > 0 || underWay >= Math.floor(limit) || clock.now() < restUntil) return queue(options);
    underWay++;
    return undefined;
  };

  const queue = ({ signal, flow = '', urgent = false }: RunOptions): Promise<void> =>
    new Promise((resolve, reject) => {
      const giveUp = () => {
        waiters.remove(start, flow, urgent);
        reject(signal!.reason as Error);
      };
      const forget = signal === undefined ? undefined : onAbort(signal, giveUp);
      const start = () => {
        forget?.();
        resolve();
      };
      waiters.push(start, flow, urgent);
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
      limit = Math.max(overloaded ? min : Math.min(slowMin, limit), Math.floor(limit) / 2);
    } else if (underWay >= Math.floor(limit)) limit = Math.min(max, limit + 1 / limit);
  };

  return {
    async run(task, options = {}) {
      await enter(options);
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
      return waiters.size;
    },
  };
}
