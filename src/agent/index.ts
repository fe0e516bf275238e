// The door to agent/: what runs pods. Simulated nodes, and this machine as a node with real containers.
export {
  type ContainerdNodeOptions,
  defaultContainerdSocket,
  defaultNodeDirectory,
  defaultPodCidr,
  machineNodeName,
  NodeStartError,
  startContainerdNode,
} from './containerd/index.ts';
export { apiServerName, type KubeletTls } from './kubelet-api/index.ts';
export {
  isSimulated as isSimulatedNode,
  type MisbehaviourRule,
  parseMisbehaviourRule,
  RuleError,
  runtimeAnnotation,
  simulateAnnotation,
  type SimulatedFleet,
  type SimulatedFleetOptions,
  startSimulatedFleet,
} from './simulated/index.ts';
