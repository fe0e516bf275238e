// The one shape of a controller: what it is given when it starts, and what its starter returns. A controller stops by
// its signal alone; `stopped` is how the host supervises it.
import type { Logger } from '../observe/index.ts';
import type { Clock } from './clock.ts';
import type { Random } from './random.ts';

/** What every controller is given. `Client` is the API server as client/ defines it (`ControllerContext` there). */
export interface ControllerDependencies<Client> {
  readonly client: Client;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** Aborting it stops the controller. */
  readonly signal: AbortSignal;
}

export interface RunningController {
  readonly name: string;
  /** Resolves when the first complete lists are in; rejects when stopped before that. */
  readonly synced: Promise<void>;
  /** Resolves after the signal, when nothing of the controller runs any more; rejects on a programmer error. */
  readonly stopped: Promise<void>;
}

/** A reflector, queue, recorder …: anything of a controller that runs until the signal. */
export interface Part {
  readonly synced?: Promise<void>;
  readonly stopped: Promise<void>;
}

/** One controller of several parts: synced when all are, stopped when all are. */
export function composeController(name: string, parts: readonly Part[]): RunningController {
  const synced = Promise.all(parts.map((part) => part.synced ?? Promise.resolve())).then(() => undefined);
  const stopped = Promise.all(parts.map((part) => part.stopped)).then(() => undefined);
  // Whoever awaits these gets the rejection; whoever does not must not be crashed by an ordinary early stop.
  synced.catch(() => undefined);
  return { name, synced, stopped };
}
