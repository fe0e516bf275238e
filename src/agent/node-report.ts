// What any node of this house says about itself, simulated or real: its lease and its conditions, in a kubelet's words.
// Pure shapes; who writes them when is the runtime's.
import {
  type Condition,
  findCondition,
  formatMicroTime,
  formatTime,
  type Lease,
  type Node,
  type Stored,
} from '../api/index.ts';

export const leaseNamespace = 'kube-node-lease';
const leaseDurationSeconds = 40;
export const kubeletVersion = 'v1.34.0-everynode';

export type Capacity = Readonly<Record<string, string>>;

export interface NodeHealth {
  /** Why the node is not ready; undefined = it is. */
  readonly unready?: string | undefined;
  readonly memoryPressure?: boolean;
  readonly diskPressure?: boolean;
  readonly pidPressure?: boolean;
}

/** The conditions as they stand after a heartbeat; the transition time moves with the status only. */
export function nodeConditions(
  before: readonly Condition[] | undefined,
  health: NodeHealth,
  nowMs: number,
): readonly Condition[] {
  const now = formatTime(nowMs);
  return wanted(health).map((condition) => {
    const standing = findCondition(before, condition.type);
    const moved = standing?.status !== condition.status || standing.lastTransitionTime === undefined;
    return { ...condition, lastHeartbeatTime: now, lastTransitionTime: moved ? now : standing.lastTransitionTime };
  });
}

function wanted({ unready, memoryPressure, diskPressure, pidPressure }: NodeHealth): readonly Condition[] {
  const pressure = (type: string, is: boolean | undefined, bad: string, good: string): Condition => ({
    type,
    status: is === true ? 'True' : 'False',
    reason: is === true ? `KubeletHas${bad}` : `KubeletHas${good}`,
    message: words[is === true ? bad : good]!,
  });
  return [
    pressure('MemoryPressure', memoryPressure, 'InsufficientMemory', 'SufficientMemory'),
    pressure('DiskPressure', diskPressure, 'DiskPressure', 'NoDiskPressure'),
    pressure('PIDPressure', pidPressure, 'InsufficientPID', 'SufficientPID'),
    unready === undefined
      ? { type: 'Ready', status: 'True', reason: 'KubeletReady', message: 'kubelet is posting ready status' }
      : { type: 'Ready', status: 'False', reason: 'KubeletNotReady', message: unready },
  ];
}

const words: Readonly<Record<string, string>> = {
  InsufficientMemory: 'kubelet has insufficient memory available',
  SufficientMemory: 'kubelet has sufficient memory available',
  DiskPressure: 'kubelet has disk pressure',
  NoDiskPressure: 'kubelet has no disk pressure',
  InsufficientPID: 'kubelet has insufficient PID available',
  SufficientPID: 'kubelet has sufficient PID available',
};

export function leaseOf(node: Stored<Node>, nowMs: number): Lease {
  const { name, uid } = node.metadata;
  return {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: {
      name,
      namespace: leaseNamespace,
      // The lease goes with its node (garbage collector), as the kubelet's does.
      ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name, uid }],
    },
    spec: { holderIdentity: name, leaseDurationSeconds, renewTime: formatMicroTime(nowMs) },
  };
}
