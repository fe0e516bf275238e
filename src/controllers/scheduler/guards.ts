// Disruption budgets as preemption asks them: how many of whose pods may go now, as the disruption controller has said.
import { compileLabelSelector, type LabelSelector, isEmptySelector, type Stored } from '../../api/index.ts';
import type { DisruptionBudget } from '../../core/disruption/index.ts';
import type { Guard } from '../../core/scheduling/index.ts';
import type { PodView } from './cluster-view.ts';

export function guardOf({ metadata, spec, status }: Stored<DisruptionBudget>): Guard<PodView> {
  const matches = matcher(spec?.selector);
  const disrupted = new Set(Object.keys(status?.disruptedPods ?? {}));
  return {
    allowed: status?.disruptionsAllowed ?? 0,
    covers: ({ namespace, name, labels }) =>
      namespace === metadata.namespace && !disrupted.has(name) && matches(labels),
  };
}

/** No selector, or an empty one, guards nobody here, other than for evictions (filterPodsWithPDBViolation). */
function matcher(selector: LabelSelector | undefined): (labels: PodView['labels']) => boolean {
  if (selector === undefined || isEmptySelector(selector)) return () => false;
  return compileLabelSelector(selector);
}
