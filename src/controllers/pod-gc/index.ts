// The door to pod-gc.
export { type PodGcOptions, runPodGc } from './pod-gc.ts';
