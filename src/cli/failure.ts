// What a command ends with when it cannot do as asked: one line for the user and an exit code, never a stack trace.
import { StatusError } from '../api/index.ts';

/** The command was asked for something that cannot be done: bad arguments, files, or a state it refuses to touch. */
export const refusedExitCode = 2;
/** Something failed that the user did not cause. */
const failedExitCode = 1;

/** One line for stderr, written for the user. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
}

/** Reasons that are not of the object: whoever asks again, or is somebody else, may be answered. */
const notOfTheObject: ReadonlySet<string> = new Set(['Unauthorized', 'Forbidden', 'TooManyRequests']);

/** What an API server says of an object is the user's to mend, in its own words: they name the object and the field. */
export function asRefusal(error: unknown): unknown {
  if (!(error instanceof StatusError) || error.code >= 500 || notOfTheObject.has(error.reason)) return error;
  return new Refusal(error.message, { cause: error });
}

export interface Ending {
  readonly line: string;
  readonly exitCode: number;
}

/** How to end after this error. Anything but a Refusal is our failure or the machine's, and says so by exit code 1. */
export function endingFor(error: unknown): Ending {
  const message = error instanceof Error ? error.message : String(error);
  const line = `everynode: ${message.replaceAll(/\s*\n\s*/g, ' ').trim()}`;
  return { line, exitCode: error instanceof Refusal ? refusedExitCode : failedExitCode };
}
