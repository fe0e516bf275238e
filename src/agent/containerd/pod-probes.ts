// The probes of one pod over its life: what they found goes into the records, and whom they want gone is told. Ending those
// is pod-life.ts.
import type { Pod, Stored } from '../../api/index.ts';
import { type ContainerRecord, probed } from '../../core/pod/index.ts';
import type { NodeContext, PodHost, TellPod } from './context.ts';
import { createProber, type Prober } from './probes/prober.ts';

/** A container that has to go. */
export interface Unhealthy {
  /** With the runtime's name: `containerd://…` */
  readonly id: string;
  readonly name: string;
  /** Which of its probes says so. */
  readonly kind: 'startup' | 'liveness';
}

export class PodProbes {
  readonly #prober: Prober;
  readonly #unhealthy = new Map<string, Unhealthy>();

  constructor(context: NodeContext, host: PodHost, tell: TellPod, uid: string) {
    this.#prober = createProber({
      context,
      tell,
      changed() {
        host.wake(uid);
        // It may be busy, even for as long as its grace period: its status can be told all the same.
        host.changed(uid);
      },
      unhealthy: (name, id, kind) => {
        this.#unhealthy.set(id, { id, name, kind });
        host.wake(uid);
      },
    });
  }

  follow(pod: Stored<Pod>, records: readonly ContainerRecord[], address: string): void {
    this.#prober.follow(pod, records, address);
  }

  withFindings(records: readonly ContainerRecord[]): readonly ContainerRecord[] {
    return records.map((record) => {
      const { attempt } = record;
      const findings = attempt.is === 'running' ? this.#prober.findings(attempt.containerId) : undefined;
      return findings === undefined ? record : probed(record, findings);
    });
  }

  get unhealthy(): readonly Unhealthy[] {
    return [...this.#unhealthy.values()];
  }

  ended({ id }: Unhealthy): void {
    this.#unhealthy.delete(id);
  }

  /** Only whether it is ready matters from now on. */
  leave(): void {
    this.#prober.leave();
  }

  stop(): void {
    this.#prober.stop();
  }
}
