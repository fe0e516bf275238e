// The one place that knows pino. Fields whose name says secret are masked here, whoever logs them.
import { pino, type Logger as Pino } from 'pino';
import type { LogFields, Logger, LogLevel } from './logger.ts';

export interface LoggerOptions {
  readonly level?: LogLevel | 'silent';
  /** Where the JSON lines go; the default is stderr, for stdout belongs to what a command prints. */
  readonly destination?: { write(line: string): void };
}

const secretNames = ['token', 'authorization', 'password', 'clientKey', 'key', 'secret', 'kubeconfig'];
const paths = secretNames.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]);

/** One JSON object per line: `{"level":"info","time":"…","message":"…", …fields}`. */
export function createLogger({ level = 'info', destination }: LoggerOptions = {}): Logger {
  const options = {
    level,
    base: null,
    messageKey: 'message',
    redact: { paths, censor: '(hidden)' },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    serializers: { error: describeError },
  };
  return wrap(pino(options, destination ?? pino.destination({ fd: 2, sync: true })));
}

function wrap(inner: Pino): Logger {
  const at =
    (level: LogLevel) =>
    (message: string, fields: LogFields = {}) =>
      inner[level](fields, message);
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: (fields) => wrap(inner.child(fields)),
  };
}

/** Errors as message, reason and causes; the stack only where nobody foresaw the error. */
function describeError(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const { reason, code } = error as { reason?: unknown; code?: unknown };
  return {
    name: error.name,
    message: error.message,
    ...(reason === undefined ? {} : { reason }),
    ...(code === undefined ? {} : { code }),
    ...(error.cause === undefined ? {} : { cause: describeError(error.cause) }),
    ...(reason === undefined ? { stack: error.stack } : {}),
  };
}
