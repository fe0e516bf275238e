// Tells the API what became of a node's pods: their status when it changed, their end when they stopped. One write per
// pod at a time, many pods side by side; what is written is read from the pod at that moment, never queued.
import { isReason, type Pod, type PodStatus, resources, type Stored } from '../api/index.ts';
import type { ControllerContext } from '../client/index.ts';
import { sameStatus } from '../core/pod/index.ts';
import { createWorkQueue, type Part } from '../machinery/index.ts';

const writesInFlightMax = 64;
/** A state that will be over sooner than this is not worth a write of its own (a container about to start). */
const settleMs = 500;

/** A pod as a runtime has it. */
export interface ReportedPod {
  /** As the API has it, as far as we know. */
  readonly pod: Stored<Pod>;
  /** Asked to go, and nothing of it runs: the API may forget it. */
  readonly stopped: boolean;
  /** Its end is written too, for whoever watches, before the API forgets it. A fleet of simulated pods saves that write. */
  readonly reportsEnd?: boolean;
  status(now: number): PodStatus;
  observe(pod: Stored<Pod>, now: number): void;
}

export interface PodWriter extends Part {
  /** The pod may have something to say; `nextMs` is when it changes by itself. */
  consider(pod: ReportedPod, nextMs: number | undefined): void;
  forget(uid: string): void;
}

export function createPodWriter(
  { client, clock, log, signal }: Pick<ControllerContext, 'client' | 'clock' | 'log' | 'signal'>,
  /** The pod as it stands; undefined when it is gone, or its node answers nothing. */
  podOf: (uid: string) => ReportedPod | undefined,
): PodWriter {
  const queue = createWorkQueue<string>({
    clock,
    signal,
    concurrency: writesInFlightMax,
    async work(uid) {
      const pod = podOf(uid);
      if (pod === undefined) return;
      try {
        // A finalizer keeps the object: then its status must say that nothing runs any more.
        const isKept = (pod.pod.metadata.finalizers?.length ?? 0) > 0;
        if (!pod.stopped || pod.reportsEnd === true || isKept) await writeStatus(pod);
        if (pod.stopped) await letGo(pod);
      } catch (error) {
        // A Conflict is tried again: it may be another pod of that name, of which the watch will tell, or only a write
        // that lost to others.
        if (!isReason(error, 'NotFound')) throw error;
      }
    },
    onFailure: (uid, error, failures, retryAfterMs) =>
      log.warn('writing a pod failed', { uid, error, failures, retryAfterMs }),
  });

  const writeStatus = async (pod: ReportedPod) => {
    const { metadata, status } = pod.pod;
    const wanted = pod.status(clock.now());
    if (sameStatus(status, wanted)) return;
    const patch = { metadata: { uid: metadata.uid }, status: replacing(status, wanted) };
    const options = { subresource: 'status', signal };
    const written = await client.patch(resources.pods, metadata.namespace, metadata.name, 'merge', patch, options);
    pod.observe(written, clock.now());
  };

  const letGo = async ({ pod: { metadata } }: ReportedPod) => {
    // 0: the API knows already. What finalizers hold is theirs; else it has marked the pod and is about to remove it,
    // which may have been cut off in between (rest.BeforeDelete): only another request ends that.
    if (metadata.deletionGracePeriodSeconds === 0 && (metadata.finalizers?.length ?? 0) > 0) return;
    await client.delete(resources.pods, metadata.namespace, metadata.name, {
      gracePeriodSeconds: 0,
      preconditions: { uid: metadata.uid },
      signal,
    });
  };

  return {
    stopped: queue.stopped,
    forget: (uid) => queue.forget(uid),
    consider(pod, nextMs) {
      const { uid } = pod.pod.metadata;
      const now = clock.now();
      if (pod.stopped) queue.add(uid);
      else if (nextMs !== undefined && nextMs - now < settleMs) return;
      else if (!sameStatus(pod.pod.status, pod.status(now))) queue.add(uid);
    },
  };
}

/** A merge patch for the whole status: what stands and is wanted no longer is set to null. */
function replacing(standing: PodStatus | undefined, wanted: PodStatus): Readonly<Record<string, unknown>> {
  const patch: Record<string, unknown> = { ...wanted };
  for (const field of Object.keys(standing ?? {})) if (!(field in wanted)) patch[field] = null;
  return patch;
}
