// Ready is what the node says now; available is ready for minReadySeconds without a break.
import type { PodView } from './views.ts';

/** When the pod is (or becomes) available if it stays as it is; undefined while it is not ready. */
export function availableAt(pod: PodView, minReadyMs: number): number | undefined {
  if (!pod.ready) return undefined;
  if (minReadyMs === 0) return pod.createdAt;
  // A Ready condition without a transition time never becomes available (podutil.IsPodAvailable).
  return pod.readyChangedAt === undefined ? undefined : pod.readyChangedAt + minReadyMs;
}

export function isAvailable(pod: PodView, minReadyMs: number, now: number): boolean {
  const at = availableAt(pod, minReadyMs);
  // With minReadySeconds 0 readiness is all that counts, whatever the clocks say.
  return at !== undefined && (minReadyMs === 0 || at <= now);
}
