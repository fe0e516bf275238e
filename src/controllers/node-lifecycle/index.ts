// The door to node-lifecycle.
export { type NodeLifecycleOptions, runNodeLifecycle } from './node-lifecycle.ts';
