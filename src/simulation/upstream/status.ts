// The numbers of upstream's status (updateDaemonSetStatus), on one state.
import { eligibility, inOrder, isAvailable, isCurrent, isReady, podsByNode, type State } from './state.ts';

export interface Counts {
  readonly desiredNumberScheduled: number;
  readonly currentNumberScheduled: number;
  readonly numberMisscheduled: number;
  readonly numberReady: number;
  readonly numberAvailable: number;
  readonly numberUnavailable: number;
  readonly updatedNumberScheduled: number;
}

/** Of several pods on a node the first one speaks. */
export function countsOf(state: State): Counts {
  const map = podsByNode(state);
  let [desired, current, misscheduled, ready, available, updated] = [0, 0, 0, 0, 0, 0];
  for (const node of state.nodes) {
    const [pod] = inOrder(map.get(node.metadata.name) ?? []);
    if (!eligibility(state, node).run) {
      if (pod !== undefined) misscheduled++;
      continue;
    }
    desired++;
    if (pod === undefined) continue;
    current++;
    if (isReady(pod)) ready++;
    if (isAvailable(state, pod)) available++;
    if (isCurrent(state, pod)) updated++;
  }
  return {
    desiredNumberScheduled: desired,
    currentNumberScheduled: current,
    numberMisscheduled: misscheduled,
    numberReady: ready,
    numberAvailable: available,
    numberUnavailable: desired - available,
    updatedNumberScheduled: updated,
  };
}
