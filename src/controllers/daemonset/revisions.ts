// Carries out what core/daemonset/history.ts decides: makes the current revision, renumbers it, folds duplicates into it,
// prunes old ones. Every step works on the answer of the step before, so a sync ends with the history in order.
import { type ControllerRevision, type DaemonSet, isReason, resources, type Stored } from '../../api/index.ts';
import {
  decideHistory,
  decidePruning,
  hashOf,
  isRevisionOf,
  revisionLabel,
  revisionOf,
} from '../../core/daemonset/index.ts';
import type { SyncContext } from './context.ts';
import { rolloutOf } from './rollouts.ts';
import { isStillThere } from './still-there.ts';
import type { Tracked } from './tracked.ts';

export interface CurrentRevision {
  readonly hash: string;
  /** Hashes of other revisions that mean the same template. */
  readonly duplicates: readonly string[];
}

/**
 * Returns the revision that is current for `object`, written and numbered; undefined when the DaemonSet turned out to be
 * gone or going. The template may change while it is being written: that is the next call's.
 */
export async function settleHistory(
  context: SyncContext,
  tracked: Tracked,
  object: Stored<DaemonSet>,
): Promise<CurrentRevision | undefined> {
  let decision = decideHistory(object, [...tracked.revisions.values()]);
  if (decision.kind === 'create') {
    if (!(await isStillThere(context, tracked))) return undefined;
    const made = await createRevision(context, tracked, object, decision.revision);
    // Taken away again before the answer came: once more.
    if (!takeIn(tracked, made)) return settleHistory(context, tracked, object);
    decision = decideHistory(object, [...tracked.revisions.values()]);
    if (decision.kind === 'create')
      throw new Error(`revision ${made.metadata.name} does not read back as the template it was made from`);
  }
  let { revision } = decision;
  if (decision.renumber !== undefined) {
    const { client, limit, signal } = context;
    const renumbered = { ...revision, revision: decision.renumber };
    revision = await limit(tracked, 'sync', () => client.update(resources.controllerRevisions, renumbered, { signal }));
    if (!takeIn(tracked, revision)) return settleHistory(context, tracked, object);
  }
  for (const duplicate of decision.duplicates) await foldIn(context, tracked, duplicate, decision.hash);
  return { hash: decision.hash, duplicates: decision.duplicates.map(hashOf) };
}

/** What the API server answered; false when the watch has shown its end meanwhile. */
function takeIn({ revisions, goneRevisions, unseenRevisions }: Tracked, revision: Stored<ControllerRevision>): boolean {
  const { uid, resourceVersion } = revision.metadata;
  if (goneRevisions.has(uid)) return false;
  if (!revisions.has(uid)) unseenRevisions.set(uid, Number(resourceVersion));
  revisions.set(uid, revision);
  return true;
}

/** Drops what the picture should have by now and has not: it came and went between two lists, which no event tells. */
export function dropUnseen({ revisionsVersion }: SyncContext, tracked: Tracked): void {
  for (const [uid, version] of tracked.unseenRevisions) {
    if (!(Number(revisionsVersion()) >= version)) continue;
    tracked.unseenRevisions.delete(uid);
    if (tracked.revisions.delete(uid)) tracked.targetIsStale = true;
  }
}

/** Removes what is beyond the history limit; nothing to read while the count is within it. */
export async function pruneHistory(context: SyncContext, tracked: Tracked, currentHash: string): Promise<void> {
  const excess = () => excessOf(context, tracked, currentHash);
  // Decided once more when its turn has come: limit, policy and pods may be others by then.
  const isStill = ({ metadata: { uid } }: Stored<ControllerRevision>) =>
    tracked.podsToAdopt.size === 0 && excess().some(({ metadata }) => metadata.uid === uid);
  for (const revision of excess()) await removeRevision(context, tracked, revision, () => isStill(revision));
}

