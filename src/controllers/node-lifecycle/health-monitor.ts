// Listens for heartbeats and calls back when a node has been silent too long. O(1) per heartbeat: one timer stands for
// all nodes. What counts as a sign of life is core/node's to say.
import type { Lease } from '../../api/index.ts';
import { firstHeartbeat, type HealthOptions, type Heartbeat, lostAt, nextHeartbeat } from '../../core/node/index.ts';
import { type Clock, createTimerHeap, steadyClock } from '../../machinery/index.ts';
import type { NodeView } from './node-view.ts';

/** A timer that comes this late means that this process slept or was stopped: in that time nobody could be heard. */
const timerLateMsMax = 5_000;

interface Watched {
  node: NodeView;
  heartbeat: Heartbeat;
  /** Its grace is over, and nothing was heard since. */
  silent: boolean;
}

export interface HealthMonitor {
  heardNode(node: NodeView): void;
  heardLease(name: string, lease: Lease): void;
  forget(name: string): void;
  /** Reported as silent, and not heard of since. */
  isLost(name: string): boolean;
}

export function createHealthMonitor(
  wallClock: Clock,
  options: HealthOptions,
  onSilent: (name: string) => void,
): HealthMonitor {
  // Silence is a duration: a clock that is set makes no node silent, and keeps none alive.
  const clock = steadyClock(wallClock);
  const watched = new Map<string, Watched>();
  /** Leases may be seen before their node. */
  const leases = new Map<string, Lease>();

  const timers = createTimerHeap<string>(clock, (name) => {
    const entry = watched.get(name);
    if (entry === undefined) return;
    const lateMs = clock.now() - lostAt(entry.node, entry.heartbeat, options);
    if (lateMs <= timerLateMsMax) {
      entry.silent = true;
      onSilent(name);
    } else {
      entry.heartbeat = { ...entry.heartbeat, heardMs: clock.now() };
      arm(name, entry);
    }
  });

  const arm = (name: string, { node, heartbeat }: Watched) => timers.set(name, lostAt(node, heartbeat, options));

  const beat = (name: string, entry: Watched, next: Heartbeat) => {
    entry.heartbeat = next;
    entry.silent = false;
    arm(name, entry);
  };

  return {
    heardNode(node) {
      const { name } = node.metadata;
      const entry = watched.get(name);
      const lease = leases.get(name);
      if (entry === undefined || entry.node.metadata.uid !== node.metadata.uid) {
        const fresh = { node, heartbeat: firstHeartbeat(node, lease, clock.now()), silent: false };
        watched.set(name, fresh);
        arm(name, fresh);
        return;
      }
      entry.node = node;
      const next = nextHeartbeat(entry.heartbeat, node, lease, clock.now());
      if (next !== entry.heartbeat) beat(name, entry, next);
      // Its first status moves a node from the startup grace to the other one.
      else if (!entry.silent) arm(name, entry);
    },
    heardLease(name, lease) {
      leases.set(name, lease);
      const entry = watched.get(name);
      if (entry === undefined) return;
      const next = nextHeartbeat(entry.heartbeat, entry.node, lease, clock.now());
      if (next !== entry.heartbeat) beat(name, entry, next);
    },
    forget(name) {
      watched.delete(name);
      leases.delete(name);
      timers.delete(name);
    },
    isLost: (name) => watched.get(name)?.silent === true,
  };
}
