// Safety of the status: it is about a generation that exists, its numbers fit together, and "rolled out" is never said
// before every node it counts had a ready pod of the template at some time. Counts lag behind by what a watch is late;
// that they are exact once the world is at rest is checked there (liveness.ts).
import { type DaemonSet, type Pod, resources, type Stored } from '../api/index.ts';
import type { Clock } from '../machinery/index.ts';
import type { Archive, Change } from './archive.ts';
import { isReady, nodeOf, templateKey } from './truth.ts';

export class StatusClaims {
  readonly #server: Archive;
  readonly #violate: (what: string) => void;
  readonly #everReady = new Map<string, Set<string>>();

  constructor(options: {
    readonly server: Archive;
    readonly clock: Clock;
    readonly violate: (what: string) => void;
  }) {
    this.#server = options.server;
    this.#violate = options.violate;
  }

  committed({ resource, object, type }: Change): void {
    if (resource !== 'pods' || type === 'DELETED') return;
    const pod = object as Stored<Pod>;
    const node = nodeOf(pod);
    if (!isReady(pod) || node === undefined) return;
    const key = templateKey(pod.spec);
    const nodes = this.#everReady.get(key) ?? new Set();
    this.#everReady.set(key, nodes);
    nodes.add(node);
  }

  /** A controller wrote this status. */
  claimed({ metadata, spec, status }: Stored<DaemonSet>): void {
    if (status === undefined) return;
    const {
      desiredNumberScheduled: desired,
      numberReady: ready,
      numberAvailable: available = 0,
      updatedNumberScheduled: updated = 0,
      numberUnavailable: unavailable = 0,
      currentNumberScheduled: current,
      observedGeneration = 0,
    } = status;
    const where = `${metadata.name} generation ${metadata.generation}`;
    if (observedGeneration > (metadata.generation ?? 0))
      this.#violate(`${where}: observedGeneration ${observedGeneration} is ahead`);
    const fits =
      [desired, ready, available, updated, unavailable, current].every((count) => count >= 0) &&
      available <= ready &&
      ready <= desired &&
      updated <= desired &&
      current <= desired &&
      available + unavailable === desired;
    if (!fits) this.#violate(`${where}: the numbers do not fit together: ${JSON.stringify(status)}`);
    if (observedGeneration !== metadata.generation || desired === 0 || updated < desired || available < desired) return;
    const proven = this.#everReady.get(templateKey(spec.template.spec))?.size ?? 0;
    const nodes = this.#server.all(resources.nodes).length;
    if (proven < Math.min(desired, nodes))
      this.#violate(`${where}: says rolled out on ${desired} nodes, ${proven} ever had a ready pod of it`);
  }
}
