// What a simulated node says about itself: the Node it registers, and its status. Pure shapes; who writes them
// when is registration.ts and heartbeats.ts.
import type { Node, NodeStatus } from '../../api/index.ts';
import { type Capacity, kubeletVersion, nodeConditions } from '../node-report.ts';
import { nodeAddressOf, podCidrOf } from './addresses.ts';

/** Nodes with this annotation are run by the fleet, whoever created them. */
export const runtimeAnnotation = 'everynode.dev/runtime';
export const simulatedRuntime = 'simulated';

const zones = ['local-a', 'local-b', 'local-c'];

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
    conditions: nodeConditions(before?.conditions, {}, nowMs),
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
