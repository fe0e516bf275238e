// Is a node still there? Its lease, or its status where there is no lease, must move every so often; if not, its
// conditions become Unknown. What counts is when *we* last saw a move, never the node's own clock (node-lifecycle's
// nodeHealthData), so that clock skew kills nobody.
import { type Condition, findCondition, formatTime, isTrue, type Lease, type Node } from '../../api/index.ts';

/** What was last heard of a node, and when it was heard. */
export interface Heartbeat {
  /** lease.spec.renewTime as last seen: only compared, never read as a time. */
  readonly renewTime: string | undefined;
  /** The Ready condition's lastHeartbeatTime as last seen. */
  readonly statusTime: string | undefined;
  /** Our steady clock when one of the two last moved. */
  readonly heardMs: number;
}

/** The first sight of a node is a sign of life (a restarted controller gives every node a full grace period). */
export function firstHeartbeat(node: Node | undefined, lease: Lease | undefined, now: number): Heartbeat {
  return { renewTime: renewTime(lease), statusTime: statusTime(node), heardMs: now };
}

/** The heartbeat after this sight of node and lease; the same object when nothing moved. */
export function nextHeartbeat(
  before: Heartbeat,
  node: Node | undefined,
  lease: Lease | undefined,
  now: number,
): Heartbeat {
  const renewed = renewTime(lease);
  const posted = statusTime(node);
  const alive =
    (renewed !== undefined && renewed !== before.renewTime) || (posted !== undefined && posted !== before.statusTime);
  if (!alive) return before;
  return { renewTime: renewed ?? before.renewTime, statusTime: posted ?? before.statusTime, heardMs: now };
}

function renewTime(lease: Lease | undefined): string | undefined {
  return lease?.spec?.renewTime ?? undefined;
}

/** Unknown is what we wrote ourselves: no sign of life. */
function statusTime(node: Node | undefined): string | undefined {
  const ready = findCondition(node?.status?.conditions, 'Ready');
  return ready?.status === 'Unknown' ? undefined : ready?.lastHeartbeatTime;
}

export interface HealthOptions {
  /** Silence after which a node that once was Ready is lost (--node-monitor-grace-period). */
  readonly monitorGraceMs: number;
  /** Silence granted to a node that never posted its Ready condition (--node-startup-grace-period). */
  readonly startupGraceMs: number;
}

/** When the node is to be declared lost, if nothing is heard of it until then. */
export function lostAt(node: Node, { heardMs }: Heartbeat, options: HealthOptions): number {
  const posted = findCondition(node.status?.conditions, 'Ready') !== undefined;
  return heardMs + (posted ? options.monitorGraceMs : options.startupGraceMs);
}

/** The conditions that only a living node agent can vouch for. */
const vouchedConditions = ['Ready', 'MemoryPressure', 'DiskPressure', 'PIDPressure'];

/** The conditions that a lost node should have and has not yet: all Unknown. Empty when nothing is to be written. */
export function conditionsOfLostNode(node: Node, now: number): readonly Condition[] {
  return vouchedConditions.flatMap((type) => {
    const before = findCondition(node.status?.conditions, type);
    if (before?.status === 'Unknown') return [];
    const never = before === undefined;
    const condition: Condition = {
      type,
      status: 'Unknown',
      reason: never ? 'NodeStatusNeverUpdated' : 'NodeStatusUnknown',
      message: never ? 'Kubelet never posted node status.' : 'Kubelet stopped posting node status.',
      lastHeartbeatTime: before?.lastHeartbeatTime ?? node.metadata.creationTimestamp ?? formatTime(now),
      lastTransitionTime: formatTime(now),
    };
    return [condition];
  });
}

/** A node that has posted its status and is not Ready: its pods cannot be called ready either. */
export function isNotReady(node: Node): boolean {
  const { conditions } = node.status ?? {};
  return findCondition(conditions, 'Ready') !== undefined && !isTrue(conditions, 'Ready');
}
