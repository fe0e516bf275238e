// The door to api/: Kubernetes objects as this house uses them, and the rules that every room shares. Pure.
export type * from './apps.ts';
export type * from './core.ts';
export type * from './meta.ts';
export type * from './pod-spec.ts';
export type * from './rollout-policy.ts';
export { findCondition, isTrue, withCondition } from './conditions.ts';
export { decodeJson, encodeGoJson, nearestNumber } from './go-json.ts';
export { BinaryHeap } from './heap.ts';
export { type IntOrPercent, parsePercent, scaleRoundingDown, scaleRoundingUp } from './int-or-percent.ts';
export {
  compileLabelSelector,
  formatLabelSelector,
  isEmptySelector,
  type LabelPredicate,
  type Labels,
  parseLabelSelector,
} from './labels.ts';
export { isDnsLabel, isDnsSubdomain, isLabelValue, isQualifiedName } from './names.ts';
export { compileNodeSelector, nodeNameField, type NodePredicate, pinnedNode } from './node-affinity.ts';
export { controllerOf, controllerReference } from './owner-references.ts';
export { parseQuantity, parseQuantityMilli, sameQuantity } from './quantity.ts';
export { misfit } from './misfit.ts';
export type { PartialField, PartialFields, PartialFieldType } from './partial-fields.ts';
export { apiVersionOf, type Resource } from './resource.ts';
export * as resources from './resource.ts';
export {
  definitionVersionAnnotation,
  type RolloutPolicyDefinition,
  rolloutPolicyDefinition,
} from './rollout-policy-crd.ts';
export {
  isReason,
  isRetryable,
  type Status,
  type StatusCause,
  type StatusDetails,
  StatusError,
  statusErrorFrom,
  type StatusReason,
} from './status-error.ts';
export { findUntolerated, formatTaint, taintKeys, tolerates } from './taints.ts';
export { formatMicroTime, formatTime, parseTime } from './time.ts';
