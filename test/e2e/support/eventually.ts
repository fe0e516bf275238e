// Waiting for what a cluster does in its own time: poll until it holds or the deadline passes; never a fixed sleep.
import { setTimeout as delay } from 'node:timers/promises';

/** Reached only when it fails: generous, for a slow machine that does much else. */
const deadlineMs = 120_000;
const pollMs = 150;

/** Repeats `check` until it stops throwing and returns its value; at the deadline its last error, with what was awaited. */
export async function eventually<T>(awaited: string, check: () => Promise<T>, withinMs = deadlineMs): Promise<T> {
  const end = performance.now() + withinMs;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (performance.now() >= end) {
        const last = wordsOf(error);
        throw new Error(`not within ${withinMs} ms: ${awaited}\nlast look: ${last}`, { cause: error });
      }
    }
    await delay(pollMs);
  }
}

/** With its causes: a failed fetch says nothing else. */
function wordsOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause === undefined ? error.message : `${error.message}: ${wordsOf(error.cause)}`;
}

/** `check` holds at every look for the whole time: for what must not happen. */
export async function throughout(holdMs: number, check: () => Promise<void>): Promise<void> {
  const end = performance.now() + holdMs;
  while (performance.now() < end) {
    await check();
    await delay(pollMs);
  }
}