function excessOf(
  { policies }: SyncContext,
  tracked: Tracked,
  currentHash: string,
): readonly Stored<ControllerRevision>[] {
  const revisions = [...tracked.revisions.values()];
  const current = revisions.find((revision) => hashOf(revision) === currentHash);
  if (current === undefined) return [];
  const proven = rolloutOf(policies, tracked)?.provenRevision;
  const isNeeded = (hash: string) => hash === proven || tracked.ledger.isRevisionLive(hash);
  return decidePruning(tracked.object, revisions, current, isNeeded);
}

async function createRevision(
  { client, limit, signal }: SyncContext,
  tracked: Tracked,
  { spec }: DaemonSet,
  revision: ControllerRevision,
): Promise<Stored<ControllerRevision>> {
  try {
    return await limit(tracked, 'sync', () => client.create(resources.controllerRevisions, revision, { signal }));
  } catch (error) {
    if (!isReason(error, 'AlreadyExists')) throw error;
    const { namespace, name } = revision.metadata;
    const found = await client.get(resources.controllerRevisions, namespace, name!, { signal });
    const ours = found.metadata.ownerReferences?.some(
      (owner) => owner.controller === true && owner.uid === tracked.uid,
    );
    if (ours === true && isRevisionOf(found, spec.template)) return found;
    // Another revision has the name: the count makes the next attempt's name another one (upstream: collisionCount).
    await countCollision({ client, limit, signal }, tracked);
    throw error;
  }
}

async function countCollision(
  { client, limit, signal }: Pick<SyncContext, 'client' | 'limit' | 'signal'>,
  tracked: Tracked,
): Promise<void> {
  const { namespace, name } = tracked.object.metadata;
  const live = await client.get(resources.daemonSets, namespace, name, { signal });
  if (live.metadata.uid !== tracked.uid) return;
  const collisionCount = (live.status?.collisionCount ?? 0) + 1;
  const status = { ...zeroStatus, ...live.status, collisionCount };
  const known = tracked.object;
  const written = await limit(tracked, 'sync', () =>
    client.update(resources.daemonSets, { ...live, status }, { subresource: 'status', signal }),
  );
  // What the watch brought meanwhile is newer.
  if (tracked.object === known) tracked.object = written;
}

const zeroStatus = { currentNumberScheduled: 0, numberMisscheduled: 0, desiredNumberScheduled: 0, numberReady: 0 };

/** Pods of a duplicate get the kept hash; when none is left the duplicate goes. No pod is restarted for it. */
async function foldIn(
  context: SyncContext,
  tracked: Tracked,
  duplicate: Stored<ControllerRevision>,
  keptHash: string,
): Promise<void> {
  const { client, limit, signal } = context;
  const hash = hashOf(duplicate);
  for (const { pods } of tracked.ledger.slots)
    for (const pod of pods) {
      if (revisionOf(pod) !== hash) continue;
      const patch = { metadata: { uid: pod.uid, labels: { [revisionLabel]: keptHash } } };
      try {
        await limit(tracked, 'sync', () =>
          client.patch(resources.pods, pod.namespace, pod.name, 'strategic', patch, { signal }),
        );
      } catch (error) {
        if (!isReason(error, 'NotFound', 'Conflict', 'Invalid')) throw error;
      }
    }
  await removeRevision(context, tracked, duplicate);
}

/** @param isStill asked just before it is sent: whether the revision is to go all the same */
async function removeRevision(
  { client, limit, signal }: SyncContext,
  tracked: Tracked,
  revision: Stored<ControllerRevision>,
  isStill: () => boolean = () => true,
): Promise<void> {
  const { namespace, name, uid } = revision.metadata;
  try {
    const sent = await limit(tracked, 'sync', async () => {
      if (!isStill()) return false;
      await client.delete(resources.controllerRevisions, namespace, name, { preconditions: { uid }, signal });
      return true;
    });
    if (!sent) return;
  } catch (error) {
    if (!isReason(error, 'NotFound', 'Conflict')) throw error;
  }
  tracked.revisions.delete(uid);
  if (!tracked.goneRevisions.has(uid)) tracked.removedRevisions.add(uid);
}
