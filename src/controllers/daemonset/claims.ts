// Takes in orphans and lets go what no longer matches: one patch each, with the object's UID as precondition.
import {
  type ControllerRevision,
  controllerReference,
  isReason,
  type KubernetesObject,
  type Resource,
  resources,
  type Stored,
} from '../../api/index.ts';
import { viewPod } from '../../core/daemonset/index.ts';
import type { SyncContext } from './context.ts';
import { isStillThere } from './still-there.ts';
import type { Tracked } from './tracked.ts';

/** Returns false when the DaemonSet turned out to be gone or going: then there is nothing to do for it. */
export async function settleClaims(context: SyncContext, tracked: Tracked): Promise<boolean> {
  const { podsToAdopt, podsToRelease, revisionsToAdopt } = tracked;
  for (const [uid, pod] of podsToRelease) {
    const patch = { metadata: { uid, ownerReferences: [{ $patch: 'delete', uid: tracked.uid }] } };
    await patchOwner(context, tracked, resources.pods, pod, patch);
    podsToRelease.delete(uid);
  }
  if (podsToAdopt.size + revisionsToAdopt.size === 0) return true;
  // The cache may not know yet that the DaemonSet is going, or that another took its name: then nothing is adopted.
  if (!(await isStillThere(context, tracked))) return false;
  const ownerReferences = [controllerReference(resources.daemonSets, tracked.object)];
  for (const [uid, pod] of podsToAdopt) {
    const patch = { metadata: { uid, ownerReferences } };
    const adopted = await patchOwner(context, tracked, resources.pods, pod, patch);
    // Counted at once: until the watch shows it, its node would seem to need another pod.
    if (adopted !== undefined && podsToAdopt.delete(uid)) tracked.ledger.setPod(viewPod(adopted), context.clock.now());
    podsToAdopt.delete(uid);
  }
  for (const [uid, revision] of revisionsToAdopt) {
    const resource: Resource<ControllerRevision> = resources.controllerRevisions;
    await patchOwner(context, tracked, resource, revision.metadata, { metadata: { uid, ownerReferences } });
    revisionsToAdopt.delete(uid);
  }
  return true;
}

async function patchOwner<T extends KubernetesObject>(
  { client, limit, signal }: SyncContext,
  tracked: Tracked,
  resource: Resource<T>,
  { namespace, name }: { readonly namespace?: string | undefined; readonly name: string },
  patch: unknown,
): Promise<Stored<T> | undefined> {
  try {
    return await limit(tracked, 'sync', () => client.patch(resource, namespace, name, 'strategic', patch, { signal }));
  } catch (error) {
    // Gone, or another object of that name by now: the watch tells what is there. A Conflict may be both that and a
    // mere collision, so it is tried again: an orphan given up too early would get a second pod beside it.
    if (!isReason(error, 'NotFound', 'Invalid')) throw error;
    return undefined;
  }
}
