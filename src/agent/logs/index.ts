// The door to logs/: what `kubectl logs` shows of a container's log.
export type { LogLine } from './log-line.ts';
export { openIfThere } from './log-files.ts';
export { createLogPrinter } from './log-printer.ts';
export { type LogSource, readLog } from './read-log.ts';
export { type LogTail, readLogTail } from './log-tail.ts';
