// Under which name a slot's next pod is created. The name follows from the decision (pod.ts: podName); this file says
// which pod the decision replaces.
import { podName } from './pod.ts';
import type { Slot } from './slot.ts';
import type { Target } from './target.ts';
import { isTerminal, type PodView, revisionOf } from './views.ts';

/**
 * The name that follows from DaemonSet, node, revision and the pod that is replaced: the last one of the same revision
 * that is still there, finished or leaving. Whoever sees the same pods finds the same one, in whatever order they were
 * heard of.
 */
export function nextPodName(slot: Slot, target: Target, revision: string): string {
  const nameAfter = (replaces: string | undefined) =>
    podName({
      daemonSetName: target.name,
      daemonSetUid: target.uid,
      node: slot.name,
      revision,
      replaces,
      salt: slot.salt,
    });
  const inTheWay = slot.pods.filter(
    (pod) =>
      revisionOf(pod) === revision && (isTerminal(pod) || pod.deletionAt !== undefined || slot.deleting.has(pod.uid)),
  );
  const [last, ...others] = inTheWay.toSorted(lastFirst).map(({ uid }) => nameAfter(uid));
  if (last === undefined) return nameAfter(undefined);
  // Times have whole seconds: of two made in the same one, the earlier is known by the later having its name.
  const taken = new Set(slot.pods.map(({ name }) => name));
  return [last, ...others].find((name) => !taken.has(name)) ?? last;
}

function lastFirst(a: PodView, b: PodView): number {
  return b.createdAt - a.createdAt || (a.uid < b.uid ? -1 : 1);
}
