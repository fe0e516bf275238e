// How long to wait before the next try: doubling, capped, spread by chance so that many clients do not come together.
import type { Random } from './random.ts';

export interface BackOffOptions {
  readonly baseMs: number;
  readonly msMax: number;
  /** 1 = between once and twice the wait (client-go's wait.Jitter); 0 = exactly the wait. */
  readonly jitter: number;
  readonly random: Random;
}

export interface BackOff {
  /** The next wait. */
  next(): number;
  /** Things went well: start again from the base. */
  reset(): void;
}

export function createBackOff({ baseMs, msMax, jitter, random }: BackOffOptions): BackOff {
  let waitMs = baseMs;
  return {
    next() {
      const current = waitMs;
      waitMs = Math.min(waitMs * 2, msMax);
      return Math.min(current * (1 + jitter * random.next()), msMax * (1 + jitter));
    },
    reset() {
      waitMs = baseMs;
    },
  };
}
