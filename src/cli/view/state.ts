// What `everynode up` shows of its cluster, as plain data: filled by watch-cluster.ts, drawn by render.ts and lines.ts.
import type { Condition, DaemonSet, Event, Node } from '../../api/index.ts';
import { isTrue, parseTime } from '../../api/index.ts';

export interface DaemonSetRow {
  /** `kube-system/fluentd-elasticsearch` */
  readonly name: string;
  readonly desired: number;
  readonly current: number;
  readonly ready: number;
  readonly updated: number;
  readonly available: number;
  /** The newest ControllerRevision's number; 0 before the first. */
  readonly revision: number;
  /** The newest template is not everywhere yet, or not yet available. */
  readonly rolling: boolean;
}

export interface NodeRow {
  readonly name: string;
  readonly ready: boolean;
  readonly cordoned: boolean;
  /** Taints that somebody set: the node's own health taints show in `ready`. */
  readonly taints: readonly string[];
  readonly pods: number;
}

export interface EventRow {
  readonly key: string;
  readonly atMs: number;
  readonly warning: boolean;
  readonly reason: string;
  /** `pod/fluentd-elasticsearch-x7k2p` */
  readonly about: string;
  readonly message: string;
  readonly count: number;
}

export interface ClusterState {
  readonly daemonSets: readonly DaemonSetRow[];
  readonly nodes: readonly NodeRow[];
  /** Newest last. */
  readonly events: readonly EventRow[];
}

export function daemonSetRow(daemonSet: DaemonSet, revision: number): DaemonSetRow {
  const { metadata, status } = daemonSet;
  const desired = status?.desiredNumberScheduled ?? 0;
  const updated = status?.updatedNumberScheduled ?? 0;
  const available = status?.numberAvailable ?? 0;
  // As `kubectl rollout status` decides it: https://kubernetes.io/docs/tasks/manage-daemon/update-daemon-set/
  const seen = (status?.observedGeneration ?? 0) >= (metadata.generation ?? 0);
  return {
    name: `${metadata.namespace}/${metadata.name}`,
    desired,
    current: status?.currentNumberScheduled ?? 0,
    ready: status?.numberReady ?? 0,
    updated,
    available,
    revision,
    rolling: !seen || updated < desired || available < desired,
  };
}

export function nodeRow(node: Node, pods: number): NodeRow {
  const conditions: readonly Condition[] | undefined = node.status?.conditions;
  return {
    name: node.metadata.name ?? '',
    ready: isTrue(conditions, 'Ready'),
    cordoned: node.spec?.unschedulable === true,
    taints: (node.spec?.taints ?? [])
      .filter((taint) => !taint.key.startsWith('node.kubernetes.io/'))
      .map((taint) => `${taint.key}:${taint.effect}`),
    pods,
  };
}

export function eventRow(event: Event): EventRow {
  const { involvedObject: about, metadata } = event;
  return {
    key: `${metadata.namespace}/${metadata.name}`,
    atMs: parseTime(event.lastTimestamp) ?? parseTime(metadata.creationTimestamp) ?? 0,
    warning: event.type === 'Warning',
    reason: event.reason ?? '',
    about: `${(about.kind ?? 'object').toLowerCase()}/${about.name ?? ''}`,
    message: (event.message ?? '').replaceAll(/\s+/g, ' '),
    count: event.count ?? 1,
  };
}
