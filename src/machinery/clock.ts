// Time as an argument. Shells take a Clock; the simulator gives them a virtual one; only systemClock touches the real.

export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Calls back once after `ms`; the returned function cancels it. A real timer never keeps the process alive. */
  after(ms: number, callback: () => void): () => void;
  /** Elapsed milliseconds that no setting of the wall clock moves; absent where that is never set. */
  steadyNow?(): number;
}

/** The clock as one that only ever goes on: for whoever measures how long, and never when. */
export function steadyClock(clock: Clock): Clock {
  return clock.steadyNow === undefined
    ? clock
    : { now: () => steadyNow(clock), after: (...timer) => clock.after(...timer) };
}

/** The clock as it would be had nobody set it since now: a machine's own, that is not the one that this process runs on. */
export function ownClock(clock: Clock): Clock {
  const aheadMs = clock.now() - steadyNow(clock);
  return {
    now: () => steadyNow(clock) + aheadMs,
    after: (...timer) => clock.after(...timer),
    steadyNow: () => steadyNow(clock),
  };
}

/** How long after some unknown moment it is, by what only ever goes on. */
export function steadyNow(clock: Clock): number {
  return clock.steadyNow?.() ?? clock.now();
}

/** What a clock is slewed by adds up to this before it counts as set. */
const clockSetMsMin = 500;

/**
 * The clock, which says when it has been set (by hand, by a first NTP step) before it tells anybody the new time: whoever
 * keeps times that it told moves them along, and never one that was told since.
 */
export function followedClock(clock: Clock, isSet: (byMs: number, now: number) => void): Clock {
  if (clock.steadyNow === undefined) return clock;
  let offsetMs = clock.now() - steadyNow(clock);
  return {
    now() {
      const now = clock.now();
      const byMs = now - steadyNow(clock) - offsetMs;
      if (Math.abs(byMs) >= clockSetMsMin) {
        offsetMs += byMs;
        isSet(byMs, now);
      }
      return now;
    },
    after: (...timer) => clock.after(...timer),
    steadyNow: () => steadyNow(clock),
  };
}

/** setTimeout overflows beyond this (2^31 − 1 ms, 24.8 days) and would fire at once. */
const timerMsMax = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => Date.now(),
  steadyNow: () => performance.now(),
  after(ms, callback) {
    const timer = setTimeout(callback, Math.min(Math.max(ms, 0), timerMsMax));
    timer.unref();
    return () => clearTimeout(timer);
  },
};

/** Resolves after `ms`, or rejects with the signal's reason. */
export function sleep(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) {
      reject(signal.reason as Error);
      return;
    }
    const abort = () => {
      cancel();
      reject(signal!.reason as Error);
    };
    const cancel = clock.after(ms, () => {
      signal?.removeEventListener('abort', abort);
      resolve();
    });
    signal?.addEventListener('abort', abort, { once: true });
  });
}
