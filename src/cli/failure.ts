// What a command ends with when it cannot do as asked: one line for the user and an exit code, never a stack trace.

/** The command was asked for something that cannot be done: bad arguments, files, or a state it refuses to touch. */
export const refusedExitCode = 2;
/** Something failed that the user did not cause. */
const failedExitCode = 1;

/** One line for stderr, written for the user. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
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
