// Back-off of one node's failed and succeeded pods: 1 s doubling to 15 min, forgotten after two caps of quiet.
// (upstream: flowcontrol.NewBackOff(1s, 15m) in the DaemonSet controller)

export interface Backoff {
  readonly delayMs: number;
  /** When the last finished pod was removed. */
  readonly since: number;
}

const initialMs = 1_000;
const capMs = 15 * 60_000;

/** The next step, taken when a finished pod is removed at `now`. */
export function nextBackoff(previous: Backoff | undefined, now: number): Backoff {
  const forgotten = previous === undefined || now - previous.since > 2 * capMs;
  return { delayMs: forgotten ? initialMs : Math.min(previous.delayMs * 2, capMs), since: now };
}

/** The earliest time at which the next finished pod may be removed. */
export function backoffEnds(backoff: Backoff | undefined): number {
  return backoff === undefined ? 0 : backoff.since + backoff.delayMs;
}
