// The door to core/pod/: what a node agent does next with a pod, and what it says about it. Shared by every runtime.
export { admitPod, type Rejection } from './admission.ts';
export { adoptRecords, isKnownToAgent } from './adoption.ts';
export { formatDuration, pullDelayMs, restartDelayMs } from './back-off.ts';
export {
  type Attempt,
  beginAttempt,
  type ContainerKind,
  type ContainerRecord,
  type Exit,
  exitAttempt,
  failPull,
  newRecords,
  probed,
  runAttempt,
} from './container-record.ts';
export { type PodPhase, podPhase } from './phase.ts';
export { planPod, type PodPlan, restartAt } from './plan.ts';
export { type Decree, type PodFacts, podStatus, rejectedStatus, sameStatus } from './status.ts';
