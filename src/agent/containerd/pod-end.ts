// That a pod has to end, or has ended: by itself, deleted, too late, evicted; as what, and with how much patience. Knows
// nothing of its containers; ending those is pod-life.ts.
import { parseTime, type Pod, type Stored } from '../../api/index.ts';
import { type ContainerRecord, type Decree, podPhase } from '../../core/pod/index.ts';
import { gracePeriodMs } from './stop-containers.ts';

export class PodEnd {
  #decree: Decree | undefined;
  /** The decree to be, once its containers have ended: what is reported as failed runs no more. */
  #sentence: Decree | undefined;
  /** When it is over with patience, where that is not the pod's own grace period. */
  #sentenceDeadlineMs: number | undefined;
  /** Deleted from the API while we still had it: ends with its own grace period, and nobody is told. */
  #orphanedMs: number | undefined;

  /** An end that was reported stands, also after a restart of the agent. */
  constructor({ status }: Pod) {
    const phase = status?.phase;
    if (phase === 'Failed' || phase === 'Succeeded') this.#decree = { phase };
  }

  /** What it ended as; undefined while something of it may run. */
  get decree(): Decree | undefined {
    return this.#decree;
  }

  get isOrphaned(): boolean {
    return this.#orphanedMs !== undefined;
  }

  get isSentenced(): boolean {
    return this.#sentence !== undefined;
  }

  orphan(now: number): void {
    this.#orphanedMs ??= now;
  }

  /** @param deadlineMs when its own grace period does not count. */
  sentence(decree: Decree, deadlineMs?: number): void {
    this.#sentence = decree;
    this.#sentenceDeadlineMs = deadlineMs;
  }

  /** Its containers have ended. @param asIs what that makes of it when nobody has decided. */
  conclude(asIs: Decree): void {
    this.#decree ??= this.#sentence ?? asIs;
  }

  /** Nothing of it starts any more. */
  isOver({ spec }: Pod, records: readonly ContainerRecord[]): boolean {
    if (this.#decree !== undefined || this.#sentence !== undefined) return true;
    const phase = podPhase(spec, records);
    return phase === 'Succeeded' || phase === 'Failed';
  }

  /** When what still runs of it is killed. */
  deadlineMs({ metadata, spec }: Stored<Pod>, now: number): number {
    const { deletionTimestamp, deletionGracePeriodSeconds } = metadata;
    if (this.#orphanedMs === undefined && deletionGracePeriodSeconds === 0) return 0;
    const deletion = parseTime(deletionTimestamp);
    if (deletion !== undefined) return deletion;
    return this.#sentenceDeadlineMs ?? (this.#orphanedMs ?? now) + gracePeriodMs(spec);
  }
}
