// How a DaemonSet stands in one snapshot of a cluster: the ledger that a controller would have which saw just this, and
// what it would do now. Changes nothing; what only a running controller knows (requests on their way, back-offs) is not in
// it.
import {
  compileLabelSelector,
  controllerOf,
  type ControllerRevision,
  type DaemonSet,
  type RolloutPolicy,
  type Stored,
} from '../../api/index.ts';
import { aimAt } from './aim.ts';
import { decideHistory } from './history.ts';
import { Ledger } from './ledger.ts';
import { claim, type Claimant } from './ownership.ts';
import type { Plan } from './plan.ts';
import { hashOf } from './revision.ts';
import type { Target } from './target.ts';
import type { NodeView, PodView } from './views.ts';

export interface Snapshot {
  readonly daemonSet: Stored<DaemonSet>;
  readonly nodes: readonly NodeView[];
  /** At least those that are the DaemonSet's, or match its selector. */
  readonly pods: readonly PodView[];
  /** At least those that are the DaemonSet's, or match its selector. */
  readonly revisions: readonly Stored<ControllerRevision>[];
  /** The one that counts, if any names the DaemonSet. */
  readonly policy: Stored<RolloutPolicy> | undefined;
}

export interface Survey {
  readonly ledger: Ledger;
  readonly target: Target;
  /** Nothing in it for a DaemonSet that is being deleted. */
  readonly plan: Plan;
  /** The revision that the template means is still to be written. */
  readonly isRevisionNew: boolean;
}

export function survey(snapshot: Snapshot, now: number): Survey {
  const { daemonSet, nodes, pods, policy } = snapshot;
  const claimant = claimantOf(daemonSet);
  const history = revisionsOf(snapshot);
  const newest = decideHistory(daemonSet, history);
  const target = aimAt({
    daemonSet,
    hash: newest.kind === 'create' ? hashOf(newest.revision) : newest.hash,
    duplicates: newest.kind === 'create' ? [] : newest.duplicates.map(hashOf),
    revisions: () => history,
    policy,
  });
  const ledger = new Ledger();
  ledger.retarget(target, now);
  for (const node of nodes) ledger.setNode(node, now);
  for (const pod of pods)
    if (isClaimed(claimant, { ...pod, deleting: pod.deletionAt !== undefined })) ledger.setPod(pod, now);
  const plan = claimant.deleting ? { creates: [], deletes: [] } : ledger.plan();
  return { ledger, target, plan, isRevisionNew: newest.kind === 'create' };
}

/** Those that are the DaemonSet's, or will be. */
export function revisionsOf({ daemonSet, revisions }: Snapshot): readonly Stored<ControllerRevision>[] {
  const claimant = claimantOf(daemonSet);
  return revisions.filter((revision) => isClaimed(claimant, claimableOf(revision)));
}

function claimantOf({ metadata, spec }: Stored<DaemonSet>): Claimant {
  const deleting = metadata.deletionTimestamp !== undefined;
  return { uid: metadata.uid, selector: compileLabelSelector(spec.selector), deleting };
}

function isClaimed(claimant: Claimant, object: Parameters<typeof claim>[1]): boolean {
  const verdict = claim(claimant, object);
  return verdict === 'keep' || verdict === 'adopt';
}

function claimableOf({ metadata }: Stored<ControllerRevision>): Parameters<typeof claim>[1] {
  return {
    labels: metadata.labels ?? {},
    controller: controllerOf(metadata)?.uid,
    deleting: metadata.deletionTimestamp !== undefined,
  };
}
