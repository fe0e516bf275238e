// What became of a write. What is known to have happened is remembered until the watch shows it, however late the watch
// is: else a node would get a second pod, or a rollout a second node, while the first is only not seen yet. An answer
// that was lost (timeout, 5xx) says nothing: then the API server is asked.
import { isReason, type Pod, resources, type StatusError, type Stored } from '../../api/index.ts';
import type { Action } from '../../core/daemonset/index.ts';
import type { SyncContext } from './context.ts';
import type { Tracked } from './tracked.ts';

/** Well before the ledger forgets what was sent (sentMemoryMs). */
const rememberEveryMs = 10_000;

/** The action has happened; the watch is still to show it. */
export function happened({ clock }: SyncContext, tracked: Tracked, action: Action, pod?: Stored<Pod>): void {
  const version = pod === undefined ? undefined : Number(pod.metadata.resourceVersion);
  // Versions are numbers on every API server there is, but only a promise since Kubernetes 1.35.
  if (Number.isNaN(version)) return;
  const key = action.type === 'create' ? action.name : action.uid;
  // Taken out first, so that it goes to the end: entries stand in the order in which they were remembered.
  tracked.unseen.delete(key);
  tracked.unseen.set(key, { action, version, rememberedAt: clock.now() });
}

/**
 * Keeps what has happened and is still not seen from being forgotten. Entries stand in the order in which they were
 * remembered, so only those that are due are looked at.
 */
export function rememberUnseen({ clock, podsVersion }: SyncContext, { unseen, ledger }: Tracked): void {
  const now = clock.now();
  for (const [key, entry] of unseen) {
    const { action, version, rememberedAt } = entry;
    // A clock that was set back makes entries of the future: they are due too.
    if (Math.abs(now - rememberedAt) < rememberEveryMs) return;
    unseen.delete(key);
    const seen = version !== undefined && Number(podsVersion()) >= version;
    if (!seen && ledger.remember(action, now)) unseen.set(key, { action, version, rememberedAt: now });
  }
}

/** The request may have arrived though its answer did not. */
export function isLost(error: StatusError): boolean {
  return error.code >= 500;
}

/** Asks what became of an action whose answer was lost. When nobody answers it counts as done until it is forgotten. */
export async function lookUp(context: SyncContext, tracked: Tracked, action: Action): Promise<void> {
  const { client, clock, signal } = context;
  const found = await client
    .get(resources.pods, tracked.object.metadata.namespace, action.name, { signal })
    .catch((error: unknown) => {
      if (isReason(error, 'NotFound')) return undefined;
      throw error;
    });
  if (action.type === 'create') {
    if (found !== undefined) happened(context, tracked, action, found);
    else tracked.ledger.failed(action, clock.now());
  } else if (found?.metadata.uid === action.uid && found.metadata.deletionTimestamp === undefined)
    tracked.ledger.failed(action, clock.now());
  else happened(context, tracked, action);
}
