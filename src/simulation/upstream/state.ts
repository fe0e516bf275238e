// What kube-controller-manager's DaemonSet controller looks at in one sync, and the words its rules are made of. A plain
// restatement of the documented behaviour of Kubernetes 1.36, for comparison: nothing here is shared with core/daemonset/.
import {
  type DaemonSet,
  findCondition,
  type Node,
  parseTime,
  pinnedNode,
  type Pod,
  type Stored,
} from '../../api/index.ts';
import { type Eligibility, eligibility as eligibilityOf } from '../eligibility.ts';

export interface State {
  readonly daemonSet: Stored<DaemonSet>;
  /** The value of `controller-revision-hash` of the revision that is the template. */
  readonly currentHash: string;
  readonly nodes: readonly Stored<Node>[];
  /** Claimed by the DaemonSet. */
  readonly pods: readonly Stored<Pod>[];
  readonly now: number;
}

const hashLabel = 'controller-revision-hash';

export const isTerminating = ({ metadata }: Stored<Pod>) => metadata.deletionTimestamp !== undefined;
export const isFailed = ({ status }: Pod) => status?.phase === 'Failed';
export const isSucceeded = ({ status }: Pod) => status?.phase === 'Succeeded';
export const isReady = ({ status }: Pod) => findCondition(status?.conditions, 'Ready')?.status === 'True';
export const isCurrent = ({ currentHash }: State, { metadata }: Pod) => metadata.labels?.[hashLabel] === currentHash;

/** Ready for minReadySeconds (podutil.IsPodAvailable). */
export function isAvailable({ daemonSet, now }: State, pod: Pod): boolean {
  const minReadySeconds = daemonSet.spec.minReadySeconds ?? 0;
  const since = parseTime(findCondition(pod.status?.conditions, 'Ready')?.lastTransitionTime);
  if (!isReady(pod)) return false;
  return minReadySeconds === 0 || (since !== undefined && since + minReadySeconds * 1000 <= now);
}

export function eligibility({ daemonSet }: State, node: Node): Eligibility {
  return eligibilityOf(daemonSet, node);
}

/** The node of a pod: where it is, else where it is pinned. */
export function nodeOfPod({ spec }: Pod): string | undefined {
  return (
    spec.nodeName ??
    pinnedNode(spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution) ??
    undefined
  );
}

/** By node; what has ended and is terminating is left out (getNodesToDaemonPods). */
export function podsByNode({ pods }: State): ReadonlyMap<string, readonly Stored<Pod>[]> {
  const map = new Map<string, Stored<Pod>[]>();
  for (const pod of pods) {
    const node = nodeOfPod(pod);
    if (node === undefined || ((isFailed(pod) || isSucceeded(pod)) && isTerminating(pod))) continue;
    map.set(node, [...(map.get(node) ?? []), pod]);
  }
  return map;
}

/** Bound ones first, then older ones, then by name (podByCreationTimestampAndPhase). */
export function inOrder(pods: readonly Stored<Pod>[]): readonly Stored<Pod>[] {
  const bound = ({ spec }: Pod) => (spec.nodeName === undefined ? 1 : 0);
  const made = ({ metadata }: Stored<Pod>) => parseTime(metadata.creationTimestamp) ?? 0;
  return pods.toSorted(
    (a, b) => bound(a) - bound(b) || made(a) - made(b) || (a.metadata.name < b.metadata.name ? -1 : 1),
  );
}
