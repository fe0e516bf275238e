// The door to the garbage collector of owned objects.
export { type GarbageCollectorOptions, runGarbageCollector } from './garbage-collector.ts';
