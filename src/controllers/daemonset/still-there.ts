// Is the DaemonSet still there? Asked of the API server itself before something is taken in or begun anew for it, because
// a late watch would have the controller make again what the garbage collector takes away.
import { isReason, resources } from '../../api/index.ts';
import type { SyncContext } from './context.ts';
import type { Tracked } from './tracked.ts';

/** Returns false, and remembers it, when the DaemonSet is gone or going, or another one has its name. */
export async function isStillThere({ client, signal }: SyncContext, tracked: Tracked): Promise<boolean> {
  const { namespace, name } = tracked.object.metadata;
  try {
    const { metadata } = await client.get(resources.daemonSets, namespace, name, { signal });
    if (metadata.uid === tracked.uid && metadata.deletionTimestamp === undefined) return true;
  } catch (error) {
    if (!isReason(error, 'NotFound')) throw error;
  }
  tracked.gone = true;
  return false;
}
