// What a policy says of one node at this stage of a rollout: may it get the newest revision, does it keep what it has,
// or does it go back. The ledger asks for every node; how the stages follow each other is stage.ts.
import type { RolloutPolicyStatus } from '../../../api/index.ts';
import { fnv1a } from '../hash.ts';
import type { Placement } from '../placement.ts';
import type { NodeView } from '../views.ts';
import type { PolicyProblem, PolicyView, Wave } from './policy-view.ts';

export type Stance =
  /** The newest revision, as the DaemonSet's own budget allows. */
  | 'go'
  /**
   * A missing pod is made of the proven revision. What is there stays, but for a pod that does not serve and is neither of
   * the proven nor of the newest revision: it would use up the budget, and nothing would ever mend it.
   */
  | 'hold'
  /** A missing pod is made of the proven revision, and whatever is there stays. */
  | 'pause'
  /** The proven revision, as the budget allows. */
  | 'back';

export interface Gate {
  /** Gates with equal keys say the same of every node. */
  readonly key: string;
  /** What nodes get that may not have the newest; undefined when there is nothing they may get. */
  readonly proven: ProvenRevision | undefined;
  stanceOn(node: NodeView): Stance;
  /** The index of the node's wave. */
  waveOf(node: NodeView): number;
}

export interface ProvenRevision {
  readonly hash: string;
  /** Where its template runs; undefined where it is the newest one's. */
  readonly placement: Placement | undefined;
}

export interface GateBasis {
  readonly policy: PolicyView | PolicyProblem;
  /** As acknowledged by the API server. */
  readonly status: RolloutPolicyStatus | undefined;
  readonly daemonSetUid: string;
  readonly revision: string;
  readonly sameRevisions: ReadonlySet<string>;
  /** Where the template of a revision runs; undefined when the revision does not exist (any more). */
  readonly placementOf: (hash: string) => Placement | undefined;
}

export function compileGate(basis: GateBasis): Gate {
  const { policy, revision } = basis;
  const status = basis.status?.daemonSetUID === basis.daemonSetUid ? basis.status : undefined;
  const proven = provenFor(basis, status);
  const overall = stanceOfAll(basis, status, proven);
  const waves = 'problem' in policy ? [] : policy.waves;
  const ranks = status?.waves?.map(({ rankMax }) => rankMax) ?? [];
  const open = status?.openWaves ?? 0;
  const waveOf = remembered((node) => waveIndex(waves, ranks, node));
  return {
    key: JSON.stringify([revision, proven?.hash, overall ?? open, describe(policy), ranks]),
    proven,
    stanceOn: (node) => overall ?? (waveOf(node) < open ? 'go' : 'hold'),
    waveOf,
  };
}

/** What goes for all nodes alike; undefined when it depends on their wave. The order is the rule. */
function stanceOfAll(
  { policy, sameRevisions }: GateBasis,
  status: RolloutPolicyStatus | undefined,
  proven: ProvenRevision | undefined,
): Stance | undefined {
  if ('problem' in policy || policy.paused) return 'pause';
  // A rollout begins, and an edited policy counts, with a written status: a write that fails when the policy was changed
  // unseen.
  if (status?.observedGeneration !== policy.generation || !sameRevisions.has(status.revision ?? '')) return 'pause';
  if (status.provenRevision === undefined || sameRevisions.has(status.provenRevision)) return 'go';
  if (status.phase === 'Held') return 'hold';
  // There is no way back to a revision that does not exist any more.
  if (status.phase === 'RolledBack') return proven === undefined ? 'hold' : 'back';
  return undefined;
}

function provenFor(
  { revision, sameRevisions, placementOf }: GateBasis,
  status: RolloutPolicyStatus | undefined,
): ProvenRevision | undefined {
  if (status === undefined) return undefined;
  const hash = status.provenRevision ?? revision;
  if (sameRevisions.has(hash)) return { hash: revision, placement: undefined };
  const placement = placementOf(hash);
  return placement === undefined ? undefined : { hash, placement };
}

/** The first wave that takes the node and has room for its rank. */
function waveIndex(waves: readonly Wave[], ranks: readonly (number | undefined)[], node: NodeView): number {
  const rank = rankOf(node.name);
  const index = waves.findIndex((wave, at) => wave.takes(node) && rank <= (ranks[at] ?? Number.POSITIVE_INFINITY));
  return index === -1 ? waves.length : index;
}

/** Where a node stands in the order in which waves take nodes: of its name alone, so that it is the same every time. */
export function rankOf(nodeName: string): number {
  return fnv1a(nodeName);
}

function describe(policy: PolicyView | PolicyProblem): string {
  return 'problem' in policy ? 'invalid' : `${policy.uid} ${policy.generation}`;
}

/** Views of nodes never change: another node, another view. */
function remembered(find: (node: NodeView) => number): (node: NodeView) => number {
  const found = new WeakMap<NodeView, number>();
  return (node) => {
    let index = found.get(node);
    if (index === undefined) {
      index = find(node);
      found.set(node, index);
    }
    return index;
  };
}
