// Waiting for what a cluster does by and by: asked again and again until it is so, with a deadline.
import { sleep, systemClock } from '../machinery/index.ts';

export interface EventuallyOptions {
  /** Default 10,000. */
  readonly timeoutMs?: number;
  /** Time between two looks. Default 25. */
  readonly everyMs?: number;
}

/**
 * Resolves to what `look` returns once it neither throws nor returns undefined, null or false. When the time is over,
 * rejects with what `look` threw last, or says what it returned.
 */
export async function eventually<T>(
  look: () => T | Promise<T>,
  { timeoutMs = 10_000, everyMs = 25 }: EventuallyOptions = {},
): Promise<Exclude<NonNullable<T>, false>> {
  const deadline = systemClock.now() + timeoutMs;
  for (;;) {
    let failure: unknown;
    try {
      const seen = await look();
      if (seen !== undefined && seen !== null && seen !== false) return seen as Exclude<NonNullable<T>, false>;
      failure = new Error(`it was still ${String(seen)} after ${timeoutMs} ms`);
    } catch (error) {
      failure = error;
    }
    if (systemClock.now() >= deadline) throw failure;
    await sleep(systemClock, everyMs);
  }
}
