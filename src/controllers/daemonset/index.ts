// The DaemonSet controller: watches nodes, DaemonSets, their policies, pods and revisions, keeps a ledger per DaemonSet, and syncs the
// ones that something happened to. A thin shell: every decision is in core/daemonset/.
import { type DaemonSet, isReason, resources, type Stored } from '../../api/index.ts';
import { type ControllerContext, listWatch, listWatchIfServed } from '../../client/index.ts';
import { nodeFields, podFields, readDaemonSet, viewNode, viewPod } from '../../core/daemonset/index.ts';
import {
  composeController,
  createAdaptiveConcurrency,
  createWorkQueue,
  followedClock,
  type EventRecorder,
  type Part,
  referenceTo,
  type RunningController,
  startReflector,
} from '../../machinery/index.ts';
import type { SyncContext } from './context.ts';
import { inspect, type Inspection } from './inspect.ts';
import { mayBeOurs } from './owner-index.ts';
import { PolicyIndex } from './policy-index.ts';
import { Registry } from './registry.ts';
import { type SelfCheck, startSelfCheck } from './self-check.ts';
import { sync } from './sync.ts';
import { isCritical, type Tracked } from './tracked.ts';

export type { DaemonSetInspection, Inspection } from './inspect.ts';
export { registerMetrics, registerSelfCheckMetrics } from './metrics.ts';
export {
  leasePermissions,
  ownerPermissions,
  type Permission,
  preflightPermissions,
  readPermissions,
  writePermissions,
} from './permissions.ts';
export { PolicyIndex } from './policy-index.ts';
export type { Drift, SelfCheck } from './self-check.ts';
export { defaultPreflightWaitMs, preflight, type PreflightOptions, type PreflightResult } from './preflight.ts';

export interface DaemonSetControllerOptions extends ControllerContext {
  readonly recorder: EventRecorder;
  /** DaemonSets synced at the same time. */
  readonly concurrency?: number;
  /** Told of every sync: how long it took, and whether it failed. */
  readonly onSync?: (seconds: number, failed: boolean) => void;
  /** Between two self-checks (self-check.ts), ms; absent or 0: none. */
  readonly selfCheckMs?: number;
  /** Told what each self-check found. */
  readonly onSelfCheck?: (check: SelfCheck) => void;
}

export interface DaemonSetController extends RunningController {
  /** How it stands, for those who watch over it. O(DaemonSets). */
  inspect(): Inspection;
}

const defaultConcurrency = 8;
/** A sync takes in whatever came since the last one: in a rollout a few events at a time, instead of each by itself. */
const syncRestMs = 20;

export function runDaemonSetController(options: DaemonSetControllerOptions): DaemonSetController {
  const { client, random, log, signal, recorder, concurrency = defaultConcurrency } = options;
  const clock = followedClock(options.clock, followClock);
  const writes = createAdaptiveConcurrency({ clock });

  const policies = new PolicyIndex();
  const registry = new Registry({ policies, now: () => clock.now(), touched: touch });
  const queue = createWorkQueue<string>({
    clock,
    concurrency,
    restMs: syncRestMs,
    signal,
    async work(key) {
      const tracked = registry.get(key);
      if (tracked === undefined) return undefined;
      const startedAt = clock.now();
      let failed = true;
      try {
        const dueMs = await sync(context, tracked);
        failed = false;
        return dueMs === undefined ? undefined : { againAfterMs: dueMs };
      } finally {
        options.onSync?.((clock.now() - startedAt) / 1000, failed);
      }
    },
    onFailure(key, error, failures, retryAfterMs) {
      // A conflict only says that the watch is behind: ordinary, and mended by the next try.
      const level = isReason(error, 'Conflict') ? 'debug' : 'warn';
      log[level]('sync failed', { daemonSet: key, failures, retryAfterMs, error });
    },
  });
  const context: SyncContext = {
    client,
    clock,
    log,
    signal,
    record: ({ object }, type, reason, message) =>
      recorder.record(referenceTo(resources.daemonSets, object), type, reason, message),
    limit: ({ key, object }, of, write) =>
      writes.run(write, { signal, flow: `${of} ${key}`, urgent: isCritical(object) }),
    policies,
    podsVersion: () => pods.version,
    revisionsVersion: () => revisions.version,
    touch,
  };

  /**
   * Back-offs and what was sent are timed by the same clock as everything else. When it is set they move along: else one
   * that is set back would hold up a node for as long as it was set back.
   */
  function followClock(byMs: number, now: number): void {
    for (const tracked of registry.all()) {
      tracked.ledger.clockSet(byMs, now);
      tracked.creates.clockSet(byMs);
      tracked.deletes.clockSet(byMs);
      touch(tracked);
      if (tracked.progress !== undefined)
        tracked.progress = { ...tracked.progress, since: tracked.progress.since + byMs };
    }
  }

  // Nothing is decided before every list is complete: a pod that was not listed yet would be created a second time.
  let complete = false;
  function touch(tracked: Tracked): void {
    if (complete) queue.add(tracked.key, { priority: isCritical(tracked.object) ? 'critical' : 'normal' });
  }

  const common = { clock, random, log, signal };
  const nodes = startReflector({
    ...common,
    source: listWatch(client, resources.nodes, { fields: nodeFields }),
    project: viewNode,
    handlers: { applied: (node) => registry.setNode(node), removed: (node) => registry.removeNode(node) },
  });
  const daemonSets = startReflector({
    ...common,
    source: listWatch(client, resources.daemonSets),
    project: (object: Stored<DaemonSet>) => readDaemonSet(object),
    handlers: {
      applied: (object) => registry.setDaemonSet(object),
      removed(object) {
        registry.removeDaemonSet(object);
        queue.forget(`${object.metadata.namespace}/${object.metadata.name}`);
      },
    },
  });
  const revisions = startReflector({
    ...common,
    source: listWatch(client, resources.controllerRevisions),
    project: (revision) => revision,
    handlers: {
      applied: (revision, previous) => registry.setRevision(revision, previous),
      removed: (revision) => registry.removeRevision(revision),
    },
  });
  const rolloutPolicies = startReflector({
    ...common,
    source: listWatchIfServed(client, resources.rolloutPolicies, clock),
    project: (policy) => policy,
    handlers: {
      applied: (policy) => registry.setPolicy(policy),
      removed: (policy) => registry.removePolicy(policy),
    },
  });
  const pods = startReflector({
    ...common,
    source: listWatch(client, resources.pods, { fields: podFields }),
    project: (pod) => (mayBeOurs(pod) ? viewPod(pod) : undefined),
    handlers: {
      applied: (pod, previous) => registry.setPod(pod, previous),
      removed: (pod) => registry.removePod(pod),
    },
  });

  const parts: Part[] = [nodes, daemonSets, revisions, rolloutPolicies, pods, queue];
  const { selfCheckMs = 0, onSelfCheck = () => undefined } = options;
  const selfCheck = { ...common, client, intervalMs: selfCheckMs, nodes, pods, onCheck: onSelfCheck };
  if (selfCheckMs > 0) parts.push(startSelfCheck({ ...selfCheck, tracked: () => registry.all(), touch }));
  const controller = composeController('daemonset', parts);
  void controller.synced.then(
    () => {
      complete = true;
      for (const tracked of registry.all()) touch(tracked);
    },
    () => undefined,
  );
  return { ...controller, inspect: () => inspect(registry.all(), queue, writes, policies, clock.now()) };
}
