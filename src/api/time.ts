// Kubernetes times. Milliseconds since the epoch inside, RFC 3339 on the wire.
import type { Timestamp } from './meta.ts';

/** metav1.Time: RFC 3339 in UTC, cut to seconds. */
export function formatTime(ms: number): Timestamp {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}

/** metav1.MicroTime: RFC 3339 in UTC with six decimals. */
export function formatMicroTime(ms: number): Timestamp {
  return `${new Date(ms).toISOString().slice(0, 23)}000Z`;
}

/** Milliseconds since the epoch; undefined when absent or no time. */
export function parseTime(text: Timestamp | null | undefined): number | undefined {
  if (text === undefined || text === null) return undefined;
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? undefined : ms;
}
