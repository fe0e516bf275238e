// The door to agent/: what runs pods. Simulated nodes now; containerd is to come beside them.
export {
  type MisbehaviourRule,
  parseMisbehaviourRule,
  RuleError,
  runtimeAnnotation,
  simulateAnnotation,
  type SimulatedFleetOptions,
  startSimulatedFleet,
} from './simulated/index.ts';
