// The log of what is simulated: nobody reads it, but a bug that is caught, told to the log and tried again is a bug.
import { StatusError } from '../api/index.ts';
import { type LogFields, type Logger } from '../observe/index.ts';

/** Calls `failed` with every error that is logged and that no API server or network ever gave. */
export function listeningLogger(failed: (error: unknown) => void): Logger {
  const hear = (_: string, fields?: LogFields) => {
    const error = fields?.['error'];
    if (error instanceof Error && !(error instanceof StatusError)) failed(error);
  };
  const logger: Logger = { debug: hear, info: hear, warn: hear, error: hear, child: () => logger };
  return logger;
}
