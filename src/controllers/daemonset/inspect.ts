// The controller seen from outside: what waits, how much the API server bears, and how each DaemonSet stands.
import type { RolloutPhase } from '../../api/index.ts';
import { type Counts, isWantedWait, type SlotState } from '../../core/daemonset/index.ts';
import type { AdaptiveConcurrency, WorkQueue } from '../../machinery/index.ts';
import type { PolicyIndex } from './policy-index.ts';
import { stalledMs } from './progress.ts';
import { rolloutOf } from './rollouts.ts';
import type { Tracked } from './tracked.ts';

export interface Inspection {
  /** DaemonSets that wait for a sync. */
  readonly queueDepth: number;
  readonly writes: { readonly limit: number; readonly underWay: number; readonly waiting: number };
  readonly daemonSets: readonly DaemonSetInspection[];
}

export interface DaemonSetInspection {
  readonly namespace: string;
  readonly name: string;
  /** The numbers of its status. */
  readonly counts: Readonly<Counts>;
  /** Nodes by what is going on there. */
  readonly states: ReadonlyMap<SlotState, number>;
  /** Nodes that wait for the rollout. */
  readonly outdated: number;
  /** Since it last came nearer to what is wanted; 0 when nothing is wanted, and while its policy has it wait. */
  readonly stalledSeconds: number;
  /** Where its rollout is by its policy, if it has one. */
  readonly phase: RolloutPhase | undefined;
}

export function inspect(
  all: Iterable<Tracked>,
  { depth }: Pick<WorkQueue<string>, 'depth'>,
  { limit, underWay, waiting }: AdaptiveConcurrency,
  policies: PolicyIndex,
  now: number,
): Inspection {
  const daemonSets = Array.from(all, (tracked) => {
    const { object, ledger, progress } = tracked;
    const phase = rolloutOf(policies, tracked)?.phase;
    return {
      namespace: object.metadata.namespace ?? '',
      name: object.metadata.name,
      counts: ledger.counts,
      states: ledger.states,
      outdated: ledger.outdated,
      stalledSeconds: isWantedWait(phase) ? 0 : stalledMs(progress, now) / 1000,
      phase,
    };
  });
  return { queueDepth: depth, writes: { limit, underWay, waiting }, daemonSets };
}
