// May this object be stored? One table of rules by kind; metadata is the same for all. Throws StatusError Invalid with
// one cause for each broken rule. Objects must come from prepare(): types are not checked again here.
import type { KubernetesObject } from '../../api/index.ts';
import type { JsonObject } from './json.ts';
import {
  eventRules,
  leaseRules,
  limitRangeRules,
  namespaceRules,
  nodeRules,
  priorityClassRules,
  resourceQuotaRules,
} from './validation/cluster.ts';
import {
  claimRules,
  configMapRules,
  roleBindingRules,
  roleRules,
  secretRules,
  serviceRules,
} from './validation/configuration.ts';
import { controllerRevisionRules, daemonSetRules } from './validation/daemonset.ts';
import { FieldErrors } from './validation/field-errors.ts';
import type { KindRules } from './validation/kind-rules.ts';
import { metadataOf, validateObjectMeta, validateObjectMetaUpdate } from './validation/meta.ts';
import { dnsSubdomain } from './validation/names.ts';
import { podRules } from './validation/pod.ts';
import {
  autoscalerRules,
  cronJobRules,
  ingressRules,
  jobRules,
  networkPolicyRules,
  replicationControllerRules,
  runtimeClassRules,
  statefulSetRules,
} from './validation/stored.ts';
import { deploymentRules, disruptionBudgetRules, podTemplateRules, replicaSetRules } from './validation/workloads.ts';

export interface ValidationContext {
  /** 'status' checks the status and leaves the spec alone; others are checked like the object itself. */
  readonly subresource?: string;
}

const kinds: ReadonlyMap<string, KindRules> = new Map(
  Object.entries({
    'v1/Pod': podRules,
    'v1/PodTemplate': podTemplateRules,
    'v1/Node': nodeRules,
    'v1/Namespace': namespaceRules,
    'v1/Event': eventRules,
    'v1/ConfigMap': configMapRules,
    'v1/Secret': secretRules,
    'v1/Service': serviceRules,
    'v1/PersistentVolumeClaim': claimRules,
    'v1/ResourceQuota': resourceQuotaRules,
    'v1/LimitRange': limitRangeRules,
    'v1/ReplicationController': replicationControllerRules,
    'node.k8s.io/v1/RuntimeClass': runtimeClassRules,
    'apps/v1/DaemonSet': daemonSetRules,
    'apps/v1/ControllerRevision': controllerRevisionRules,
    'apps/v1/Deployment': deploymentRules,
    'apps/v1/ReplicaSet': replicaSetRules,
    'apps/v1/StatefulSet': statefulSetRules,
    'autoscaling/v1/HorizontalPodAutoscaler': autoscalerRules,
    'autoscaling/v2/HorizontalPodAutoscaler': autoscalerRules,
    'batch/v1/Job': jobRules,
    'batch/v1/CronJob': cronJobRules,
    'networking.k8s.io/v1/Ingress': ingressRules,
    'networking.k8s.io/v1/NetworkPolicy': networkPolicyRules,
    'coordination.k8s.io/v1/Lease': leaseRules,
    'events.k8s.io/v1/Event': eventRules,
    'policy/v1/PodDisruptionBudget': disruptionBudgetRules,
    'scheduling.k8s.io/v1/PriorityClass': priorityClassRules,
    'rbac.authorization.k8s.io/v1/Role': roleRules,
    'rbac.authorization.k8s.io/v1/ClusterRole': roleRules,
    'rbac.authorization.k8s.io/v1/RoleBinding': roleBindingRules,
    'rbac.authorization.k8s.io/v1/ClusterRoleBinding': roleBindingRules,
  }),
);
const noRules: KindRules = {};

/** Throws StatusError Invalid (422) when the prepared object may not be created. */
export function validateCreate(
  resourceKey: string,
  object: KubernetesObject,
  _context: ValidationContext = {},
  rules: KindRules = kinds.get(resourceKey) ?? noRules,
): void {
  const errors = new FieldErrors();
  const json = object as unknown as JsonObject;
  validateObjectMeta(errors, metadataOf(json), rules.name ?? dnsSubdomain);
  rules.object?.(errors, json);
  rules.create?.(errors, json);
  errors.throwIfAny(resourceKey, object.metadata.name ?? object.metadata.generateName ?? '');
}

/**
 * Throws StatusError Invalid (422) when `next` may not replace `before`. A fault that `before` has just so is no fault of
 * this write: an object that an older server let in can still be changed (ratcheting, KEP-4008).
 */
export function validateUpdate(
  resourceKey: string,
  next: KubernetesObject,
  before: KubernetesObject,
  context: ValidationContext = {},
  rules: KindRules = kinds.get(resourceKey) ?? noRules,
): void {
  const errors = new FieldErrors();
  const json = next as unknown as JsonObject;
  const old = before as unknown as JsonObject;
  validateObjectMetaUpdate(errors, metadataOf(json), metadataOf(old), rules.name ?? dnsSubdomain);
  if (context.subresource === 'status') rules.status?.(errors, json, old);
  else {
    (rules.subresources?.[context.subresource ?? ''] ?? rules.update)?.(errors, json, old);
    rules.object?.(errors, json);
  }
  if (errors.isEmpty) return;
  const standing = new FieldErrors();
  validateObjectMeta(standing, metadataOf(old), rules.name ?? dnsSubdomain);
  rules.object?.(standing, old);
  errors.forgive(standing);
  errors.throwIfAny(resourceKey, before.metadata.name ?? '');
}
