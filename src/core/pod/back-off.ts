// How long a node agent waits before it tries again: restarts of exited containers and pulls of images that failed.
// https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#restart-policy

const backOffBaseMs = 10_000;
const backOffMsMax = 300_000;
/** A container that ran this long is forgiven its earlier exits (twice the longest back-off). */
export const crashStreakResetMs = 2 * backOffMsMax;
/** ErrImagePull stands this long; then the status says that the kubelet waits: ImagePullBackOff. */
export const pullErrorShownMs = 2_000;

/** A container that could not be made is tried again with the next sync (kubelet's sync frequency after an error). */
export const refusedRetryMs = 10_000;

/** After the first exit the container restarts at once; then 10 s, 20 s, 40 s … 5 min. */
export function restartDelayMs(exitsInARow: number): number {
  return exitsInARow <= 1 ? 0 : doubling(exitsInARow - 2);
}

/** 10 s, 20 s, 40 s … 5 min. */
export function pullDelayMs(pullFailures: number): number {
  return doubling(Math.max(pullFailures, 1) - 1);
}

function doubling(step: number): number {
  return Math.min(backOffBaseMs * 2 ** step, backOffMsMax);
}

/** As Go prints durations of whole seconds: `10s`, `1m20s`, `5m0s`. */
export function formatDuration(ms: number): string {
  const seconds = Math.round(ms / 1000);
  return seconds < 60 ? `${seconds}s` : `${Math.floor(seconds / 60)}m${seconds % 60}s`;
}

/** As Go prints durations to the millisecond: `7ms`, `1.234s`, `1m2.5s`. */
export function formatPreciseDuration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)}ms`;
  const minutes = Math.floor(ms / 60_000);
  const seconds = (Math.round(ms) - minutes * 60_000) / 1000;
  return minutes === 0 ? `${seconds}s` : `${minutes}m${seconds}s`;
}
