// What the DaemonSet logic keeps of nodes and pods: some twenty fields instead of whole objects (a real node is 15 kB).
// Every rule that reads a raw Kubernetes object stands here; the rest of core/daemonset sees only views.
import {
  controllerOf,
  findCondition,
  type Labels,
  type Node,
  parseTime,
  pinnedNode,
  type Pod,
  type Stored,
  type Taint,
} from '../../api/index.ts';

export interface NodeView {
  readonly name: string;
  readonly uid: string;
  readonly labels: Labels;
  readonly taints: readonly Taint[];
  /** The Ready condition is True. Plays no part in eligibility, only in who is blamed for an unavailable pod. */
  readonly ready: boolean;
  /** When the Ready condition last changed, ms; undefined when the node never said. */
  readonly readyChangedAt: number | undefined;
}

export interface PodView {
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
  readonly resourceVersion: string;
  readonly labels: Labels;
  /** UID of the controlling owner. */
  readonly controller: string | undefined;
  /** spec.nodeName is set. */
  readonly bound: boolean;
  /** The node it runs on, or is pinned to while unbound; undefined when neither can be told. */
  readonly node: string | undefined;
  readonly phase: string;
  /** What status.reason says, e.g. Evicted. */
  readonly reason: string | undefined;
  readonly ready: boolean;
  readonly readyChangedAt: number | undefined;
  readonly createdAt: number;
  /** The node agent acknowledged it (status.startTime). */
  readonly startedAt: number | undefined;
  /** metadata.deletionTimestamp: when it should be gone, ms. */
  readonly deletionAt: number | undefined;
  readonly deletionGraceMs: number;
}

/** Pod label that names the revision a pod was made from; the same constant serves as label of the revision itself. */
export const revisionLabel = 'controller-revision-hash';
export const zoneLabel = 'topology.kubernetes.io/zone';

export function viewNode(node: Stored<Node>): NodeView {
  const ready = findCondition(node.status?.conditions, 'Ready');
  return {
    name: node.metadata.name,
    uid: node.metadata.uid,
    labels: node.metadata.labels ?? {},
    taints: node.spec?.taints ?? [],
    ready: ready?.status === 'True',
    readyChangedAt: parseTime(ready?.lastTransitionTime),
  };
}

const nothing: Partial<Pod['spec']> = {};

export function viewPod(pod: Stored<Pod>): PodView {
  const { metadata, status } = pod;
  // Protobuf leaves an empty message out.
  const spec = (pod.spec as Pod['spec'] | null | undefined) ?? nothing;
  const ready = findCondition(status?.conditions ?? undefined, 'Ready');
  const bound = (spec.nodeName ?? '') !== '';
  return {
    uid: metadata.uid,
    namespace: metadata.namespace ?? '',
    name: metadata.name,
    resourceVersion: metadata.resourceVersion,
    labels: metadata.labels ?? {},
    controller: controllerOf(metadata)?.uid,
    bound,
    node: bound
      ? spec.nodeName
      : pinnedNode(spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution),
    phase: status?.phase ?? 'Pending',
    reason: status?.reason,
    ready: ready?.status === 'True',
    readyChangedAt: parseTime(ready?.lastTransitionTime),
    createdAt: parseTime(metadata.creationTimestamp) ?? 0,
    startedAt: parseTime(status?.startTime),
    deletionAt: parseTime(metadata.deletionTimestamp),
    deletionGraceMs: (metadata.deletionGracePeriodSeconds ?? 0) * 1000,
  };
}

/** Whether two views of a node say the same: heartbeats change nothing here and cost nothing further on. */
export function sameNode(a: NodeView, b: NodeView): boolean {
  return (
    a.uid === b.uid &&
    a.ready === b.ready &&
    a.readyChangedAt === b.readyChangedAt &&
    sameLabels(a.labels, b.labels) &&
    sameTaints(a.taints, b.taints)
  );
}

export function zoneOf(node: NodeView): string {
  return node.labels[zoneLabel] ?? '';
}

export function revisionOf(pod: PodView): string | undefined {
  return pod.labels[revisionLabel];
}

/** Failed or Succeeded: its containers will not run again. */
export function isTerminal(pod: PodView): boolean {
  return pod.phase === 'Failed' || pod.phase === 'Succeeded';
}

function sameLabels(a: Labels, b: Labels): boolean {
  if (a === b) return true;
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => a[key] === b[key]);
}

function sameTaints(a: readonly Taint[], b: readonly Taint[]): boolean {
  return (
    a.length === b.length &&
    a.every((taint, index) => {
      const other = b[index]!;
      return taint.key === other.key && taint.effect === other.effect && (taint.value ?? '') === (other.value ?? '');
    })
  );
}
