// What a simulated node says about itself: the Node it registers, its status, its lease. Pure shapes; who writes them
// when is registration.ts and heartbeats.ts.
import {
  type Condition,
  findCondition,
  formatMicroTime,
  formatTime,
  type Lease,
  type Node,
  type NodeStatus,
  type Stored,
} from '../../api/index.ts';
import { nodeAddressOf, podCidrOf } from './addresses.ts';

/** Nodes with this annotation are run by the fleet, whoever created them. */
export const runtimeAnnotation = 'everynode.dev/runtime';
export const simulatedRuntime = 'simulated';

export const leaseNamespace = 'kube-node-lease';
export const leaseDurationSeconds = 40;
const kubeletVersion = 'v1.34.0-everynode';
const zones = ['local-a', 'local-b', 'local-c'];

export type Capacity = Readonly<Record<string, string>>;

export const defaultCapacity: Capacity = {
  cpu: '4',
  memory: '16Gi',
  'ephemeral-storage': '100Gi',
  pods: '110',
};

export function isSimulated(node: Node): boolean {
  return node.metadata.annotations?.[runtimeAnnotation] === simulatedRuntime;
}

/** The object that a kubelet posts to register itself: labels, and a complete status. */
export function registrationOf(name: string, number: number, capacity: Capacity, nowMs: number): Node {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name,
      labels: wellKnownLabels(name, number),
      annotations: { [runtimeAnnotation]: simulatedRuntime },
    },
    spec: { podCIDR: podCidrOf(number), providerID: `everynode://simulated/${name}` },
    status: nodeStatus(undefined, name, number, capacity, nowMs),
  };
}

export function wellKnownLabels(name: string, number: number): Readonly<Record<string, string>> {
  return {
    'kubernetes.io/hostname': name,
    'kubernetes.io/os': 'linux',
    'kubernetes.io/arch': 'amd64',
    'topology.kubernetes.io/region': 'local',
    'topology.kubernetes.io/zone': zones[(number - 1) % zones.length]!,
  };
}

/** The whole status, as it stands after a heartbeat. Capacity that somebody set by hand stays. */
export function nodeStatus(
  before: NodeStatus | undefined,
  name: string,
  number: number,
  capacity: Capacity,
  nowMs: number,
): NodeStatus {
  const offered = before?.capacity ?? capacity;
  return {
    capacity: offered,
    allocatable: before?.allocatable ?? offered,
    conditions: healthyConditions(before?.conditions, nowMs),
    addresses: before?.addresses ?? [
      { type: 'InternalIP', address: nodeAddressOf(number) },
      { type: 'Hostname', address: name },
    ],
    nodeInfo: before?.nodeInfo ?? nodeInfo(name),
  };
}

function nodeInfo(name: string): NonNullable<NodeStatus['nodeInfo']> {
  return {
    architecture: 'amd64',
    bootID: `simulated-${name}`,
    containerRuntimeVersion: 'simulated://1',
    kernelVersion: '0-simulated',
    kubeProxyVersion: '',
    kubeletVersion,
    machineID: name,
    operatingSystem: 'linux',
    osImage: 'Everynode (simulated)',
    systemUUID: name,
  };
}

const healthy: readonly Condition[] = [
  {
    type: 'MemoryPressure',
    status: 'False',
    reason: 'KubeletHasSufficientMemory',
    message: 'kubelet has sufficient memory available',
  },
  {
    type: 'DiskPressure',
    status: 'False',
    reason: 'KubeletHasNoDiskPressure',
    message: 'kubelet has no disk pressure',
  },
  {
    type: 'PIDPressure',
    status: 'False',
    reason: 'KubeletHasSufficientPID',
    message: 'kubelet has sufficient PID available',
  },
  { type: 'Ready', status: 'True', reason: 'KubeletReady', message: 'kubelet is posting ready status' },
];

export function healthyConditions(before: readonly Condition[] | undefined, nowMs: number): readonly Condition[] {
  const now = formatTime(nowMs);
  return healthy.map((condition) => {
    const standing = findCondition(before, condition.type);
    const moved = standing?.status !== condition.status || standing.lastTransitionTime === undefined;
    return { ...condition, lastHeartbeatTime: now, lastTransitionTime: moved ? now : standing.lastTransitionTime };
  });
}

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
