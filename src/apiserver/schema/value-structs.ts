// Struct fields that Go's API types hold by value, not by pointer, as far as anybody can tell: decoding fills them in
// and encoding always writes them (`resources: {}`, `status: {}`). The models do not say which these are.

export const valueStructs: ReadonlyMap<string, readonly string[]> = new Map(
  Object.entries({
    'core/v1.Pod': ['spec', 'status'],
    'core/v1.PodTemplate': ['template'],
    'core/v1.PodTemplateSpec': ['metadata', 'spec'],
    'core/v1.Container': ['resources'],
    'core/v1.EphemeralContainer': ['resources'],
    'core/v1.ContainerStatus': ['lastState', 'state'],
    'core/v1.Node': ['spec', 'status'],
    'core/v1.Namespace': ['spec', 'status'],
    'core/v1.Service': ['spec', 'status'],
    'core/v1.ServiceStatus': ['loadBalancer'],
    'core/v1.PersistentVolumeClaim': ['spec', 'status'],
    'core/v1.ResourceQuota': ['spec', 'status'],
    'apps/v1.DaemonSet': ['spec', 'status'],
    'apps/v1.DaemonSetSpec': ['template', 'updateStrategy'],
    'apps/v1.Deployment': ['spec', 'status'],
    'apps/v1.DeploymentSpec': ['template', 'strategy'],
    'apps/v1.ReplicaSet': ['spec', 'status'],
    'apps/v1.ReplicaSetSpec': ['template'],
    'policy/v1.PodDisruptionBudget': ['spec', 'status'],
  }),
);
