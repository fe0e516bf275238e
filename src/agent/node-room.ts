// What the pods of one node use of it, and whether one more fits: the check that a node makes once, when it first sees a
// pod, and again when a pod asks for other resources. Pods that are over use nothing.
import type { Pod, PodSpec, Stored } from '../api/index.ts';
import { admitPod, admitResize, type Rejection, type ResizeState } from '../core/pod/index.ts';
import { type NodeOffer, NodeUsage, type PodDemand, podDemand } from '../core/scheduling/index.ts';

export class NodeRoom {
  readonly #usage = new NodeUsage();
  readonly #counted = new Map<string, PodDemand>();

  /** Undefined when the pod fits. */
  check({ spec }: Pod, offer: NodeOffer): Rejection | undefined {
    return admitPod(podDemand(spec), { offer, usage: this.#usage });
  }

  /** Counts what a pod asks for now instead of what it had; undefined = it fits. */
  resize({ metadata: { uid }, spec }: Stored<Pod>, offer: NodeOffer): ResizeState | undefined {
    const before = this.#counted.get(uid);
    if (before !== undefined) this.#usage.remove(before);
    const demand = podDemand(spec);
    const refusal = admitResize(demand, { offer, usage: this.#usage });
    const counted = refusal === undefined ? demand : before;
    if (counted === undefined) return refusal;
    this.#counted.set(uid, counted);
    this.#usage.add(counted);
    return refusal;
  }

  /** Counts the pod while it uses something, and no longer. @param claims its spec with what its containers were granted. */
  settle(uid: string, claims: () => PodSpec, uses: boolean): void {
    const counted = this.#counted.get(uid);
    if (uses === (counted !== undefined)) return;
    if (counted !== undefined) {
      this.#counted.delete(uid);
      this.#usage.remove(counted);
      return;
    }
    const demand = podDemand(claims());
    this.#counted.set(uid, demand);
    this.#usage.add(demand);
  }
}
