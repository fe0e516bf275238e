// The door to core/disruption/: how many pods a PodDisruptionBudget lets go.
export {
  type Budget,
  type BudgetPod,
  type BudgetStatus,
  budgetStatus,
  type DisruptionBudget,
  disruptedPodMsMax,
  disruptionBudgets,
} from './budget.ts';
