// How many writes of one DaemonSet may be under way: starts at one and grows by one with each that works (so it doubles
// per round trip), falls back to one when one is refused, and then waits: 1, 2, 4 … as upstream's slow start, without
// waiting for whole waves. A quota that rejects every pod costs one request per back-off, not thousands.

export interface WriteWindow {
  /** How many more may be sent now. */
  room(now: number): number;
  /** When there will be room again although nothing is under way; undefined when it is not a matter of time. */
  readonly blockedUntil: number | undefined;
  readonly inFlight: number;
  sent(): void;
  succeeded(): void;
  /** Refused. `retryAfterMs` is the server's own wish, if it had one. */
  refused(now: number, retryAfterMs: number | undefined): void;
  /** The clock was set by so much. */
  clockSet(byMs: number): void;
  /** Done, but saying nothing about the server's willingness. */
  settled(): void;
}

const writesInFlightMax = 250;
const backOffBaseMs = 200;
const backOffMsMax = 5 * 60_000;

export function createWriteWindow(): WriteWindow {
  let size = 1;
  let inFlight = 0;
  let refusals = 0;
  let blockedUntil: number | undefined;
  return {
    room: (now) => (blockedUntil !== undefined && now < blockedUntil ? 0 : Math.max(0, size - inFlight)),
    get blockedUntil() {
      return blockedUntil;
    },
    get inFlight() {
      return inFlight;
    },
    sent() {
      inFlight++;
    },
    succeeded() {
      inFlight--;
      size = Math.min(size + 1, writesInFlightMax);
      refusals = 0;
      blockedUntil = undefined;
    },
    refused(now, retryAfterMs) {
      inFlight--;
      size = 1;
      // Refusals of one burst are one step, however many were under way together.
      if (blockedUntil !== undefined && now < blockedUntil) return;
      blockedUntil = now + Math.max(Math.min(backOffBaseMs * 2 ** refusals, backOffMsMax), retryAfterMs ?? 0);
      refusals++;
    },
    clockSet(byMs) {
      if (blockedUntil !== undefined) blockedUntil += byMs;
    },
    settled() {
      inFlight--;
    },
  };
}
