// How lists and maps merge, which the models do not say: Kubernetes' patchStrategy/patchMergeKey tags (strategic merge)
// and its listType, listMapKey, mapType and structType markers (server-side apply). What is not named here is atomic
// when it is a list, and merges field by field when it is a map or a struct.

export interface MergeRule {
  /** Strategic merge: entries with the same value here are one entry. */
  readonly mergeKey?: string;
  /** Strategic merge of a list of plain values: the union. */
  readonly mergesValues?: boolean;
  /** Strategic merge: the patch replaces a struct instead of merging into it. */
  readonly replaces?: boolean;
  /** Strategic merge: patches may carry $retainKeys (fields of which only one may be set). */
  readonly retainsKeys?: boolean;
  /** Apply: the fields that together name an entry (listType=map). */
  readonly applyKeys?: readonly string[];
  /** Apply: entries are their own names (listType=set). */
  readonly applySet?: boolean;
  /** Apply: a map or struct owned as a whole. */
  readonly applyAtomic?: boolean;
}

/** Entries named by one field, in both kinds of patch. */
const keyed = (key: string): MergeRule => ({ mergeKey: key, applyKeys: [key] });
const keyedRetaining = (key: string): MergeRule => ({ ...keyed(key), retainsKeys: true });
const values: MergeRule = { mergesValues: true, applySet: true };
const atomic: MergeRule = { applyAtomic: true };

const container: Readonly<Record<string, MergeRule>> = {
  // Strategic merge cannot tell UDP 53 from TCP 53; apply can.
  ports: { mergeKey: 'containerPort', applyKeys: ['containerPort', 'protocol'] },
  env: keyed('name'),
  volumeMounts: keyed('mountPath'),
  volumeDevices: keyed('devicePath'),
};
const conditions: Readonly<Record<string, MergeRule>> = { conditions: keyed('type') };

/** By type key, then field. */
const fieldRules: Readonly<Record<string, Readonly<Record<string, MergeRule>>>> = {
  'meta/v1.ObjectMeta': { ownerReferences: keyed('uid'), finalizers: values },
  'core/v1.PodSpec': {
    containers: keyed('name'),
    initContainers: keyed('name'),
    ephemeralContainers: keyed('name'),
    volumes: keyedRetaining('name'),
    imagePullSecrets: keyed('name'),
    hostAliases: keyed('ip'),
    topologySpreadConstraints: { mergeKey: 'topologyKey', applyKeys: ['topologyKey', 'whenUnsatisfiable'] },
    resourceClaims: keyedRetaining('name'),
    schedulingGates: keyed('name'),
    nodeSelector: atomic,
  },
  'core/v1.Container': container,
  'core/v1.EphemeralContainer': container,
  'core/v1.ResourceRequirements': { claims: { applyKeys: ['name'] } },
  'core/v1.PodStatus': {
    ...conditions,
    podIPs: keyed('ip'),
    hostIPs: { mergeKey: 'ip' },
    resourceClaimStatuses: keyedRetaining('name'),
  },
  'core/v1.NodeSpec': { podCIDRs: values },
  'core/v1.NodeStatus': { ...conditions, addresses: keyed('type') },
  'core/v1.NamespaceStatus': conditions,
  'core/v1.ServiceAccount': { secrets: keyed('name') },
  'core/v1.ServiceSpec': { ports: { mergeKey: 'port', applyKeys: ['port', 'protocol'] }, selector: atomic },
  'core/v1.ServiceStatus': conditions,
  'core/v1.PersistentVolumeClaimStatus': conditions,
  'apps/v1.DaemonSetStatus': conditions,
  'apps/v1.DeploymentStatus': conditions,
  'apps/v1.ReplicaSetStatus': conditions,
  'apps/v1.StatefulSetStatus': conditions,
  'batch/v1.JobStatus': conditions,
  'autoscaling/v2.HorizontalPodAutoscalerStatus': conditions,
  'apiextensions.k8s.io/v1.CustomResourceDefinitionStatus': { conditions: { applyKeys: ['type'] } },
  'apps/v1.DeploymentSpec': { strategy: { retainsKeys: true } },
  'policy/v1.PodDisruptionBudgetSpec': { selector: { replaces: true } },
  'policy/v1.PodDisruptionBudgetStatus': conditions,
};

/** structType=atomic: apply owns these as a whole, wherever they stand. */
const atomicStructs: ReadonlySet<string> = new Set([
  'meta/v1.LabelSelector',
  'core/v1.ConfigMapKeySelector',
  'core/v1.FileKeySelector',
  'core/v1.LocalObjectReference',
  'core/v1.NodeSelector',
  'core/v1.NodeSelectorTerm',
  'core/v1.ObjectFieldSelector',
  'core/v1.ObjectReference',
  'core/v1.ResourceFieldSelector',
  'core/v1.ScopeSelector',
  'core/v1.ScopedResourceSelectorRequirement',
  'core/v1.SecretKeySelector',
  'core/v1.TypedLocalObjectReference',
  'rbac.authorization.k8s.io/v1.RoleRef',
  'rbac.authorization.k8s.io/v1.Subject',
]);

const none: MergeRule = {};

export function mergeRule(typeKey: string, field: string): MergeRule {
  const rules = Object.hasOwn(fieldRules, typeKey) ? fieldRules[typeKey]! : {};
  return Object.hasOwn(rules, field) ? rules[field]! : none;
}

export function isAtomicStruct(typeKey: string): boolean {
  return atomicStructs.has(typeKey);
}
