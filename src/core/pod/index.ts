// The door to core/pod/: what a node agent does next with a pod, and what it says about it. Shared by every runtime.
export { admitPod, admitResize, type Rejection } from './admission.ts';
export { adoptRecords, isKnownToAgent } from './adoption.ts';
export { formatDuration, formatPreciseDuration, pullDelayMs, pullErrorShownMs, restartDelayMs } from './back-off.ts';
export { chooseLog, type LogChoice } from './container-log.ts';
export {
  type Attempt,
  beginAttempt,
  type ContainerKind,
  type ContainerRecord,
  type Exit,
  containersInOrder,
  exitAttempt,
  failPull,
  loseSandbox,
  newRecords,
  isInit,
  probed,
  refuseAttempt,
  runAttempt,
  withNewContainers,
} from './container-record.ts';
export { deadlineExceeded, deadlineMs } from './deadline.ts';
export { fieldValue, type NodeFacts, resourceValue } from './downward.ts';
export {
  ConfigError,
  containerEnvironment,
  decodeSecret,
  type EnvironmentContext,
  missingObject,
  type Sources,
} from './environment.ts';
export { expand } from './expand.ts';
export {
  allocatedSpec,
  followImages,
  grantResources,
  outdated,
  type Resize,
  resizesDue,
  type ResizeState,
  startAnew,
  wantsResize,
} from './in-place.ts';
export { type PodPhase, podPhase } from './phase.ts';
export { planPod, type PodPlan, restartAt } from './plan.ts';
export { afterAnswer, freshProbe, type ProbeAnswer, type ProbeKind, type ProbeState, probeTiming } from './probe.ts';
export { type KernelLimits, kernelLimits, podMemoryLimitBytes } from './resource-limits.ts';
export { adoptContainers, exitOf, observeContainers, type RuntimeContainer } from './runtime-container.ts';
export { type Decree, type PodFacts, podStatus, rejectedStatus, sameStatus } from './status.ts';
export { type Trouble, troubleOf } from './trouble.ts';
