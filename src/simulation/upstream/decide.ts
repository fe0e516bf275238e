// One sync of upstream's controller on one state, back-offs apart: what `manage` creates and deletes on each node, and
// what the rolling update would add. Names of pods and nodes come out, nothing is carried out.
import { type Pod, scaleRoundingUp, type Stored } from '../../api/index.ts';
import {
  eligibility,
  inOrder,
  isAvailable,
  isCurrent,
  isFailed,
  isReady,
  isSucceeded,
  isTerminating,
  podsByNode,
  type State,
} from './state.ts';

export interface Decision {
  /** Nodes that get a pod whatever the budget. */
  readonly creates: ReadonlySet<string>;
  /** Pods that go whatever the budget. */
  readonly deletes: ReadonlySet<string>;
  /** Nodes whose old pod serves and may be replaced (or surged beside), … */
  readonly candidates: ReadonlySet<string>;
  /** … and how many of them now. */
  readonly candidatesMax: number;
  /** The rolling update gives up: with surge, an old pod alone on a node that is gone. */
  readonly aborts: boolean;
}

interface Draft {
  readonly creates: Set<string>;
  readonly deletes: Set<string>;
  readonly candidates: Set<string>;
}

export interface Budget {
  readonly maxUnavailable: number;
  readonly maxSurge: number;
}

/** Of the desired nodes, rounding up; both nothing is one unavailable. OnDelete and no block: nothing. */
export function budgetOf({ daemonSet }: State, desired: number): Budget {
  const { type = 'RollingUpdate', rollingUpdate } = daemonSet.spec.updateStrategy ?? {};
  if (type !== 'RollingUpdate' || rollingUpdate === undefined) return { maxUnavailable: 0, maxSurge: 0 };
  const maxUnavailable = scaleRoundingUp(rollingUpdate.maxUnavailable ?? 1, desired) ?? 0;
  const maxSurge = scaleRoundingUp(rollingUpdate.maxSurge ?? 0, desired) ?? 0;
  return { maxUnavailable: maxUnavailable === 0 && maxSurge === 0 && desired > 0 ? 1 : maxUnavailable, maxSurge };
}

export function decide(state: State): Decision {
  const draft: Draft = { creates: new Set(), deletes: new Set(), candidates: new Set() };
  manage(state, draft);
  const managed = { ...draft, creates: new Set(draft.creates), deletes: new Set(draft.deletes) };
  const candidatesMax = roll(state, draft);
  if (candidatesMax === undefined) return { ...managed, candidates: new Set(), candidatesMax: 0, aborts: true };
  return { ...draft, candidatesMax, aborts: false };
}

function manage(state: State, { creates, deletes }: Draft): void {
  const map = podsByNode(state);
  const surges = budgetOf(state, 1).maxSurge > 0;
  const remove = (pods: readonly Stored<Pod>[]) => {
    for (const { metadata } of pods) deletes.add(metadata.name);
  };
  for (const node of state.nodes) {
    const { name } = node.metadata;
    const { run, stay } = eligibility(state, node);
    const pods = map.get(name);
    const standing = pods?.filter((pod) => !isTerminating(pod)) ?? [];
    if (run && pods === undefined) creates.add(name);
    else if (!stay) remove(standing);
    else {
      remove(standing.filter(isFailed).slice(0, 1));
      remove(standing.filter(isSucceeded));
      const running = inOrder(standing.filter((pod) => !isFailed(pod) && !isSucceeded(pod)));
      if (!surges) remove(running.slice(1));
      else if (running.length === 0 && run && pods !== undefined) creates.add(name);
      else if (running.length > 1) removeSurplus(state, running, remove);
    }
  }
  const known = new Set(state.nodes.map(({ metadata }) => metadata.name));
  for (const [node, pods] of map)
    if (!known.has(node)) remove(pods.filter((pod) => pod.spec.nodeName === undefined && !isTerminating(pod)));
}

/** One of each stays; the old one until it does not serve, or the new one does. */
function removeSurplus(state: State, running: readonly Stored<Pod>[], remove: (pods: readonly Stored<Pod>[]) => void) {
  const fresh = running.find((pod) => isCurrent(state, pod));
  const old = running.find((pod) => !isCurrent(state, pod));
  remove(running.filter((pod) => pod !== fresh && pod !== old));
  if (fresh !== undefined && old !== undefined && (!isReady(old) || isAvailable(state, fresh))) remove([old]);
}

/** Returns how many candidates may be taken; undefined when it gives up. */
function roll(state: State, draft: Draft): number | undefined {
  if ((state.daemonSet.spec.updateStrategy?.type ?? 'RollingUpdate') !== 'RollingUpdate') return 0;
  const runs = new Set(state.nodes.filter((node) => eligibility(state, node).run).map(({ metadata }) => metadata.name));
  const map = new Map(podsByNode(state));
  for (const name of runs) if (!map.has(name)) map.set(name, []);
  const { maxUnavailable, maxSurge } = budgetOf(state, runs.size);
  if (maxSurge === 0) return Math.max(0, maxUnavailable - rollInPlace(state, map, draft));
  const known = new Set(state.nodes.map(({ metadata }) => metadata.name));
  for (const [node, pods] of map) {
    const { fresh, old, excess } = split(state, pods);
    if (!excess && fresh === undefined && old !== undefined && !known.has(node)) return undefined;
  }
  return Math.max(0, maxSurge - rollWithSurge(state, map, runs, draft));
}

type Slots = ReadonlyMap<string, readonly Stored<Pod>[]>;

function split(state: State, pods: readonly Stored<Pod>[]) {
  const standing = pods.filter((pod) => !isTerminating(pod));
  const fresh = standing.filter((pod) => isCurrent(state, pod));
  const old = standing.filter((pod) => !isCurrent(state, pod));
  return { fresh: fresh[0], old: old[0], excess: fresh.length > 1 || old.length > 1 };
}

/** Returns how many are unavailable. */
function rollInPlace(state: State, map: Slots, { deletes, candidates }: Draft): number {
  let unavailable = 0;
  for (const [node, pods] of map) {
    const { fresh, old, excess } = split(state, pods);
    if (excess || (fresh === undefined) === (old === undefined)) unavailable++;
    else if (fresh !== undefined) unavailable += isAvailable(state, fresh) ? 0 : 1;
    else if (isAvailable(state, old!)) candidates.add(node);
    else {
      deletes.add(old!.metadata.name);
      unavailable++;
    }
  }
  return unavailable;
}

/** Returns how many nodes surge. */
function rollWithSurge(state: State, map: Slots, runs: ReadonlySet<string>, draft: Draft): number {
  const { creates, deletes, candidates } = draft;
  const retirable: string[] = [];
  let surging = 0;
  let available = 0;
  for (const [node, pods] of map) {
    const { fresh, old, excess } = split(state, pods);
    if (excess) {
      surging++;
      continue;
    }
    const serving = old ?? fresh;
    if (serving !== undefined && isAvailable(state, serving)) available++;
    if (old === undefined) continue;
    if (fresh === undefined && isAvailable(state, old)) {
      if (runs.has(node)) candidates.add(node);
      else retirable.push(old.metadata.name);
    } else if (fresh === undefined) {
      if (runs.has(node)) creates.add(node);
      else deletes.add(old.metadata.name);
    } else if (isAvailable(state, fresh)) deletes.add(old.metadata.name);
    else surging++;
  }
  for (const name of retirable.slice(0, Math.max(0, available - runs.size))) deletes.add(name);
  return surging;
}
