// What an edited DaemonSet will do to a cluster as it is now: which nodes get, lose or exchange their pod, in which order
// of waves, and whether there is a new revision at all. Where nodes end up is asked without the RolloutPolicy, which only
// says when.
import type { DaemonSet, Stored } from '../../api/index.ts';
import { decideHistory } from './history.ts';
import type { Obstacle } from './placement.ts';
import { compileGate } from './policy/gate.ts';
import { type PolicyProblem, type PolicyView, readPolicy } from './policy/policy-view.ts';
import { rolloutFacts } from './policy/rollout-facts.ts';
import { nextStage } from './policy/stage.ts';
import { hashOf } from './revision.ts';
import { type Budget, resolveBudget } from './rollout.ts';
import type { Slot } from './slot.ts';
import { revisionsOf, type Snapshot, survey } from './survey.ts';
import { isNewestRevision, type Target } from './target.ts';
import { isTerminal, type NodeView, revisionOf } from './views.ts';

export interface Foresight {
  readonly revision: RevisionChange;
  /** How many nodes may be in flux at once. */
  readonly budget: Budget;
  /** In the order of their names. */
  readonly nodes: readonly NodeForesight[];
  /** Absent without a policy. */
  readonly policy?: PolicyProblem | RolloutForesight;
}

export type RevisionChange =
  /** The template means what it meant. */
  | { readonly kind: 'same'; readonly hash: string }
  | { readonly kind: 'new'; readonly hash: string }
  /** An older one becomes the newest again. */
  | { readonly kind: 'back'; readonly hash: string; readonly number: number };

export interface NodeForesight {
  readonly node: string;
  readonly fate: Fate;
  /** Why no pod belongs there. */
  readonly obstacle?: Obstacle;
  /** The index of its wave. */
  readonly wave?: number;
}

export type Fate =
  | 'unchanged'
  /** It has no pod and gets one. */
  | 'created'
  /** Its pod is of an older revision and makes room for one of the newest, as budget and policy allow. */
  | 'replaced'
  /** …or as soon as somebody deletes it: the strategy is OnDelete. */
  | 'replaced-on-delete'
  /** Its pod goes, and none comes. */
  | 'removed';

export interface RolloutForesight {
  readonly name: string;
  /** Nothing is held back: nothing is proven yet, or the newest revision is. */
  readonly isOpen: boolean;
  readonly isPaused: boolean;
  readonly waves: readonly {
    readonly name: string;
    readonly soakMs: number;
    /** The next wave waits for an approval. */
    readonly manual: boolean;
  }[];
}

/** @param before the cluster as it is; its DaemonSet is the one that there is now, or the edited one if there is none */
export function foresee(before: Snapshot, edited: Stored<DaemonSet>, now: number): Foresight {
  const after = { ...before, daemonSet: edited };
  const final = survey({ ...after, policy: undefined }, now);
  const policy = policyForesight(after, now);
  const nodes = [...final.ledger.slots].flatMap((slot) => {
    const { node } = slot;
    if (node === undefined) return [];
    const wave = policy?.waveOf?.(node);
    return [{ ...fateOf(slot, node, final.target), ...(wave === undefined ? {} : { wave }) }];
  });
  return {
    revision: revisionChange(before, edited),
    budget: resolveBudget(final.target, final.ledger.counts.desired),
    nodes: nodes.toSorted((a, b) => (a.node < b.node ? -1 : 1)),
    ...(policy === undefined ? {} : { policy: policy.told }),
  };
}

function revisionChange(before: Snapshot, edited: Stored<DaemonSet>): RevisionChange {
  const revisions = revisionsOf(before);
  const was = decideHistory(before.daemonSet, revisions);
  const will = decideHistory(edited, revisions);
  if (will.kind === 'create') return { kind: 'new', hash: hashOf(will.revision) };
  const { hash, revision } = will;
  const isSame = was.kind === 'current' && was.hash === hash;
  return isSame ? { kind: 'same', hash } : { kind: 'back', hash, number: revision.revision };
}

/** The three cases of every DaemonSet, once more, of where things end: none, too many, one of an older revision. */
function fateOf({ name, pods, assessment }: Slot, node: NodeView, target: Target): NodeForesight {
  const { run, stay, obstacle } = target.placement(node);
  const live = pods.filter((pod) => pod.deletionAt === undefined && !isTerminal(pod));
  const at = { node: name, ...(obstacle === undefined ? {} : { obstacle }) };
  if (!run) {
    const goes = live.length > 0 && (!stay || assessment.retirable !== undefined);
    return { ...at, fate: goes ? 'removed' : 'unchanged' };
  }
  if (live.length === 0) return { ...at, fate: 'created' };
  if (live.some((pod) => isNewestRevision(target, revisionOf(pod)))) return { ...at, fate: 'unchanged' };
  return { ...at, fate: target.strategy.type === 'OnDelete' ? 'replaced-on-delete' : 'replaced' };
}

/** The policy as it will stand when it has taken the edited DaemonSet up. */
function policyForesight(after: Snapshot, now: number) {
  const { policy } = after;
  if (policy === undefined) return undefined;
  const view = readPolicy(policy);
  if ('problem' in view) return { told: view, waveOf: undefined };
  const { ledger, target } = survey(after, now);
  const facts = rolloutFacts(ledger, target, revisionsOf(after), now);
  const { status } = nextStage(view, policy.status, facts, now);
  const gate = compileGate({ ...facts, policy: view, status, placementOf: () => undefined });
  const { provenRevision } = status;
  return {
    told: {
      name: policy.metadata.name,
      isOpen: provenRevision === undefined || target.sameRevisions.has(provenRevision),
      isPaused: view.paused,
      waves: wavesOf(view),
    },
    waveOf: (node: NodeView) => gate.waveOf(node),
  };
}

function wavesOf({ waves }: PolicyView): RolloutForesight['waves'] {
  return waves.map(({ name, soakMs, manual }) => ({ name, soakMs, manual }));
}
