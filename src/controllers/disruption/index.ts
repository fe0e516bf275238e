// The door to the disruption controller.
export { runDisruption } from './disruption.ts';
