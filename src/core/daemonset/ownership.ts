// Whose is this object? A DaemonSet keeps what it controls and its selector matches, lets go what no longer matches, and
// takes in orphans that do. (upstream: PodControllerRefManager / ControllerRevisionControllerRefManager)
import type { LabelPredicate, Labels } from '../../api/index.ts';

export interface Claimant {
  readonly uid: string;
  readonly selector: LabelPredicate;
  /** The DaemonSet is being deleted: it takes in nothing and lets nothing go. */
  readonly deleting: boolean;
}

export interface Claimable {
  readonly labels: Labels;
  /** UID of the controlling owner. */
  readonly controller: string | undefined;
  /** The object is being deleted. */
  readonly deleting: boolean;
}

export type Claim =
  /** Controlled by the DaemonSet and matching. */
  | 'keep'
  /** An orphan that matches: to be adopted. */
  | 'adopt'
  /** Controlled, but matching no longer: to be let go. */
  | 'release'
  /** Somebody else's, or nobody's concern. */
  | 'ignore';

export function claim(claimant: Claimant, object: Claimable): Claim {
  if (object.controller !== undefined && object.controller !== claimant.uid) return 'ignore';
  const matches = claimant.selector(object.labels);
  if (object.controller === claimant.uid) return matches || claimant.deleting ? 'keep' : 'release';
  return matches && !claimant.deleting && !object.deleting ? 'adopt' : 'ignore';
}
