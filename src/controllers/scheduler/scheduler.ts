// The scheduler: gives every unbound pod a node, or says why not. The choice itself is core/scheduling; this shell
// watches, assumes, binds, and wakes waiting pods when something changed that could help them.
import { type Binding, formatTime, isReason, resources } from '../../api/index.ts';
import { type ControllerContext, listWatch } from '../../client/index.ts';
import { disruptionBudgets } from '../../core/disruption/index.ts';
import { isSameOffer, nodeOffer, placePod } from '../../core/scheduling/index.ts';
import {
  composeController,
  createWorkQueue,
  type EventRecorder,
  type RunningController,
  startReflector,
} from '../../machinery/index.ts';
import { ClusterView, defaultSchedulerName, podView, type PodView } from './cluster-view.ts';
import { guardOf } from './guards.ts';
import { ParkedPods } from './parked-pods.ts';
import { createPreemption, podReference } from './preemption.ts';

export interface SchedulerOptions extends ControllerContext {
  readonly recorder?: EventRecorder;
  /** Only pods that name this scheduler are given a node. */
  readonly schedulerName?: string;
  readonly bindsInFlightMax?: number;
}

const defaultBindsInFlightMax = 64;
/** Pods that any node might take are looked at again at most this often, however much happens in the cluster. */
const wakeAnywhereMs = 1_000;
/** system-cluster-critical and above (scheduling.SystemCriticalPriority). */
const systemCriticalPriority = 2_000_000_000;

export function runScheduler(options: SchedulerOptions): RunningController {
  const { client, clock, random, log, signal, recorder, schedulerName = defaultSchedulerName } = options;
  const cluster = new ClusterView();
  const parked = new ParkedPods();
  let started = false;
  let stopWaking: (() => void) | undefined;

  const needsNode = (pod: PodView) =>
    pod.nodeName === undefined &&
    pod.schedulerName === schedulerName &&
    !(pod.terminating || pod.finished || pod.gated || cluster.isAssumed(pod.uid));

  const preemption = createPreemption({
    client,
    clock,
    cluster,
    signal,
    recorder,
    schedulerName,
    guards: () => [...budgets.views()],
  });
  const queue = createWorkQueue<string>({
    clock,
    signal,
    concurrency: options.bindsInFlightMax ?? defaultBindsInFlightMax,
    async work(key) {
      const pod = pods.get(key);
      if (pod === undefined || !needsNode(pod)) return;
      const nominated = cluster.nominatedBefore(pod);
      const placement = cluster.withNominated(nominated, () => placePod(pod.demand, cluster.nodes));
      if (placement.placed) {
        await bind(pod, placement.nodeName);
        return;
      }
      parked.park(pod);
      const { nodeName, refusal, victims } = preemption.decide(pod, placement.resolvable, nominated);
      const message = refusal === '' ? placement.message : `${placement.message} ${refusal}`;
      await reportUnschedulable(pod, message, nodeName);
      await preemption.evict(pod, nodeName, victims);
    },
    onFailure: (pod, error, failures, retryAfterMs) =>
      log[isReason(error, 'Conflict') ? 'debug' : 'warn']('scheduling a pod failed', {
        pod,
        error,
        failures,
        retryAfterMs,
      }),
  });

  const bind = async (pod: PodView, nodeName: string) => {
    const { namespace, name, uid } = pod;
    parked.remove(pod.key);
    cluster.assume(pod, nodeName);
    const binding: Binding = {
      apiVersion: 'v1',
      kind: 'Binding',
      metadata: { namespace, name, uid },
      target: { apiVersion: 'v1', kind: 'Node', name: nodeName },
    };
    try {
      await client.createSubresource(resources.pods, namespace, name, 'binding', binding, { signal });
    } catch (error) {
      cluster.unassume(pod);
      if (isReason(error, 'NotFound')) return;
      throw error;
    }
    recorder?.record(podReference(pod), 'Normal', 'Scheduled', `Successfully assigned ${pod.key} to ${nodeName}`);
  };

  /** Once per verdict: a pod that still does not fit for the same reason is not written again. */
  const reportUnschedulable = async (pod: PodView, message: string, nominated: string | undefined) => {
    const before = pod.scheduled;
    const isNews = nominated !== undefined && nominated !== pod.nominatedNode;
    if (!isNews && before?.status === 'False' && before.reason === 'Unschedulable' && before.message === message)
      return;
    const condition = {
      type: 'PodScheduled',
      status: 'False',
      reason: 'Unschedulable',
      message,
      lastTransitionTime: before?.status === 'False' ? before.lastTransitionTime : formatTime(clock.now()),
    };
    const patch = {
      metadata: { uid: pod.uid },
      status: { conditions: [condition], ...(isNews ? { nominatedNodeName: nominated } : {}) },
    };
    try {
      await client.patch(resources.pods, pod.namespace, pod.name, 'strategic', patch, {
        subresource: 'status',
        signal,
      });
    } catch (error) {
      // Gone. A Conflict is tried again: another pod has the name, of which the watch tells, or the write has only lost.
      if (isReason(error, 'NotFound')) return;
      throw error;
    }
    recorder?.record(podReference(pod), 'Warning', 'FailedScheduling', message);
  };

  const enqueue = (pod: PodView) => {
    if (!started || !needsNode(pod)) return;
    queue.add(pod.key, { priority: pod.demand.priority >= systemCriticalPriority ? 'critical' : 'normal' });
  };

  /** Something at this node changed for the better, or at all. */
  const wake = (nodeName: string) => {
    for (const key of parked.pinnedTo(nodeName)) queue.add(key);
    stopWaking ??= clock.after(wakeAnywhereMs, () => {
      stopWaking = undefined;
      for (const key of parked.anywhere()) queue.add(key);
    });
  };

  const pods = startReflector({
    source: listWatch(client, resources.pods),
    clock,
    random,
    log,
    signal,
    project: podView,
    handlers: {
      applied(pod) {
        const freed = cluster.setPod(pod);
        if (freed !== undefined) wake(freed);
        if (needsNode(pod)) enqueue(pod);
        else parked.remove(pod.key);
      },
      removed(pod) {
        const freed = cluster.removePod(pod.uid);
        parked.remove(pod.key);
        queue.forget(pod.key);
        if (freed !== undefined) wake(freed);
      },
    },
  });

  const nodes = startReflector({
    source: listWatch(client, resources.nodes),
    clock,
    random,
    log,
    signal,
    project: nodeOffer,
    handlers: {
      applied(offer, previous) {
        cluster.setNode(offer);
        if (previous === undefined || !isSameOffer(offer, previous)) wake(offer.name);
      },
      removed(offer) {
        cluster.removeNode(offer.name);
        wake(offer.name);
      },
    },
  });

  // A budget that lets more go does not wake anybody: it saves no pod, it only says whose turn is first.
  const budgets = startReflector({
    source: listWatch(client, disruptionBudgets),
    clock,
    random,
    log,
    signal,
    project: guardOf,
    handlers: { applied: () => undefined, removed: () => undefined },
  });

  // Only with all lists in hand is it known what room is left, and who may have to leave.
  const synced = Promise.all([pods.synced, nodes.synced, budgets.synced]).then(() => {
    started = true;
    for (const pod of pods.views()) enqueue(pod);
  });
  signal.addEventListener('abort', () => stopWaking?.(), { once: true });
  return composeController('scheduler', [{ synced, stopped: pods.stopped }, nodes, budgets, queue]);
}
