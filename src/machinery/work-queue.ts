// Keys to be reconciled. A key waits at most once however often it is added, is never worked on twice at the same
// time, and comes again if it was added meanwhile (client-go's workqueue). Critical keys get a head start, not a right
// of way, so none starves. Failures back off per key: 5 ms · 2ⁿ up to 1000 s (client-go's default rate limiter).
// Holds keys, never objects or events: what is true is read when the key is worked on.
import { BinaryHeap } from '../api/index.ts';
import { type Clock, steadyClock } from './clock.ts';
import { createTimerHeap } from './timer-heap.ts';

export type Priority = 'critical' | 'normal' | 'low';

/** A key counts as queued this much earlier (later) than it was. */
const headStartMs: Readonly<Record<Priority, number>> = { critical: 10_000, normal: 0, low: -10_000 };
const backOffBaseMs = 5;
const backOffMsMax = 1_000_000;

export interface WorkQueueOptions<K> {
  readonly clock: Clock;
  /** Keys in work at the same time. */
  readonly concurrency: number;
  /** A key is left alone for this long after it was worked on: what happens to it meanwhile is one piece of work. */
  readonly restMs?: number;
  /** After it aborts no key is started; `stopped` resolves when those in work are done. */
  readonly signal: AbortSignal;
  /** Makes the world so, for this key. Rejecting means: again, after the key's back-off. */
  work(key: K, signal: AbortSignal): Promise<WorkOutcome | void>;
  /** Told of every rejection, with the number of failures in a row and the wait before the next try. */
  onFailure?(key: K, error: unknown, failures: number, retryAfterMs: number): void;
}

export interface WorkOutcome {
  /** Work on the key again after this time, though nothing failed. */
  readonly againAfterMs?: number;
}

export interface AddOptions {
  readonly priority?: Priority;
  /** Not before this time has passed. Of several delays the shortest holds. */
  readonly afterMs?: number;
}

export interface WorkQueue<K> {
  add(key: K, options?: AddOptions): void;
  /** Takes a key out that waits or backs off, and forgets its failures; work under way goes on. */
  forget(key: K): void;
  /** Keys ready and not yet in work. */
  readonly depth: number;
  /** Resolves when no key is ready or in work (delayed ones may be). */
  idle(): Promise<void>;
  readonly stopped: Promise<void>;
}

interface Ready<K> {
  readonly key: K;
  readonly rank: number;
  readonly sequence: number;
}

export function createWorkQueue<K>(options: WorkQueueOptions<K>): WorkQueue<K> {
  const { concurrency, signal, restMs = 0 } = options;
  // Delays and head starts: setting the wall clock must neither stop the queue nor make it run.
  const clock = steadyClock(options.clock);
  const ready = new Map<K, Ready<K>>();
  const order = new BinaryHeap<Ready<K>>((a, b) => a.rank - b.rank || a.sequence - b.sequence);
  const inWork = new Set<K>();
  /** How to end the rest of each. */
  const resting = new Map<K, () => void>();
  /** Added while in work or at rest: the priority to come again with. */
  const again = new Map<K, Priority>();
  const failures = new Map<K, number>();
  const delayedPriority = new Map<K, Priority>();
  const stopped = Promise.withResolvers<void>();
  let idle = Promise.withResolvers<void>();
  idle.resolve();
  let sequence = 0;
  let pumping = false;

  const delayed = createTimerHeap<K>(clock, (key) => {
    const priority = delayedPriority.get(key) ?? 'normal';
    delayedPriority.delete(key);
    addNow(key, priority);
  });

  const addNow = (key: K, priority: Priority) => {
    if (signal.aborted) return;
    if (inWork.has(key) || resting.has(key)) {
      again.set(key, sooner(again.get(key), priority));
      return;
    }
    const rank = clock.now() - headStartMs[priority];
    const waiting = ready.get(key);
    if (waiting !== undefined && waiting.rank <= rank) return;
    const entry = { key, rank, sequence: waiting?.sequence ?? sequence++ };
    if (ready.size === 0 && inWork.size === 0) idle = Promise.withResolvers();
    ready.set(key, entry);
    order.push(entry);
    pumpSoon();
  };

  /** The caller of add() finishes first: a burst of adds is ordered and deduplicated before the first of them starts. */
  const pumpSoon = () => {
    if (pumping) return;
    pumping = true;
    queueMicrotask(() => {
      pumping = false;
      pump();
    });
  };

  const next = (): K | undefined => {
    for (let entry = order.pop(); entry !== undefined; entry = order.pop()) {
      if (ready.get(entry.key) !== entry) continue;
      ready.delete(entry.key);
      return entry.key;
    }
    return undefined;
  };

  const pump = () => {
    while (!signal.aborted && inWork.size < concurrency && ready.size > 0) {
      const key = next()!;
      inWork.add(key);
      void run(key);
    }
  };

  const run = async (key: K) => {
    try {
      const outcome = await options.work(key, signal);
      failures.delete(key);
      if (outcome?.againAfterMs !== undefined) add(key, { afterMs: outcome.againAfterMs });
    } catch (error) {
      if (!signal.aborted) retry(key, error);
    }
    inWork.delete(key);
    if (restMs > 0 && !signal.aborted) rest(key);
    else comeAgain(key);
    pump();
    settle();
    if (signal.aborted && inWork.size === 0) stopped.resolve();
  };

  // A timer of its own, which a clock that is set back does not hold up.
  const rest = (key: K) => {
    const endRest = clock.after(restMs, () => {
      resting.delete(key);
      comeAgain(key);
      settle();
    });
    resting.set(key, endRest);
  };

  const comeAgain = (key: K) => {
    const priority = again.get(key);
    again.delete(key);
    if (priority !== undefined) addNow(key, priority);
  };

  const settle = () => {
    if (inWork.size === 0 && ((ready.size === 0 && again.size === 0) || signal.aborted)) idle.resolve();
  };

  const retry = (key: K, error: unknown) => {
    const count = (failures.get(key) ?? 0) + 1;
    failures.set(key, count);
    const waitMs = Math.min(backOffBaseMs * 2 ** (count - 1), backOffMsMax);
    options.onFailure?.(key, error, count, waitMs);
    add(key, { afterMs: waitMs });
  };

  const add = (key: K, { priority = 'normal', afterMs = 0 }: AddOptions = {}) => {
    if (signal.aborted) return;
    if (afterMs <= 0) {
      addNow(key, priority);
      return;
    }
    const due = clock.now() + afterMs;
    delayedPriority.set(key, sooner(delayedPriority.get(key), priority));
    if (due < (delayed.due(key) ?? Number.POSITIVE_INFINITY)) delayed.set(key, due);
  };

  const stop = () => {
    delayed.clear();
    delayedPriority.clear();
    for (const cancel of resting.values()) cancel();
    resting.clear();
    again.clear();
    ready.clear();
    settle();
    if (inWork.size === 0) stopped.resolve();
  };
  if (signal.aborted) stop();
  else signal.addEventListener('abort', stop, { once: true });

  return {
    add,
    forget(key) {
      failures.delete(key);
      delayed.delete(key);
      delayedPriority.delete(key);
      ready.delete(key);
      again.delete(key);
      settle();
    },
    get depth() {
      return ready.size;
    },
    idle: () => idle.promise,
    stopped: stopped.promise,
  };
}

function sooner(a: Priority | undefined, b: Priority): Priority {
  return a !== undefined && headStartMs[a] > headStartMs[b] ? a : b;
}
