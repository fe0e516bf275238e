// Which pods nobody else will ever clean up (podgc): those on nodes that are gone, those being deleted before they were
// scheduled, and the oldest finished ones above a threshold.
import type { Pod } from '../../api/index.ts';

export function isFinished(pod: Pod): boolean {
  return pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';
}

/** Being deleted and never bound: no node agent will confirm the end (gcUnscheduledTerminating). */
export function isUnscheduledAndTerminating(pod: Pod): boolean {
  return pod.metadata.deletionTimestamp !== undefined && (pod.spec.nodeName ?? '') === '';
}

export interface FinishedPod {
  readonly key: string;
  readonly createdMs: number;
}

/** The finished pods beyond the threshold, oldest first (gcTerminated). */
export function surplusFinished(finished: readonly FinishedPod[], finishedPodsMax: number): readonly FinishedPod[] {
  const surplus = finished.length - finishedPodsMax;
  if (finishedPodsMax <= 0 || surplus <= 0) return [];
  return finished.toSorted((a, b) => a.createdMs - b.createdMs || (a.key < b.key ? -1 : 1)).slice(0, surplus);
}
