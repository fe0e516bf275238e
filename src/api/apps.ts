// DaemonSet and ControllerRevision (apps/v1).
// https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/daemon-set-v1/
import type { PodTemplateSpec } from './core.ts';
import type { Condition, KubernetesObject, LabelSelector } from './meta.ts';
import type { IntOrPercent } from './int-or-percent.ts';

export interface DaemonSetSpec {
  readonly selector: LabelSelector;
  readonly template: PodTemplateSpec;
  readonly updateStrategy?: DaemonSetUpdateStrategy;
  /** Seconds a pod must be Ready before it counts as available; 0 = at once. */
  readonly minReadySeconds?: number;
  /** How many non-current ControllerRevisions to keep; upstream's default is 10. */
  readonly revisionHistoryLimit?: number;
}

export interface DaemonSetUpdateStrategy {
  /** RollingUpdate (the default) | OnDelete */
  readonly type?: string;
  readonly rollingUpdate?: {
    readonly maxUnavailable?: IntOrPercent;
    readonly maxSurge?: IntOrPercent;
  };
}

export interface DaemonSetStatus {
  readonly currentNumberScheduled: number;
  readonly numberMisscheduled: number;
  readonly desiredNumberScheduled: number;
  readonly numberReady: number;
  readonly observedGeneration?: number;
  readonly updatedNumberScheduled?: number;
  readonly numberAvailable?: number;
  readonly numberUnavailable?: number;
  readonly collisionCount?: number;
  readonly conditions?: readonly Condition[];
}

export interface DaemonSet extends KubernetesObject {
  readonly spec: DaemonSetSpec;
  readonly status?: DaemonSetStatus;
}

export interface ControllerRevision extends KubernetesObject {
  readonly revision: number;
  /** For a DaemonSet: `{spec: {template: {$patch: 'replace', …}}}`. */
  readonly data?: unknown;
}
