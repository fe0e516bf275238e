// Where pods of a DaemonSet belong, restated from upstream's documented rules (NodeShouldRunDaemonPod). What the
// controller does is judged by this, so nothing here is shared with core/daemonset/.
import { type DaemonSet, findUntolerated, type Node, type PodSpec, type Toleration } from '../api/index.ts';

export interface Eligibility {
  /** A pod is started there. */
  readonly run: boolean;
  /** One that is there may stay. */
  readonly stay: boolean;
}

/** Node selector first, then taints. The simulation's templates have no affinity. */
export function eligibility({ spec: { template } }: DaemonSet, node: Node): Eligibility {
  const labels = node.metadata.labels ?? {};
  for (const [key, value] of Object.entries(template.spec.nodeSelector ?? {}))
    if (labels[key] !== value) return { run: false, stay: false };
  const taints = node.spec?.taints ?? [];
  if (taints.length === 0) return { run: true, stay: true };
  const tolerations = [...(template.spec.tolerations ?? []), ...addedTolerations(template.spec)];
  if (!findUntolerated(taints, tolerations, ['NoSchedule', 'NoExecute'])) return { run: true, stay: true };
  return { run: false, stay: !findUntolerated(taints, tolerations, ['NoExecute']) };
}

/** What every daemon tolerates, for ever (AddOrUpdateDaemonPodTolerations). */
export function addedTolerations({ hostNetwork }: PodSpec): readonly Toleration[] {
  return hostNetwork === true ? [...always, onHostNetwork] : always;
}

const always: readonly Toleration[] = [
  { key: 'node.kubernetes.io/not-ready', operator: 'Exists', effect: 'NoExecute' },
  { key: 'node.kubernetes.io/unreachable', operator: 'Exists', effect: 'NoExecute' },
  { key: 'node.kubernetes.io/disk-pressure', operator: 'Exists', effect: 'NoSchedule' },
  { key: 'node.kubernetes.io/memory-pressure', operator: 'Exists', effect: 'NoSchedule' },
  { key: 'node.kubernetes.io/pid-pressure', operator: 'Exists', effect: 'NoSchedule' },
  { key: 'node.kubernetes.io/unschedulable', operator: 'Exists', effect: 'NoSchedule' },
];
const onHostNetwork: Toleration = {
  key: 'node.kubernetes.io/network-unavailable',
  operator: 'Exists',
  effect: 'NoSchedule',
};
