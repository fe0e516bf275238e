// Writes the status when it says something new, coalesced: during a launch of thousands of pods once a second, not once
// per pod, and less often the longer the API server takes for it. What is left unwritten is written when the interval has
// passed.
import { type DaemonSet, formatTime, isReason, resources, type Stored } from '../../api/index.ts';
import { isComplete, nextStatus, readDaemonSet, sameStatus } from '../../core/daemonset/index.ts';
import { steadyNow } from '../../machinery/index.ts';
import type { SyncContext } from './context.ts';
import { rolloutOf } from './rollouts.ts';
import type { Tracked } from './tracked.ts';

/** While pods come and go: each write is a whole object, there and back, and once more for everybody who watches. */
const statusIntervalMs = 1000;
/** … a tenth of the time at most. */
const restPerWrite = 10;
const statusIntervalMsMax = 10_000;
/** The numbers that people and scripts wait for are there sooner. */
const lastStatusIntervalMs = 250;

/** Returns when it wants to be called again (ms from now), if something is left to write. */
export async function writeStatus(context: SyncContext, tracked: Tracked): Promise<number | undefined> {
  const { ledger } = tracked;
  const { target } = ledger;
  if (target === undefined) return undefined;
  const now = context.clock.now();
  const rollout = rolloutOf(context.policies, tracked);
  const statusFor = (object: DaemonSet) =>
    nextStatus(object.status, target, ledger.counts, tracked.problem, formatTime(now), rollout);
  if (sameStatus(tracked.object.status, statusFor(tracked.object))) return undefined;
  const intervalMs = isComplete(ledger.counts) ? lastStatusIntervalMs : restMs(tracked);
  const beganAt = steadyNow(context.clock);
  const waitMs = tracked.statusWrittenAt + intervalMs - beganAt;
  if (waitMs > 0) return waitMs;
  tracked.statusWrittenAt = beganAt;

  const write = async (object: Stored<DaemonSet>): Promise<void> => {
    const known = tracked.object;
    const written = await context.limit(tracked, 'sync', () =>
      context.client.update(
        resources.daemonSets,
        { ...object, status: statusFor(object) },
        { subresource: 'status', signal: context.signal },
      ),
    );
    // The watch may have been faster, and with something newer: an answer never overwrites what it brought.
    if (tracked.object === known) tracked.object = readDaemonSet(written);
  };
  try {
    await write(tracked.object);
    tracked.statusTookMs = steadyNow(context.clock) - beganAt;
  } catch (error) {
    if (isReason(error, 'NotFound')) {
      // The watch is late: what the collector takes away must not be made again until it says so.
      tracked.gone = true;
      return undefined;
    }
    if (!isReason(error, 'Conflict')) throw error;
    const { namespace, name } = tracked.object.metadata;
    const live = await context.client.get(resources.daemonSets, namespace, name, { signal: context.signal });
    // Another object took the name, or the spec moved on: the numbers are not about this one. The watch brings it.
    if (live.metadata.uid !== tracked.uid || live.metadata.generation !== target.generation) return undefined;
    await write(live);
  }
  return undefined;
}

function restMs({ statusTookMs }: Tracked): number {
  return Math.min(Math.max(statusIntervalMs, statusTookMs * restPerWrite), statusIntervalMsMax);
}
