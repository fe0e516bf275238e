// What became of a write. What has no answer yet counts as done until it has one, and what is known to have happened
// until the watch shows it, however late either is: else a node would get a second pod, or a rollout a second node, while
// the first is only not seen yet. An answer that was lost (timeout, 5xx) says nothing: then the API server is asked.
import { isReason, type Pod, resources, StatusError, type Stored } from '../../api/index.ts';
import type { Action } from '../../core/daemonset/index.ts';
import type { SyncContext } from './context.ts';
import type { Tracked } from './tracked.ts';

/** Well before the ledger forgets what was sent (sentMemoryMs). */
const rememberEveryMs = 10_000;

/** The action is sent, or waits for room: until its answer is there it counts as done, however long that takes. */
export function underWay(context: SyncContext, tracked: Tracked, action: Action): void {
  remember(context, tracked, action, undefined);
}

/** The action has happened; the watch is still to show it. */
export function happened(context: SyncContext, tracked: Tracked, action: Action, pod?: Stored<Pod>): void {
  const version = pod === undefined ? undefined : Number(pod.metadata.resourceVersion);
  // Versions are numbers on every API server there is, but only a promise since Kubernetes 1.35.
  if (Number.isNaN(version)) unknown(context, tracked, action);
  else remember(context, tracked, action, version);
}

/** It has not happened: it is to be decided anew. */
export function failed({ clock }: SyncContext, tracked: Tracked, action: Action): void {
  tracked.unseen.delete(keyOf(action));
  tracked.ledger.failed(action, clock.now());
}

/**
 * Nobody can tell whether it has happened. A create counts as done until somebody can: decided anew, the pod may be of
 * another revision by then, and stand beside the one that nobody saw. A delete is sent again after a while: it names the
 * UID.
 */
export function unknown(context: SyncContext, tracked: Tracked, action: Action): void {
  if (action.type === 'create') remember(context, tracked, action, undefined, true);
  else {
    tracked.unseen.delete(keyOf(action));
    tracked.ledger.remember(action, context.clock.now());
  }
}

function remember(
  { clock }: SyncContext,
  tracked: Tracked,
  action: Action,
  version: number | undefined,
  isUnknown = false,
): void {
  const key = keyOf(action);
  // Taken out first, so that it goes to the end: entries stand in the order in which they were remembered.
  tracked.unseen.delete(key);
  const rememberedAt = clock.now();
  if (tracked.ledger.remember(action, rememberedAt))
    tracked.unseen.set(key, { action, version, rememberedAt, isUnknown });
}

const keyOf = (action: Action): string => (action.type === 'create' ? action.name : action.uid);

/**
 * Keeps what is on its way, or has happened and is still not seen, from being forgotten. Entries stand in the order in
 * which they were remembered, so only those that are due are looked at.
 */
export function rememberUnseen(context: SyncContext, tracked: Tracked): void {
  const now = context.clock.now();
  for (const [key, { action, version, rememberedAt, isUnknown }] of tracked.unseen) {
    // A clock that was set back makes entries of the future: they are due too.
    if (Math.abs(now - rememberedAt) < rememberEveryMs) return;
    tracked.unseen.delete(key);
    const seen = version !== undefined && Number(context.podsVersion()) >= version;
    if (!seen) remember(context, tracked, action, version);
    if (isUnknown) void askAgain(context, tracked, action);
  }
}

/** Until its answer is there the action is as one that is under way. */
async function askAgain(context: SyncContext, tracked: Tracked, action: Action): Promise<void> {
  try {
    await lookUp(context, tracked, action);
  } catch (error) {
    if (!context.signal.aborted && !(error instanceof StatusError)) throw error;
    unknown(context, tracked, action);
  }
  if (!context.signal.aborted) context.touch(tracked);
}

/** The request may have arrived though its answer did not. */
export function isLost(error: StatusError): boolean {
  return error.code >= 500;
}

/** Asks what became of an action whose answer was lost. Rejects when nobody answers. */
export async function lookUp(context: SyncContext, tracked: Tracked, action: Action): Promise<void> {
  const { client, signal } = context;
  const found = await client
    .get(resources.pods, tracked.object.metadata.namespace, action.name, { signal })
    .catch((error: unknown) => {
      if (isReason(error, 'NotFound')) return undefined;
      throw error;
    });
  if (action.type === 'create') {
    if (found !== undefined) happened(context, tracked, action, found);
    else failed(context, tracked, action);
  } else if (found?.metadata.uid === action.uid && found.metadata.deletionTimestamp === undefined)
    failed(context, tracked, action);
  else happened(context, tracked, action);
}
