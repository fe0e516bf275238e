// One sync of one DaemonSet, step by step. Level-triggered: reads what is true now, does what is missing, may run at any
// time and any number of times. Costs what changed since the last one, not the size of the cluster.
import { isEmptySelector } from '../../api/index.ts';
import { act } from './actions.ts';
import { settleClaims } from './claims.ts';
import type { SyncContext } from './context.ts';
import { rememberUnseen } from './outcomes.ts';
import { nextProgress } from './progress.ts';
import { dropUnseen, pruneHistory, settleHistory } from './revisions.ts';
import { aim, settleRollout } from './rollouts.ts';
import { isStillThere } from './still-there.ts';
import { writeStatus } from './status-writer.ts';
import type { Tracked } from './tracked.ts';

/** Whoever waits for a time of day looks at the clock this often: it may be set meanwhile, and nothing else happen. */
const dueMsMax = 30_000;

/** Returns when the next sync is due though nothing happens (ms from now); undefined when only events can matter. */
export async function sync(context: SyncContext, tracked: Tracked): Promise<number | undefined> {
  const { object, ledger } = tracked;
  if (isEmptySelector(object.spec.selector)) {
    if (!tracked.saidSelectingAll)
      context.record(
        tracked,
        'Warning',
        'SelectingAll',
        'This daemon set is selecting all pods. A non-empty selector is required.',
      );
    tracked.saidSelectingAll = true;
    return undefined;
  }
  // Gone or being deleted: its pods are the garbage collector's (in the background, before it, or not at all).
  if (tracked.gone || object.metadata.deletionTimestamp !== undefined) return undefined;

  tracked.goneRevisions.clear();
  if (!(await settleClaims(context, tracked))) return undefined;
  dropUnseen(context, tracked);
  await retarget(context, tracked);
  if (tracked.gone) return undefined;
  rememberUnseen(context, tracked);
  ledger.advance(context.clock.now());
  const rolloutDueMs = await settleRollout(context, tracked);
  if (ledger.target !== undefined)
    tracked.progress = nextProgress(tracked.progress, ledger.target, ledger.counts, context.clock.now());
  if (!(await mayReplace(context, tracked))) return undefined;
  // An orphan that came meanwhile would be missing in the count, and a revision that went would be missing under the pods
  // that are made of it. Both wake this sync again.
  if (tracked.podsToAdopt.size === 0 && !tracked.targetIsStale) act(context, tracked);
  // A refusal is a problem only while something waits to be created.
  if (ledger.waitingToCreate === 0 && tracked.creates.inFlight === 0) tracked.problem = undefined;
  // What came meanwhile changes what is counted, and wakes this sync again.
  const statusDueMs = tracked.targetIsStale ? undefined : await writeStatus(context, tracked);
  await pruneWhenSettled(context, tracked);
  return nextDueMs(context, tracked, statusDueMs, rolloutDueMs);
}

/**
 * Pods that somebody else takes may be taken because the DaemonSet is gone, which a late watch has not told yet: then
 * controller and garbage collector would make and remove them in turn.
 */
async function mayReplace(context: SyncContext, tracked: Tracked): Promise<boolean> {
  if (!tracked.lostPods || tracked.ledger.waitingToCreate === 0) return true;
  tracked.lostPods = false;
  try {
    return await isStillThere(context, tracked);
  } catch (error) {
    tracked.lostPods = true;
    throw error;
  }
}

/** Brings history and ledger in line with the DaemonSet when its spec, its revisions or its policy changed. */
async function retarget(context: SyncContext, tracked: Tracked): Promise<void> {
  while (tracked.targetIsStale) {
    // What arrives while the history is being written makes it stale again.
    tracked.targetIsStale = false;
    tracked.isSettling = true;
    try {
      const { object } = tracked;
      const newest = await settleHistory(context, tracked, object);
      if (newest === undefined) return;
      tracked.current = { ...newest, object };
      aim(context, tracked);
    } catch (error) {
      tracked.targetIsStale = true;
      throw error;
    } finally {
      tracked.isSettling = false;
    }
  }
}

/** Old revisions go once no node waits for the rollout: until then an undo may want any of them. */
async function pruneWhenSettled(context: SyncContext, tracked: Tracked): Promise<void> {
  const { ledger, revisions, object } = tracked;
  const limit = object.spec.revisionHistoryLimit ?? Number.POSITIVE_INFINITY;
  if (ledger.target === undefined || revisions.size - 1 <= limit) return;
  await pruneHistory(context, tracked, ledger.target.revision);
}

function nextDueMs(
  { clock }: SyncContext,
  tracked: Tracked,
  ...others: readonly (number | undefined)[]
): number | undefined {
  const now = clock.now();
  const { ledger, creates, deletes } = tracked;
  const due = [ledger.dueAt, creates.blockedUntil, deletes.blockedUntil].map((at) =>
    at === undefined || at <= now ? undefined : at - now,
  );
  const waits = [...others, ledger.dueAt !== undefined && ledger.dueAt <= now ? 1 : undefined, ...due].filter(
    (ms) => ms !== undefined,
  );
  if (tracked.unseenRevisions.size > 0) waits.push(dueMsMax);
  return waits.length === 0 ? undefined : Math.min(...waits, dueMsMax);
}
