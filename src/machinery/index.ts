// The door to machinery/: time, chance and the moving parts that every controller is built of. Knows no client.
export {
  type AdaptiveConcurrency,
  type AdaptiveConcurrencyOptions,
  createAdaptiveConcurrency,
} from './adaptive-concurrency.ts';
export { type BackOff, type BackOffOptions, createBackOff } from './back-off.ts';
export { type Clock, followedClock, ownClock, sleep, steadyClock, steadyNow, systemClock } from './clock.ts';
export { composeController, type ControllerDependencies, type Part, type RunningController } from './controller.ts';
export {
  createEventRecorder,
  type EventRecorder,
  type EventRecorderOptions,
  type EventSink,
  referenceTo,
} from './event-recorder.ts';
export {
  invalidElectionTimes,
  type LeaderElection,
  leaderElectionDefaults,
  type LeaderElectionOptions,
  type LeaseLock,
  startLeaderElection,
  type Term,
} from './leader-election.ts';
export { joinStreams } from './join-streams.ts';
export { makeDirectory } from './make-directory.ts';
export { type Random, seededRandom, systemRandom } from './random.ts';
export {
  agrees,
  type Difference,
  type DriftKind,
  findDifferences,
  type Identity,
  versionNumber,
} from './picture-check.ts';
export {
  type Held,
  keyOf,
  type Reflector,
  type ReflectorHandlers,
  type ReflectorOptions,
  startReflector,
} from './reflector.ts';
export { type ListPage, readPages, type Source, type WatchStart } from './reflector-list.ts';
export { createTimerHeap, type TimerHeap } from './timer-heap.ts';
export { createVirtualClock, type VirtualClock } from './virtual-clock.ts';
export {
  type AddOptions,
  createWorkQueue,
  type Priority,
  type WorkOutcome,
  type WorkQueue,
  type WorkQueueOptions,
} from './work-queue.ts';
export { formatYaml, parseYaml, YamlError } from './yaml.ts';
export { onAbort } from './on-abort.ts';
