// What the pods of this node use of it, and whether one more fits: the check that a node makes once, when it first sees
// a pod. Pods that are over use nothing.
import type { Node, Pod, Stored } from '../../api/index.ts';
import { admitPod, type Rejection } from '../../core/pod/index.ts';
import { nodeOffer, NodeUsage, type PodDemand, podDemand } from '../../core/scheduling/index.ts';

export class NodeRoom {
  readonly #usage = new NodeUsage();
  readonly #counted = new Map<string, PodDemand>();

  /** Undefined when the pod fits. */
  check(pod: Pod, node: Node): Rejection | undefined {
    return admitPod(podDemand(pod.spec), { offer: nodeOffer(node), usage: this.#usage });
  }

  /** Counts the pod while it uses something, and no longer. */
  settle(pod: Stored<Pod>, uses: boolean): void {
    const { uid } = pod.metadata;
    const counted = this.#counted.get(uid);
    if (uses === (counted !== undefined)) return;
    if (counted !== undefined) {
      this.#counted.delete(uid);
      this.#usage.remove(counted);
      return;
    }
    const demand = podDemand(pod.spec);
    this.#counted.set(uid, demand);
    this.#usage.add(demand);
  }
}
