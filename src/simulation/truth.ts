// Reading the API server's truth for the invariants: which pods are live, whose they are, where, whether they are
// available, and everything that a controller with a late cache may believe about a DaemonSet or a node.
import {
  controllerOf,
  type DaemonSet,
  findCondition,
  parseTime,
  pinnedNode,
  type Pod,
  resources,
  scaleRoundingUp,
  type Stored,
} from '../api/index.ts';
import type { Archive } from './archive.ts';
import type { Request } from './requests.ts';

export function nodeOf({ spec }: Pod): string | undefined {
  return (
    spec.nodeName ??
    pinnedNode(spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution) ??
    undefined
  );
}

export function ownerOf(pod: Pod): string | undefined {
  return controllerOf(pod.metadata)?.uid;
}

/** Not terminating, not finished. */
export function isLive(pod: Stored<Pod>): boolean {
  return pod.metadata.deletionTimestamp === undefined && !hasEnded(pod);
}

/** It will not run again. */
export function hasEnded({ status }: Pod): boolean {
  return status?.phase === 'Failed' || status?.phase === 'Succeeded';
}

export function isReady(pod: Pod): boolean {
  return findCondition(pod.status?.conditions, 'Ready')?.status === 'True';
}

export function isAvailableAt(pod: Pod, minReadySeconds: number, now: number): boolean {
  const ready = findCondition(pod.status?.conditions, 'Ready');
  // Clocks may differ: when it became ready counts only where it has to be so for long.
  if (minReadySeconds === 0) return ready?.status === 'True';
  return ready?.status === 'True' && (parseTime(ready.lastTransitionTime) ?? 0) + minReadySeconds * 1000 <= now;
}

/** The DaemonSet's live pods on a node; one that a user labelled away is its own already, though still to be let go. */
export function livePods(server: Archive, owner: string, node: string): Stored<Pod>[] {
  return server
    .all(resources.pods)
    .filter((pod) => ownerOf(pod) === owner && nodeOf(pod) === node && isLive(pod) && !isLabelledAway(pod));
}

/** In every state that the sender of a request may go by the pod runs and serves. */
export function readyThroughout(server: Archive, { metadata }: Stored<Pod>, { seen }: Pick<Request, 'seen'>): boolean {
  return server
    .statesSince(resources.pods, metadata.namespace, metadata.name, seen['pods'] ?? 0)
    .every((state) => state !== undefined && state.metadata.uid === metadata.uid && isLive(state) && isReady(state));
}

export function isLabelledAway({ metadata }: Pod): boolean {
  return metadata.labels?.['app'] === labelledAway;
}

/** The value of the label `app` that users of the simulation give to pods they want to look at. */
export const labelledAway = 'debug';

/** The states of the DaemonSet that somebody may go by who has seen the history up to `version`. */
export function believable(server: Archive, uid: string, version: number): Stored<DaemonSet>[] {
  const names = new Set<string>();
  for (const { metadata } of server.all(resources.daemonSets)) names.add(`${metadata.namespace}/${metadata.name}`);
  for (const { object } of server.changesAfter(resources.daemonSets, version))
    names.add(`${object.metadata.namespace}/${object.metadata.name}`);
  return [...names].flatMap((key) => {
    const [namespace, name] = key.split('/') as [string, string];
    return server
      .statesSince(resources.daemonSets, namespace, name, version)
      .filter((object) => object !== undefined)
      .filter((object) => object.metadata.uid === uid);
  });
}

/** The names of all nodes that somebody may know who has seen the history up to `version`. */
export function nodesSince(server: Archive, version: number): ReadonlySet<string> {
  const names = new Set<string>();
  for (const { metadata } of server.all(resources.nodes)) names.add(metadata.name);
  for (const { object } of server.changesAfter(resources.nodes, version)) names.add(object.metadata.name);
  return names;
}

export interface Budget {
  readonly maxUnavailable: number;
  readonly maxSurge: number;
}

/** The strategy's numbers, restated here so that the controller's own arithmetic is checked and not repeated. */
export function budgetOf({ spec }: DaemonSet, desired: number): Budget {
  const { type = 'RollingUpdate', rollingUpdate } = spec.updateStrategy ?? {};
  if (type === 'OnDelete') return { maxUnavailable: 0, maxSurge: 0 };
  const maxUnavailable = scaleRoundingUp(rollingUpdate?.maxUnavailable ?? 1, desired) ?? 0;
  const maxSurge = scaleRoundingUp(rollingUpdate?.maxSurge ?? 0, desired) ?? 0;
  return { maxUnavailable: maxSurge === 0 ? Math.max(1, maxUnavailable) : maxUnavailable, maxSurge };
}

/** What makes two pods of one template: everything a user of the simulation can change in it. */
export function templateKey(spec: {
  readonly containers: readonly { readonly image?: string }[];
  readonly nodeSelector?: object;
}): string {
  return `${spec.containers[0]?.image} ${JSON.stringify(spec.nodeSelector ?? {})}`;
}
