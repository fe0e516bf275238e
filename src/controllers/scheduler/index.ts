// The door to the scheduler.
export { runScheduler, type SchedulerOptions } from './scheduler.ts';
