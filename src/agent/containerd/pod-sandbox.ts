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
  #lost = false;

  constructor(context: NodeContext) {
    this.#context = context;
  }

  /** Undefined while there is none that runs. */
  get current(): RunningSandbox | undefined {
    return this.#current;
  }

  /** There was one, and it does not run any more. */
  get lost(): boolean {
    return this.#lost;
  }

  /** @param sandboxes what the runtime has of the pod, the newest first. */
  async see(pod: Stored<Pod>, [newest]: readonly Sandbox[], signal: AbortSignal): Promise<void> {
    this.#nextAttempt = Math.max(this.#nextAttempt, (newest?.attempt ?? -1) + 1);
    this.#lost = newest !== undefined && !newest.ready;
    if (newest?.ready !== true) this.#current = undefined;
    else if (this.#current?.id !== newest.id) this.#current = await adoptSandbox(this.#context, pod, newest, signal);
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
