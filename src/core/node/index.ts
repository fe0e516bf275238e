// The door to core/node/: health, taints, eviction, and the pods nobody else cleans up.
export { evictionDelayMs } from './eviction.ts';
export {
  conditionsOfLostNode,
  firstHeartbeat,
  type HealthOptions,
  type Heartbeat,
  isNotReady,
  lostAt,
  nextHeartbeat,
} from './health.ts';
export { type FinishedPod, isFinished, isUnscheduledAndTerminating, surplusFinished } from './pod-garbage.ts';
export { wantedTaints } from './taints.ts';
