// Follows every node's life: silent nodes become Unknown, their state becomes taints, their pods stop being ready and,
// where they do not tolerate it, leave. The rules are core/node's; this shell watches, times and writes.
// Not here: zones and eviction rates (--unhealthy-zone-threshold), which guard clusters of many machines.
import { formatTime, isReason, resources } from '../../api/index.ts';
import { type ControllerContext, listWatch } from '../../client/index.ts';
import { conditionsOfLostNode, isNotReady, wantedTaints } from '../../core/node/index.ts';
import {
  composeController,
  createWorkQueue,
  type EventRecorder,
  type RunningController,
  startReflector,
} from '../../machinery/index.ts';
import { createHealthMonitor } from './health-monitor.ts';
import { nodeView, type NodeView, podView, type PodView, readyStatus } from './node-view.ts';
import { createPodEviction } from './pod-eviction.ts';

export interface NodeLifecycleOptions extends ControllerContext {
  readonly recorder?: EventRecorder;
  /** A node silent for this long is lost: 40 s. */
  readonly monitorGraceMs?: number;
  /** A node that never posted its status is given this long: 60 s. */
  readonly startupGraceMs?: number;
}

const nodeWritesInFlightMax = 16;
const leaseNamespace = 'kube-node-lease';

export function runNodeLifecycle(options: NodeLifecycleOptions): RunningController {
  const { client, clock, random, log, signal, recorder } = options;
  const { monitorGraceMs = 40_000, startupGraceMs = 60_000 } = options;
  const podsByNode = new Map<string, Map<string, PodView>>();
  const eviction = createPodEviction(options, recorder);
  const health = createHealthMonitor(clock, { monitorGraceMs, startupGraceMs }, (name) => queue.add(name));
  const common = { clock, random, log, signal };

  const queue = createWorkQueue<string>({
    clock,
    signal,
    concurrency: nodeWritesInFlightMax,
    async work(name) {
      const node = nodes.get(name);
      if (node === undefined) return;
      try {
        await markLost(node);
        await correctTaints(node);
        if (isNotReady(node)) await markPodsNotReady(node);
      } catch (error) {
        // Deleted meanwhile. After a Conflict it is looked at again: the watch may have brought the new state by then.
        if (!isReason(error, 'NotFound')) throw error;
      }
    },
    onFailure: (node, error, failures, retryAfterMs) =>
      log[isReason(error, 'Conflict') ? 'debug' : 'warn']('node lifecycle write failed', {
        node,
        error,
        failures,
        retryAfterMs,
      }),
  });

  const markLost = async (node: NodeView) => {
    const { name, uid } = node.metadata;
    const conditions = health.isLost(name) ? conditionsOfLostNode(node, clock.now()) : [];
    if (conditions.length === 0) return;
    log.info('node is lost: it stopped posting its status', { node: name });
    const patch = { metadata: { uid }, status: { conditions } };
    await client.patch(resources.nodes, undefined, name, 'strategic', patch, { subresource: 'status', signal });
    recorder?.record(nodeReference(node), 'Normal', 'NodeNotReady', `Node ${name} status is now: NodeNotReady`);
  };

  const correctTaints = async (node: NodeView) => {
    const taints = wantedTaints(node, formatTime(clock.now()));
    if (taints === undefined) return;
    const { name, uid, resourceVersion } = node.metadata;
    // spec.taints is replaced as a whole, so only on the version that it was computed from.
    const patch = { metadata: { uid, resourceVersion }, spec: { taints } };
    await client.patch(resources.nodes, undefined, name, 'merge', patch, { signal });
  };

  /** Nobody vouches for these pods any more (nodeutil.MarkPodsNotReady); their agent says so when it is back. */
  const markPodsNotReady = async (node: NodeView) => {
    for (const pod of podsByNode.get(node.metadata.name)?.values() ?? []) {
      if (!pod.ready) continue;
      const condition = { type: 'Ready', status: 'False', lastTransitionTime: formatTime(clock.now()) };
      const patch = { metadata: { uid: pod.uid }, status: { conditions: [condition] } };
      try {
        await client.patch(resources.pods, pod.namespace, pod.name, 'strategic', patch, {
          subresource: 'status',
          signal,
        });
      } catch (error) {
        if (!isReason(error, 'NotFound')) throw error;
      }
    }
  };

  const pods = startReflector({
    ...common,
    source: listWatch(client, resources.pods),
    project: podView,
    handlers: {
      applied(pod, previous) {
        const onNode = podsByNode.get(pod.nodeName) ?? new Map<string, PodView>();
        podsByNode.set(pod.nodeName, onNode.set(pod.uid, pod));
        const node = nodes.get(pod.nodeName);
        if (node === undefined) return;
        eviction.consider(pod, node.spec?.taints);
        // A pod that comes to an unready node; later changes are its agent's business.
        if (previous === undefined && pod.ready && isNotReady(node)) queue.add(pod.nodeName);
      },
      removed(pod) {
        const onNode = podsByNode.get(pod.nodeName);
        onNode?.delete(pod.uid);
        if (onNode?.size === 0) podsByNode.delete(pod.nodeName);
        eviction.forget(pod);
      },
    },
  });

  const nodes = startReflector({
    ...common,
    source: listWatch(client, resources.nodes),
    project: nodeView,
    handlers: {
      applied(node, previous) {
        const { name } = node.metadata;
        health.heardNode(node);
        const turned = previous === undefined || readyStatus(previous) !== readyStatus(node);
        const untrue = wantedTaints(node, '') !== undefined;
        if (untrue || (turned && isNotReady(node))) queue.add(name);
        if (previous === undefined || previous.spec?.taints !== node.spec?.taints)
          for (const pod of podsByNode.get(name)?.values() ?? []) eviction.consider(pod, node.spec?.taints);
      },
      removed({ metadata: { name } }) {
        health.forget(name);
        queue.forget(name);
        for (const pod of podsByNode.get(name)?.values() ?? []) eviction.forget(pod);
      },
    },
  });

  const leases = startReflector({
    ...common,
    source: listWatch(client, resources.leases, { namespace: leaseNamespace }),
    project: (lease) => lease,
    handlers: {
      applied: (lease) => health.heardLease(lease.metadata.name, lease),
      removed: () => {},
    },
  });

  return composeController('node-lifecycle', [pods, nodes, leases, queue, eviction]);
}

function nodeReference({ metadata: { name, uid } }: NodeView) {
  return { apiVersion: 'v1', kind: 'Node', name, uid };
}
