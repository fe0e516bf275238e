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
export {
  defaultImageGarbagePolicy,
  type DiskFigures,
  imageGarbage,
  type ImageGarbagePolicy,
  type KnownImage,
} from './image-garbage.ts';
export {
  type ContainerUse,
  firstVictim,
  hasStorageBound,
  type PodUse,
  refusedUnderPressure,
  type Starved,
  starvedMessage,
  storageFault,
  type Tenant,
} from './pod-eviction.ts';
export { type FinishedPod, isFinished, isUnscheduledAndTerminating, surplusFinished } from './pod-garbage.ts';
export { wantedTaints } from './taints.ts';
