// Evicts pods from nodes with NoExecute taints, at once or after their tolerationSeconds (the taint-eviction controller).
// Times run from the moment this process saw the taint, so that a restart never shortens a toleration.
import { formatTime, isReason, resources, type Taint } from '../../api/index.ts';
import type { ControllerContext } from '../../client/index.ts';
import { evictionDelayMs } from '../../core/node/index.ts';
import {
  createTimerHeap,
  createWorkQueue,
  type EventRecorder,
  type Part,
  steadyClock,
  steadyNow,
} from '../../machinery/index.ts';
import type { PodView } from './node-view.ts';

const evictionsInFlightMax = 16;

export interface PodEviction extends Part {
  /** The pod as it stands, on a node with these taints. Call it whenever one of the two changed. */
  consider(pod: PodView, taints: readonly Taint[] | undefined): void;
  forget(pod: PodView): void;
}

export function createPodEviction(
  { client, clock, log, signal }: ControllerContext,
  recorder: EventRecorder | undefined,
): PodEviction {
  /** Pods that may not stay for ever: UID → the pod, and since when its node is tainted. */
  const counted = new Map<string, { pod: PodView; readonly sinceMs: number }>();
  const timers = createTimerHeap<string>(steadyClock(clock), (uid) => queue.add(uid));

  const queue = createWorkQueue<string>({
    clock,
    signal,
    concurrency: evictionsInFlightMax,
    async work(uid) {
      const pod = counted.get(uid)?.pod;
      // Due no more: the taint went, or the tolerations changed.
      if (pod === undefined || pod.terminating || timers.due(uid) !== undefined) return;
      await evict(pod);
    },
    onFailure: (uid, error, failures, retryAfterMs) =>
      log[isReason(error, 'Conflict') ? 'debug' : 'warn']('evicting a pod failed', {
        uid,
        error,
        failures,
        retryAfterMs,
      }),
  });

  const evict = async ({ namespace, name, uid }: PodView) => {
    const reference = { apiVersion: 'v1', kind: 'Pod', namespace, name, uid };
    recorder?.record(reference, 'Normal', 'TaintManagerEviction', `Marking for deletion Pod ${namespace}/${name}`);
    const condition = {
      type: 'DisruptionTarget',
      status: 'True',
      reason: 'DeletionByTaintManager',
      message: 'Taint manager: deleting due to NoExecute taint',
      lastTransitionTime: formatTime(clock.now()),
    };
    try {
      const patch = { metadata: { uid }, status: { conditions: [condition] } };
      await client.patch(resources.pods, namespace, name, 'strategic', patch, { subresource: 'status', signal });
      await client.delete(resources.pods, namespace, name, { preconditions: { uid }, signal });
    } catch (error) {
      // Gone already. A Conflict is tried again: another pod has the name, of which the watch tells, or the write has only
      // lost to others.
      if (!isReason(error, 'NotFound')) throw error;
    }
  };

  const forget = ({ uid }: PodView) => {
    counted.delete(uid);
    timers.delete(uid);
  };

  return {
    stopped: queue.stopped,
    forget,
    consider(pod, taints) {
      const delayMs = pod.terminating ? undefined : evictionDelayMs(taints, pod.tolerations);
      if (delayMs === undefined) {
        forget(pod);
        return;
      }
      const sinceMs = counted.get(pod.uid)?.sinceMs ?? steadyNow(clock);
      counted.set(pod.uid, { pod, sinceMs });
      if (sinceMs + delayMs <= steadyNow(clock)) {
        timers.delete(pod.uid);
        queue.add(pod.uid);
      } else timers.set(pod.uid, sinceMs + delayMs);
    },
  };
}
