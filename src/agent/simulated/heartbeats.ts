// Keeps every simulated node's lease fresh and its status posted: the lease each 10 s, the status each 5 min or when it
// must be said at once. Nodes are spread over the interval, so that a thousand of them never come in one moment.
import { isReason, resources } from '../../api/index.ts';
import type { ControllerContext } from '../../client/index.ts';
import { createTimerHeap, createWorkQueue, type Part, steadyClock, steadyNow } from '../../machinery/index.ts';
import { type Capacity, leaseOf } from '../node-report.ts';
import { renewLease } from '../renew-lease.ts';
import { nodeStatus } from './node-object.ts';
import type { SimulatedNode } from './simulated-node.ts';

/** A quarter of the lease's duration, as the kubelet does. */
const leaseRenewMs = 10_000;
/** --node-status-report-frequency */
const statusPostMs = 300_000;
const writesInFlightMax = 32;

export interface Heartbeats extends Part {
  /** From now on, at a moment of its own within the interval. */
  start(node: SimulatedNode): void;
  /** The status is posted now, without waiting for its turn. */
  postStatus(node: SimulatedNode): void;
  stop(name: string): void;
}

interface Beating {
  readonly node: SimulatedNode;
  leaseExists: boolean;
  statusDueMs: number;
}

export function createHeartbeats(
  { client, clock, random, log, signal }: ControllerContext,
  capacity: Capacity,
): Heartbeats {
  const beating = new Map<string, Beating>();

  const timers = createTimerHeap<string>(steadyClock(clock), (name) => {
    const entry = beating.get(name);
    if (entry === undefined) return;
    timers.set(name, steadyNow(clock) + leaseRenewMs);
    if (entry.node.dead) return;
    leases.add(name);
    if (steadyNow(clock) >= entry.statusDueMs) statuses.add(name);
  });

  const common = { clock, signal, concurrency: writesInFlightMax };
  const leases = createWorkQueue<string>({
    ...common,
    async work(name) {
      const entry = beating.get(name);
      if (entry !== undefined && !entry.node.dead) await renew(entry);
    },
    onFailure: (node, error) => log.warn('renewing a lease failed', { node, error }),
  });
  const statuses = createWorkQueue<string>({
    ...common,
    async work(name) {
      const entry = beating.get(name);
      if (entry !== undefined && !entry.node.dead) await post(entry);
    },
    onFailure: (node, error) =>
      log[isReason(error, 'Conflict') ? 'debug' : 'warn']('posting a node status failed', { node, error }),
  });

  const renew = async (entry: Beating) => {
    await renewLease(client, leaseOf(entry.node.node, clock.now()), entry.leaseExists, signal);
    entry.leaseExists = true;
  };

  const post = async (entry: Beating) => {
    const { node } = entry.node;
    const { name, uid } = node.metadata;
    const status = nodeStatus(node.status, name, entry.node.number, capacity, clock.now());
    try {
      const patch = { metadata: { uid }, status };
      await client.patch(resources.nodes, undefined, name, 'strategic', patch, { subresource: 'status', signal });
      entry.statusDueMs = steadyNow(clock) + statusPostMs;
    } catch (error) {
      // Deleted: the watch will say so. A Conflict is tried again: the node was made anew, of which the watch tells, or the
      // write has only lost to others, and nobody else would say before its next turn that the node is there.
      if (!isReason(error, 'NotFound')) throw error;
    }
  };

  signal.addEventListener('abort', () => timers.clear(), { once: true });
  return {
    stopped: Promise.all([leases.stopped, statuses.stopped]).then(() => undefined),
    start(node) {
      const statusDueMs = steadyNow(clock) + random.next() * statusPostMs;
      beating.set(node.name, { node, leaseExists: false, statusDueMs });
      timers.set(node.name, steadyNow(clock) + random.next() * leaseRenewMs);
    },
    postStatus: (node) => statuses.add(node.name),
    stop(name) {
      beating.delete(name);
      timers.delete(name);
      leases.forget(name);
      statuses.forget(name);
    },
  };
}
