// The pods of a slot by what became of them, and which of several stays.
import { isAvailable } from './availability.ts';
import type { Slot } from './slot.ts';
import type { Target } from './target.ts';
import { isTerminal, type PodView } from './views.ts';

/** The pods of a slot by what became of them. A finished pod that is terminating too is as good as gone. */
export interface PodsByFate {
  readonly live: readonly PodView[];
  readonly finished: readonly PodView[];
  readonly leaving: readonly PodView[];
}

export function sortPods(slot: Slot, target: Target, now: number): PodsByFate {
  const live: PodView[] = [];
  const finished: PodView[] = [];
  const leaving: PodView[] = [];
  for (const pod of slot.pods) {
    const terminating = pod.deletionAt !== undefined;
    if (isTerminal(pod) && terminating) continue;
    if (terminating || slot.deleting.has(pod.uid)) leaving.push(pod);
    else if (isTerminal(pod)) finished.push(pod);
    else live.push(pod);
  }
  const service = (pod: PodView) => (isAvailable(pod, target.minReadyMs, now) ? 2 : pod.ready ? 1 : 0);
  live.sort((a, b) => byPrecedence(a, b, service));
  finished.sort((a, b) => byPrecedence(a, b, () => 0));
  return { live, finished, leaving };
}

/**
 * Which of several pods stays: a bound one, then the one that serves best, then the older, then by name. Upstream
 * (podByCreationTimestampAndPhase) does not ask who serves, and so may remove the one that does.
 */
function byPrecedence(a: PodView, b: PodView, service: (pod: PodView) => number): number {
  if (a.bound !== b.bound) return a.bound ? -1 : 1;
  const better = service(b) - service(a);
  if (better !== 0) return better;
  if (a.createdAt !== b.createdAt) return a.createdAt - b.createdAt;
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
}
