// The door to agent/: what runs pods. Simulated nodes, and this machine as a node with real containers.
export {
  type ContainerdNodeOptions,
  defaultContainerdSocket,
  defaultNodeDirectory,
  machineNodeName,
  NodeStartError,
  startContainerdNode,
} from './containerd/index.ts';
export {
  type MisbehaviourRule,
  parseMisbehaviourRule,
  RuleError,
  runtimeAnnotation,
  simulateAnnotation,
  type SimulatedFleetOptions,
  startSimulatedFleet,
} from './simulated/index.ts';
