// Pods that fit nowhere, waiting for the cluster to change. A pod that is pinned to nodes is found by those nodes alone,
// so that an event at one node costs nothing for the pods of the others.
import type { PodView } from './cluster-view.ts';

export class ParkedPods {
  readonly #byNode = new Map<string, Set<string>>();
  readonly #anywhere = new Set<string>();
  readonly #pins = new Map<string, readonly string[]>();

  park(pod: PodView): void {
    this.remove(pod.key);
    const { pinnedTo } = pod.demand;
    if (pinnedTo === undefined) {
      this.#anywhere.add(pod.key);
      return;
    }
    this.#pins.set(pod.key, pinnedTo);
    for (const node of pinnedTo) {
      const keys = this.#byNode.get(node) ?? new Set();
      this.#byNode.set(node, keys.add(pod.key));
    }
  }

  remove(key: string): void {
    this.#anywhere.delete(key);
    for (const node of this.#pins.get(key) ?? []) {
      const keys = this.#byNode.get(node);
      keys?.delete(key);
      if (keys?.size === 0) this.#byNode.delete(node);
    }
    this.#pins.delete(key);
  }

  /** Those that could only ever run on this node (and its fellows in their affinity). */
  pinnedTo(nodeName: string): readonly string[] {
    return [...(this.#byNode.get(nodeName) ?? [])];
  }

  /** Those that any node might take. */
  anywhere(): readonly string[] {
    return [...this.#anywhere];
  }
}
