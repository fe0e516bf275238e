// The controller seen from outside: what waits, how much the API server bears, and how each DaemonSet stands.
import type { Counts, SlotState } from '../../core/daemonset/index.ts';
import type { AdaptiveConcurrency, WorkQueue } from '../../machinery/index.ts';
import { stalledMs } from './progress.ts';
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
  /** Since it last came nearer to what is wanted; 0 when nothing is wanted. */
  readonly stalledSeconds: number;
}

export function inspect(
  all: Iterable<Tracked>,
  { depth }: Pick<WorkQueue<string>, 'depth'>,
  { limit, underWay, waiting }: AdaptiveConcurrency,
  now: number,
): Inspection {
  const daemonSets = Array.from(all, ({ object, ledger, progress }) => ({
    namespace: object.metadata.namespace ?? '',
    name: object.metadata.name,
    counts: ledger.counts,
    states: ledger.states,
    outdated: ledger.outdated,
    stalledSeconds: stalledMs(progress, now) / 1000,
  }));
  return { queueDepth: depth, writes: { limit, underWay, waiting }, daemonSets };
}
