// Keeps the status of every PodDisruptionBudget true, which the eviction subresource reads (pkg/controller/disruption).
// What the numbers are is core/disruption; this shell watches and writes.
import {
  compileLabelSelector,
  controllerOf,
  formatTime,
  isReason,
  isTrue,
  type KubernetesObject,
  type Labels,
  type Pod,
  type Resource,
  resources,
  type Stored,
  withCondition,
} from '../../api/index.ts';
import { type ControllerContext, listWatch } from '../../client/index.ts';
import {
  type BudgetPod,
  budgetStatus,
  type DisruptionBudget,
  disruptedPodMsMax,
  disruptionBudgets,
} from '../../core/disruption/index.ts';
import { isFinished } from '../../core/node/index.ts';
import { composeController, createWorkQueue, type RunningController, startReflector } from '../../machinery/index.ts';

const replicaSets: Resource = {
  group: 'apps',
  version: 'v1',
  name: 'replicasets',
  kind: 'ReplicaSet',
  namespaced: true,
};
/** A rollout changes many pods at a time; a budget is worked out once for all of them. */
const gatherMs = 100;
const concurrency = 4;

interface PodView extends BudgetPod {
  readonly namespace: string;
  readonly labels: Labels | undefined;
}

interface ScaleView {
  readonly uid: string;
  readonly namespace: string;
  readonly scale: number;
}

export function runDisruption(options: ControllerContext): RunningController {
  const { client, clock, random, signal } = options;
  const log = options.log.child({ controller: 'disruption' });
  const scales = new Map<string, number>();
  /** Namespace → pods in it, so that a budget looks at its own namespace alone. */
  const podsIn = new Map<string, Map<string, PodView>>();
  const budgetsIn = new Map<string, Set<string>>();

  const work = async (key: string): Promise<void> => {
    await synced;
    const budget = budgets.get(key);
    if (budget === undefined) return;
    const { namespace = '', name, generation = 0 } = budget.metadata;
    const matches = compileLabelSelector(budget.spec?.selector);
    const pods = [...(podsIn.get(namespace)?.values() ?? [])].filter(({ labels }) => matches(labels));
    const { conditions: before, observedGeneration, disruptedPods = {}, ...counts } = budget.status ?? {};
    const now = clock.now();
    const status = budgetStatus({
      budget: budget.spec ?? {},
      pods,
      scaleOf: (uid) => scales.get(uid),
      disruptedPods,
      now,
    });
    if (status.disruptedPods !== undefined) queue.add(key, { afterMs: disruptedPodMsMax });
    const previous = { ...counts, ...(Object.keys(disruptedPods).length === 0 ? {} : { disruptedPods }) };
    if (observedGeneration === generation && isSame(previous, status)) return;
    const enough = status.disruptionsAllowed > 0;
    const condition = {
      type: 'DisruptionAllowed',
      status: enough ? 'True' : 'False',
      reason: enough ? 'SufficientPods' : 'InsufficientPods',
      message: '',
      observedGeneration: generation,
    };
    const conditions = withCondition(before as Parameters<typeof withCondition>[0], condition, formatTime(now));
    const next = { ...budget, status: { ...status, observedGeneration: generation, conditions } };
    try {
      // With its resourceVersion: an eviction that was granted meanwhile must not be forgotten.
      await client.update(disruptionBudgets, next, { subresource: 'status', signal });
    } catch (error) {
      if (isReason(error, 'NotFound')) return;
      if (!isReason(error, 'Conflict')) throw error;
      log.debug('budget changed meanwhile', { namespace, name });
      queue.add(key, { afterMs: gatherMs });
    }
  };

  const queue = createWorkQueue<string>({
    clock,
    concurrency,
    signal,
    work,
    onFailure: (budget, error, failures, retryAfterMs) =>
      log.warn('status of a disruption budget failed', { budget, error, failures, retryAfterMs }),
  });
  const touch = (namespace: string) => {
    for (const key of budgetsIn.get(namespace) ?? []) queue.add(key, { afterMs: gatherMs });
  };

  const shared = { clock, random, log, signal };
  const budgets = startReflector<Stored<DisruptionBudget>, Stored<DisruptionBudget>>({
    ...shared,
    source: listWatch(client, disruptionBudgets),
    project: (budget) => budget,
    handlers: {
      applied({ metadata: { namespace = '', name } }) {
        const key = `${namespace}/${name}`;
        budgetsIn.set(namespace, (budgetsIn.get(namespace) ?? new Set()).add(key));
        queue.add(key);
      },
      removed({ metadata: { namespace = '', name } }) {
        budgetsIn.get(namespace)?.delete(`${namespace}/${name}`);
        queue.forget(`${namespace}/${name}`);
      },
    },
  });
  const pods = startReflector({
    ...shared,
    source: listWatch(client, resources.pods),
    project: podView,
    handlers: {
      applied(pod) {
        podsIn.set(pod.namespace, (podsIn.get(pod.namespace) ?? new Map<string, PodView>()).set(pod.name, pod));
        touch(pod.namespace);
      },
      removed(pod) {
        const fellows = podsIn.get(pod.namespace);
        fellows?.delete(pod.name);
        if (fellows?.size === 0) podsIn.delete(pod.namespace);
        touch(pod.namespace);
      },
    },
  });
  const scaled = <T extends KubernetesObject>(resource: Resource<T>, scaleOf: (object: T) => number) =>
    startReflector({
      ...shared,
      source: listWatch(client, resource),
      project: (object): ScaleView => ({
        uid: object.metadata.uid,
        namespace: object.metadata.namespace ?? '',
        scale: scaleOf(object),
      }),
      handlers: {
        applied({ uid, namespace, scale }) {
          if (scales.get(uid) === scale) return;
          scales.set(uid, scale);
          touch(namespace);
        },
        removed: ({ uid, namespace }) => {
          scales.delete(uid);
          touch(namespace);
        },
      },
    });
  const controllers = [
    // Upstream knows no scale of DaemonSets, and allows nothing; here their own count is taken (docs/differences.md).
    scaled(resources.daemonSets, ({ status }) => status?.desiredNumberScheduled ?? 0),
    scaled(replicaSets, (object) => (object as { readonly spec?: { readonly replicas?: number } }).spec?.replicas ?? 1),
  ];
  const controller = composeController('disruption', [budgets, pods, ...controllers, queue]);
  const { synced } = controller;
  return controller;
}

/** Pods that have run their course count for nothing. */
function podView(pod: Stored<Pod>): PodView | undefined {
  if (isFinished(pod)) return undefined;
  const { metadata, status } = pod;
  const terminating = metadata.deletionTimestamp !== undefined;
  return {
    namespace: metadata.namespace ?? '',
    name: metadata.name,
    labels: metadata.labels,
    healthy: !terminating && isTrue(status?.conditions, 'Ready'),
    terminating,
    controller: controllerOf(metadata)?.uid,
  };
}

function isSame(left: object, right: object): boolean {
  const sorted = (value: object) => JSON.stringify(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)));
  return sorted(left) === sorted(right);
}
