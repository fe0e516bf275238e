// How many nodes may be in flux at once, and so which are replaced next. (upstream-semantics: rolling update)
import { scaleRoundingUp } from '../../api/index.ts';
import type { Action } from './plan.ts';
import type { Target } from './target.ts';

export interface Budget {
  readonly maxUnavailable: number;
  readonly maxSurge: number;
}

/** What the rollout knows of the fleet: counts kept by the ledger. */
export interface Fleet {
  readonly desired: number;
  /** Desired nodes without an available pod whose lack is not excused (attribution.ts). */
  readonly blocking: number;
  /** Nodes on which a new pod is starting beside an old one. */
  readonly surging: number;
  /** Desired nodes with an available pod. */
  readonly available: number;
  /** Nodes with an outdated pod that is ready but not yet available. */
  readonly settling: number;
  /** Outdated pods on nodes where the new template should not run. */
  readonly retirable: number;
}

/** How many of each kind of candidate may be taken now. */
export interface Allowance {
  readonly settling: number;
  readonly serving: number;
  readonly retirable: number;
}

const none: Allowance = { settling: 0, serving: 0, retirable: 0 };

/** Both resolve against the desired nodes, rounding up; when both come to nothing, one node at a time still moves. */
export function resolveBudget(target: Target, desired: number): Budget {
  const { strategy } = target;
  if (strategy.type === 'OnDelete') return { maxUnavailable: 0, maxSurge: 0 };
  const maxUnavailable = scaleRoundingUp(strategy.maxUnavailable, desired) ?? 0;
  const maxSurge = scaleRoundingUp(strategy.maxSurge, desired) ?? 0;
  return maxUnavailable === 0 && maxSurge === 0 && desired > 0
    ? { maxUnavailable: 1, maxSurge }
    : { maxUnavailable, maxSurge };
}

export function allowance(target: Target, fleet: Fleet): Allowance {
  if (target.strategy.type === 'OnDelete') return none;
  const { maxUnavailable, maxSurge } = resolveBudget(target, fleet.desired);
  // What serves on nodes it should leave goes last: not before the nodes that should be served are.
  const retirable = Math.max(0, Math.min(fleet.retirable, fleet.available + fleet.retirable - fleet.desired));
  if (maxSurge > 0) {
    const room = Math.max(0, maxSurge - fleet.surging);
    const settling = Math.min(room, fleet.settling);
    return { settling, serving: room - settling, retirable };
  }
  // Ready pods younger than minReadySeconds count as unavailable already: replacing them costs nothing more, but only
  // while the budget as a whole is kept, else two quick updates would take every one of them down together.
  const room = maxUnavailable - fleet.blocking;
  if (room < 0) return { ...none, retirable };
  return { settling: fleet.settling, serving: room, retirable };
}

/** Whether the budget is kept with this action, which is counted in already. What draws on none always keeps it. */
export function keepsBudget({ reason }: Action, target: Target, { desired, surging, blocking }: Fleet): boolean {
  const { maxUnavailable, maxSurge } = resolveBudget(target, desired);
  if (reason === 'surge') return surging <= maxSurge;
  return reason !== 'outdated' || blocking <= maxUnavailable;
}
