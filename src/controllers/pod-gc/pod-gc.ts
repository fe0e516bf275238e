// Deletes pods that nobody else will ever clean up: those of nodes that are gone, those that were being deleted before
// they were bound, and the oldest finished ones above a threshold (podgc). Which those are: core/node/pod-garbage.ts.
import { formatTime, isReason, parseTime, type Pod, resources, type Stored } from '../../api/index.ts';
import { type ControllerContext, listWatch } from '../../client/index.ts';
import { isFinished, isUnscheduledAndTerminating, surplusFinished } from '../../core/node/index.ts';
import {
  composeController,
  createTimerHeap,
  createWorkQueue,
  type RunningController,
  startReflector,
  steadyClock,
  steadyNow,
} from '../../machinery/index.ts';

export interface PodGcOptions extends ControllerContext {
  /** How long a node must be gone before its pods are deleted. Upstream waits 40 s; one process knows sooner: 5 s. */
  readonly quarantineMs?: number;
  /** Finished pods that may stay in the cluster (--terminated-pod-gc-threshold); 0 = all. */
  readonly finishedPodsMax?: number;
}

const defaultFinishedPodsMax = 12_500;
/** Finished pods are counted at most this often (podgc's gcCheckPeriod). */
const finishedSweepMs = 20_000;
const deletesInFlightMax = 16;

interface PodView {
  readonly key: string;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly nodeName: string | undefined;
  readonly finished: boolean;
  readonly unscheduledAndTerminating: boolean;
  /** Deleted without grace already: only finalizers hold the object. */
  readonly held: boolean;
  readonly createdMs: number;
}

export function runPodGc(options: PodGcOptions): RunningController {
  const { client, clock, random, log, signal } = options;
  const { quarantineMs = 5_000, finishedPodsMax = defaultFinishedPodsMax } = options;
  const podsByNode = new Map<string, Map<string, PodView>>();
  const finished = new Map<string, PodView>();
  /** Nodes that were found to be gone, after their quarantine. */
  const gone = new Set<string>();
  let surplus: ReadonlySet<string> = new Set();
  let nodesKnown = false;
  let cancelSweep: (() => void) | undefined;
  const common = { clock, random, log, signal };

  const quarantine = createTimerHeap<string>(steadyClock(clock), (node) => lookups.add(node));

  /** A cache may lag or have missed a node: before anything is deleted, the server is asked. */
  const lookups = createWorkQueue<string>({
    clock,
    signal,
    concurrency: deletesInFlightMax,
    async work(node) {
      if (nodes.get(node) !== undefined) return;
      try {
        await client.get(resources.nodes, undefined, node, { signal });
      } catch (error) {
        if (!isReason(error, 'NotFound')) throw error;
        gone.add(node);
        for (const pod of podsByNode.get(node)?.values() ?? []) queue.add(pod.key);
      }
    },
    onFailure: (node, error) => log.warn('looking for a node failed', { node, error }),
  });

  const queue = createWorkQueue<string>({
    clock,
    signal,
    concurrency: deletesInFlightMax,
    async work(key) {
      const pod = pods.get(key);
      if (pod === undefined || pod.held) return;
      const orphaned = pod.nodeName !== undefined && gone.has(pod.nodeName);
      if (!orphaned && !pod.unscheduledAndTerminating && !surplus.has(key)) return;
      try {
        if (orphaned && !pod.finished) await markFailed(pod);
        await client.delete(resources.pods, pod.namespace, pod.name, {
          gracePeriodSeconds: 0,
          preconditions: { uid: pod.uid },
          signal,
        });
      } catch (error) {
        // After a Conflict it is looked at again: another pod may have the name, or the write has only lost to others.
        if (!isReason(error, 'NotFound')) throw error;
      }
    },
    onFailure: (pod, error, failures, retryAfterMs) =>
      log.warn('collecting a pod failed', { pod, error, failures, retryAfterMs }),
  });

  /** Should a finalizer keep the pod, it no longer pretends to run. */
  const markFailed = async ({ namespace, name, uid }: PodView) => {
    const condition = {
      type: 'DisruptionTarget',
      status: 'True',
      reason: 'DeletionByPodGC',
      message: 'PodGC: node no longer exists',
      lastTransitionTime: formatTime(clock.now()),
    };
    const patch = { metadata: { uid }, status: { phase: 'Failed', conditions: [condition] } };
    await client.patch(resources.pods, namespace, name, 'strategic', patch, { subresource: 'status', signal });
  };

  const sweepFinished = () => {
    cancelSweep = undefined;
    const surplusPods = surplusFinished([...finished.values()], finishedPodsMax);
    surplus = new Set(surplusPods.map(({ key }) => key));
    for (const key of surplus) queue.add(key);
  };

  const isNodeMissing = (name: string) => nodesKnown && nodes.get(name) === undefined;

  const considerNode = (name: string) => {
    if (isNodeMissing(name) && podsByNode.has(name) && quarantine.due(name) === undefined)
      quarantine.set(name, steadyNow(clock) + quarantineMs);
  };

  const pods = startReflector({
    ...common,
    source: listWatch(client, resources.pods),
    project: podView,
    handlers: {
      applied(pod) {
        if (pod.finished) {
          finished.set(pod.key, pod);
          if (finishedPodsMax > 0 && finished.size > finishedPodsMax)
            cancelSweep ??= clock.after(finishedSweepMs, sweepFinished);
        }
        if (pod.unscheduledAndTerminating) queue.add(pod.key);
        if (pod.nodeName === undefined) return;
        const onNode = podsByNode.get(pod.nodeName) ?? new Map<string, PodView>();
        podsByNode.set(pod.nodeName, onNode.set(pod.uid, pod));
        if (gone.has(pod.nodeName)) queue.add(pod.key);
        else considerNode(pod.nodeName);
      },
      removed(pod) {
        finished.delete(pod.key);
        queue.forget(pod.key);
        if (pod.nodeName === undefined) return;
        const onNode = podsByNode.get(pod.nodeName);
        onNode?.delete(pod.uid);
        if (onNode?.size !== 0) return;
        podsByNode.delete(pod.nodeName);
        gone.delete(pod.nodeName);
      },
    },
  });

  const nodes = startReflector({
    ...common,
    source: listWatch(client, resources.nodes),
    project: (node) => node.metadata.name,
    handlers: {
      applied(name) {
        quarantine.delete(name);
        gone.delete(name);
      },
      removed: considerNode,
    },
  });

  const synced = Promise.all([pods.synced, nodes.synced]).then(() => {
    nodesKnown = true;
    for (const name of podsByNode.keys()) considerNode(name);
  });
  signal.addEventListener(
    'abort',
    () => {
      cancelSweep?.();
      quarantine.clear();
    },
    { once: true },
  );
  return composeController('pod-gc', [{ synced, stopped: pods.stopped }, nodes, lookups, queue]);
}

function podView(pod: Stored<Pod>): PodView {
  const { metadata, spec } = pod;
  return {
    key: `${metadata.namespace}/${metadata.name}`,
    namespace: metadata.namespace ?? '',
    name: metadata.name,
    uid: metadata.uid,
    nodeName: spec.nodeName === '' ? undefined : spec.nodeName,
    finished: isFinished(pod),
    unscheduledAndTerminating: isUnscheduledAndTerminating(pod),
    held: metadata.deletionTimestamp !== undefined && metadata.deletionGracePeriodSeconds === 0,
    createdMs: parseTime(metadata.creationTimestamp) ?? 0,
  };
}
