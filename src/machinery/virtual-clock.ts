// A clock that moves only when told to: for tests and for the simulator. Timers fire in order of their due time, then of
// their arming, and everything that was made runnable settles before time moves on, so one history has one outcome.
import { BinaryHeap } from '../api/index.ts';
import type { Clock } from './clock.ts';

export interface VirtualClock extends Clock {
  /** Moves time by `ms`, firing every timer that falls due on the way, at its own time. */
  advance(ms: number): Promise<void>;
  /** Lets every promise chain that is runnable now run on, without moving time. */
  settle(): Promise<void>;
  /** Timers armed and not yet fired or cancelled. */
  readonly pending: number;
}

interface Timer {
  readonly due: number;
  readonly sequence: number;
  readonly callback: () => void;
  cancelled: boolean;
}

/** @param startMs milliseconds since the epoch; the default is a round date, so that printed times are readable. */
export function createVirtualClock(startMs: number = Date.UTC(2026, 0, 1)): VirtualClock {
  let now = startMs;
  let sequence = 0;
  let pending = 0;
  const timers = new BinaryHeap<Timer>((a, b) => a.due - b.due || a.sequence - b.sequence);

  const nextDue = (until: number): Timer | undefined => {
    for (let timer = timers.peek(); timer !== undefined; timer = timers.peek()) {
      if (timer.cancelled) timers.pop();
      else return timer.due <= until ? timer : undefined;
    }
    return undefined;
  };

  return {
    now: () => now,
    after(ms, callback) {
      const timer: Timer = { due: now + Math.max(ms, 0), sequence: sequence++, callback, cancelled: false };
      timers.push(timer);
      pending++;
      return () => {
        if (timer.cancelled) return;
        timer.cancelled = true;
        pending--;
      };
    },
    settle,
    async advance(ms) {
      const until = now + ms;
      await settle();
      for (let timer = nextDue(until); timer !== undefined; timer = nextDue(until)) {
        timers.pop();
        timer.cancelled = true;
        pending--;
        now = Math.max(now, timer.due);
        timer.callback();
        await settle();
      }
      now = until;
    },
    get pending() {
      return pending;
    },
  };
}

/** One turn of the event loop runs after every microtask, however long their chain. */
function settle(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
