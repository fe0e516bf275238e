// The door to the simulated runtime.
export { type SimulatedFleet, type SimulatedFleetOptions, startSimulatedFleet } from './fleet.ts';
export {
  type Behaviour,
  type MisbehaviourRule,
  parseBehaviour,
  parseMisbehaviourRule,
  RuleError,
  simulateAnnotation,
} from './misbehaviour.ts';
export { isSimulated, runtimeAnnotation } from './node-object.ts';
