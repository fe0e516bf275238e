// The door to the DaemonSet logic. Pure: snapshots and `now` in, plans out.
export { describeObstacle, type Obstacle, type Placement, type Verdict } from './placement.ts';
export { type Claim, claim, type Claimant } from './ownership.ts';
export { daemonTolerations } from './tolerations.ts';
export { aimAt, templateOfHash } from './aim.ts';
export { decideHistory, decidePruning, type History } from './history.ts';
export { hashOf, isRevisionOf, newRevision, revisionData, templateOf } from './revision.ts';
export { budgetHolders, describeReason, explain, type NodeExplanation, type Reason } from './explain.ts';
export { type Fate, foresee, type Foresight, type NodeForesight } from './foresee.ts';
export { Ledger } from './ledger.ts';
export type { Counts } from './totals.ts';
export { readDaemonSet } from './daemon-set-shape.ts';
export { buildPod, podName } from './pod.ts';
export type { Action, CreatePod, CreateReason, DeletePod, DeleteReason, Plan, PlanLimits } from './plan.ts';
export { unlimited } from './plan.ts';
export { resolveBudget } from './rollout.ts';
export { sameTemplate } from './template-equality.ts';
export type { Slot, SlotState } from './slot.ts';
export { compileTarget, sameTarget, type Target } from './target.ts';
export { readPolicy } from './policy/policy-view.ts';
export {
  conflictStatus,
  invalidStatus,
  isStep,
  isWantedWait,
  samePolicyStatus,
  withConditions,
} from './policy/policy-status.ts';
export { newsOf } from './policy/news.ts';
export { rolloutFacts } from './policy/rollout-facts.ts';
export { nextStage, type Stage } from './policy/stage.ts';
export { conditionTypes, isComplete, nextStatus, sameStatus } from './status.ts';
export {
  isTerminal,
  type NodeView,
  type PodView,
  revisionLabel,
  revisionOf,
  sameNode,
  viewNode,
  viewPod,
} from './views.ts';
export { madeFields, nodeFields, ownedFields, ownedSinceFields, podFields } from './view-fields.ts';
export { type Snapshot, survey } from './survey.ts';
