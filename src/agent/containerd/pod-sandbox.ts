// The sandbox of one pod over its life: the one that there is, and another when it is lost. Making one is
// start-sandbox.ts.
import type { Pod, Stored } from '../../api/index.ts';
import { describeFailure } from '../cri/index.ts';
import type { NodeContext } from './context.ts';
import type { SetUpTrouble } from './pod-volumes.ts';
import type { Sandbox } from './runtime.ts';
import { adoptSandbox, type RunningSandbox, startSandbox } from './start-sandbox.ts';

export class PodSandbox {
  readonly #context: NodeContext;
  #current: RunningSandbox | undefined;
  #nextAttempt = 0;

  constructor(context: NodeContext) {
    this.#context = context;
  }

  /** Undefined while there is none that runs. */
  get current(): RunningSandbox | undefined {
    return this.#current;
  }

  /**
   * @param sandboxes what the runtime has of the pod, the newest first.
   * @returns whether one was lost, and with it all that ran in it.
   */
  async see(pod: Stored<Pod>, [newest]: readonly Sandbox[], signal: AbortSignal): Promise<{ readonly lost: boolean }> {
    this.#nextAttempt = Math.max(this.#nextAttempt, (newest?.attempt ?? -1) + 1);
    if (newest?.ready !== true) {
      this.#current = undefined;
      return { lost: newest !== undefined };
    }
    if (this.#current?.id !== newest.id) this.#current = await adoptSandbox(this.#context, pod, newest, signal);
    return { lost: false };
  }

  /** Rejects only when the signal aborts. */
  async start(pod: Stored<Pod>, signal: AbortSignal): Promise<SetUpTrouble | undefined> {
    try {
      this.#current = await startSandbox(this.#context, pod, this.#nextAttempt++, signal);
      return undefined;
    } catch (error) {
      if (signal.aborted) throw error;
      return { reason: 'FailedCreatePodSandBox', message: `Failed to create pod sandbox: ${describeFailure(error)}` };
    }
  }
}
