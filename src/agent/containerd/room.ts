// What the pods of this node use of it, and whether one more fits: the check that a node makes once, when it first sees
// a pod. Pods that are over use nothing.
import type { Node, Pod, PodSpec, Stored } from '../../api/index.ts';
import { admitPod, admitResize, type Rejection, type ResizeState } from '../../core/pod/index.ts';
import { nodeOffer, NodeUsage, type PodDemand, podDemand } from '../../core/scheduling/index.ts';

export class NodeRoom {
  readonly #usage = new NodeUsage();
  readonly #counted = new Map<string, PodDemand>();

  /** Undefined when the pod fits. */
  check(pod: Pod, node: Node): Rejection | undefined {
    return admitPod(podDemand(pod.spec), { offer: nodeOffer(node), usage: this.#usage });
  }

  /** Counts what a pod asks for now instead of what it had; undefined = it fits. */
  resize({ metadata: { uid }, spec }: Stored<Pod>, node: Node): ResizeState | undefined {
    const before = this.#counted.get(uid);
    if (before !== undefined) this.#usage.remove(before);
    const demand = podDemand(spec);
    const refusal = admitResize(demand, { offer: nodeOffer(node), usage: this.#usage });
    const counted = refusal === undefined ? demand : before;
    if (counted === undefined) return refusal;
    this.#counted.set(uid, counted);
    this.#usage.add(counted);
    return refusal;
  }

  /** Counts the pod while it uses something, and no longer. @param spec with what its containers were granted. */
  settle(uid: string, spec: PodSpec, uses: boolean): void {
    const counted = this.#counted.get(uid);
    if (uses === (counted !== undefined)) return;
    if (counted !== undefined) {
      this.#counted.delete(uid);
      this.#usage.remove(counted);
      return;
    }
    const demand = podDemand(spec);
    this.#counted.set(uid, demand);
    this.#usage.add(demand);
  }
}
