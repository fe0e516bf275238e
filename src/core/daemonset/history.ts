// The history of a DaemonSet: which revision is current, what has to be written so that it is, and what may be thrown
// away. Pure: revisions in, writes out.
import type { ControllerRevision, DaemonSet, Stored } from '../../api/index.ts';
import { hashOf, isRevisionOf, newRevision } from './revision.ts';

type StoredRevision = Stored<ControllerRevision>;

export type History =
  /** No revision means this template: make it, then look again. */
  | { readonly kind: 'create'; readonly revision: ControllerRevision }
  | {
      readonly kind: 'current';
      readonly revision: StoredRevision;
      readonly hash: string;
      /** The number it must get, when an older revision became current again (undo): numbers say what came last. */
      readonly renumber: number | undefined;
      /** Others that mean the same: their pods count as current, are relabelled, and then they go. */
      readonly duplicates: readonly StoredRevision[];
    };

/** @param revisions those of this DaemonSet, in any order */
export function decideHistory(daemonSet: DaemonSet, revisions: readonly StoredRevision[]): History {
  const { template } = daemonSet.spec;
  const same = revisions.filter((revision) => isRevisionOf(revision, template));
  const others = revisions.filter((revision) => !same.includes(revision));
  const next = Math.max(0, ...others.map(({ revision }) => revision)) + 1;
  if (same.length === 0) {
    return { kind: 'create', revision: newRevision(daemonSet, next, daemonSet.status?.collisionCount ?? 0) };
  }
  const [kept, ...duplicates] = same.toSorted(newestFirst) as [StoredRevision, ...StoredRevision[]];
  return {
    kind: 'current',
    revision: kept,
    hash: hashOf(kept),
    renumber: kept.revision < next ? next : undefined,
    duplicates,
  };
}

/**
 * Of the revisions that are not the newest one the one that most available pods carry, of equals the newest; undefined when
 * none serves anywhere.
 * @param available how many available pods carry each hash
 */
export function mostServed(
  revisions: readonly StoredRevision[],
  newest: ReadonlySet<string>,
  available: ReadonlyMap<string, number>,
): string | undefined {
  return revisions
    .toSorted(newestFirst)
    .map(hashOf)
    .filter((hash) => available.has(hash) && !newest.has(hash))
    .toSorted((a, b) => available.get(b)! - available.get(a)!)[0];
}

/**
 * Old revisions beyond spec.revisionHistoryLimit, lowest number first. A revision that pods still carry is kept and does
 * not make another one go; the current one does not count.
 */
export function decidePruning(
  daemonSet: DaemonSet,
  revisions: readonly StoredRevision[],
  current: StoredRevision,
  isLive: (hash: string) => boolean,
): readonly StoredRevision[] {
  const old = revisions.filter((revision) => revision.metadata.uid !== current.metadata.uid);
  const excess = old.length - (daemonSet.spec.revisionHistoryLimit ?? historyLimitDefault);
  if (excess <= 0) return [];
  return old
    .toSorted((a, b) => -newestFirst(a, b))
    .filter((revision) => !isLive(hashOf(revision)))
    .slice(0, excess);
}

const historyLimitDefault = 10;

function newestFirst(a: StoredRevision, b: StoredRevision): number {
  if (a.revision !== b.revision) return b.revision - a.revision;
  if (a.metadata.creationTimestamp !== b.metadata.creationTimestamp)
    return a.metadata.creationTimestamp < b.metadata.creationTimestamp ? 1 : -1;
  return a.metadata.name < b.metadata.name ? 1 : -1;
}
