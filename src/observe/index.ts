// The door to observe/: logs now, metrics and health later. One wrapper per library.
export { createLogger, type LoggerOptions } from './log.ts';
export { type LogFields, type Logger, type LogLevel, silentLogger } from './logger.ts';
