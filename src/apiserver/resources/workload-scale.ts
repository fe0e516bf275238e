// The scale of deployments, replica sets and stateful sets.
import { formatLabelSelector, type KubernetesObject, type LabelSelector } from '../../api/index.ts';
import { type ScaleAccess, scaleSubresource } from './scale.ts';

type Workload = KubernetesObject & {
  readonly spec?: { readonly replicas?: number; readonly selector?: LabelSelector };
  readonly status?: { readonly replicas?: number };
};

const access: ScaleAccess = {
  wanted: (object) => (object as Workload).spec?.replicas,
  present: (object) => (object as Workload).status?.replicas ?? 0,
  selector: (object) => formatLabelSelector((object as Workload).spec?.selector ?? {}),
  withWanted: (object, replicas): Workload => ({ ...object, spec: { ...(object as Workload).spec, replicas } }),
};

export const workloadScale = scaleSubresource(access);
