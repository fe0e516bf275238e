// What the ends of containers mean: told as events where one waits for its next start, and, all together, for a pod that
// was asked to go. The messages that they leave are exit-messages.ts.
import type { Pod, Stored } from '../../api/index.ts';
import { type ContainerRecord, pullErrorShownMs, restartAt } from '../../core/pod/index.ts';
import type { TellPod } from './context.ts';

/** Tells of each container that waits for its next start, or for the next try to pull its image: once a wait. */
export class BackOffTeller {
  readonly #tell: TellPod;
  /** Container → since when it waits. */
  readonly #told = new Map<string, number>();

  constructor(tell: TellPod) {
    this.#tell = tell;
  }

  look(pod: Stored<Pod>, records: readonly ContainerRecord[], now: number): void {
    for (const record of records) {
      const { attempt, name, image } = record;
      if (attempt.is === 'pull-failed' && now >= attempt.failedMs + pullErrorShownMs) {
        if (!this.#isNew(name, attempt.failedMs)) continue;
        this.#tell(pod, 'Normal', 'BackOff', `Back-off pulling image "${image}"`);
        this.#tell(pod, 'Warning', 'Failed', 'Error: ImagePullBackOff');
      }
      const due = restartAt(pod.spec, record);
      if (attempt.is !== 'exited' || due === undefined || due <= now) continue;
      if (!this.#isNew(name, attempt.exit.finishedMs)) continue;
      const title = `${pod.metadata.name}_${pod.metadata.namespace}(${pod.metadata.uid})`;
      this.#tell(pod, 'Warning', 'BackOff', `Back-off restarting failed container ${name} in pod ${title}`);
    }
  }

  #isNew(name: string, sinceMs: number): boolean {
    if (this.#told.get(name) === sinceMs) return false;
    this.#told.set(name, sinceMs);
    return true;
  }
}

/** What a pod that was deleted ends as (kubelet: TerminatePod): failed unless each container did what it was to do. */
export function finalPhase(records: readonly ContainerRecord[]): 'Succeeded' | 'Failed' {
  const main = records.filter(({ kind }) => kind === 'main');
  return main.every(({ attempt }) => attempt.is === 'exited' && attempt.exit.exitCode === 0) ? 'Succeeded' : 'Failed';
}
