// The door to logs/: what `kubectl logs` shows of a container's log.
export type { LogLine } from './log-line.ts';
export { createLogPrinter } from './log-printer.ts';
export { type LogSource, readLog } from './read-log.ts';
