// One simulated node: which pods it has, what they use of it, which addresses they hold. Takes pods in as a kubelet
// does (known ones are adopted, new ones are checked once) and knows nothing of writing or timing.
import { findCondition, type Node, type Pod, type Stored } from '../../api/index.ts';
import { isKnownToAgent } from '../../core/pod/index.ts';
import { type NodeOffer, nodeOffer } from '../../core/scheduling/index.ts';
import { NodeRoom } from '../node-room.ts';
import { nodeAddressOf, PodAddresses, podCidrOf } from './addresses.ts';
import type { Behaviour } from './misbehaviour.ts';
import type { Capacity } from '../node-report.ts';
import { wellKnownLabels } from './node-object.ts';
import { SimulatedPod, type SimulatedPodOptions } from './simulated-pod.ts';

/** What the fleet decides for all pods. */
export type PodBehaviour = Pick<SimulatedPodOptions, 'behaviourOf' | 'startMs' | 'stopMs' | 'newContainerId'>;

export class SimulatedNode {
  readonly name: string;
  readonly number: number;
  readonly pods = new Map<string, SimulatedPod>();
  readonly #room = new NodeRoom();
  readonly #addresses: PodAddresses;
  readonly #capacity: Capacity;
  #node: Stored<Node>;
  #offer: NodeOffer;
  /** Answers nothing: set by the fleet from the rules. */
  dead = false;
  /** What the node's own annotation asks of its pods: set by the fleet. */
  own: Behaviour | undefined;

  /** @param capacity what the node offers as long as its status does not say: its agent knows before the API does. */
  constructor(node: Stored<Node>, number: number, capacity: Capacity) {
    this.name = node.metadata.name;
    this.number = number;
    this.#capacity = capacity;
    this.#node = node;
    this.#offer = this.#offerOf(node);
    this.#addresses = new PodAddresses(node.spec?.podCIDR ?? podCidrOf(number));
  }

  get node(): Stored<Node> {
    return this.#node;
  }

  /** The node posts its status when it never did, or when somebody declared it lost meanwhile. */
  get mustPostStatus(): boolean {
    const { conditions, capacity } = this.#node.status ?? {};
    return capacity === undefined || findCondition(conditions, 'Ready')?.status !== 'True';
  }

  /** A merge patch with what a kubelet would have registered and this node lacks; undefined when it lacks nothing. */
  get missing(): object | undefined {
    const { metadata, spec } = this.#node;
    const labels = Object.entries(wellKnownLabels(this.name, this.number)).filter(
      ([key]) => metadata.labels?.[key] === undefined,
    );
    if (labels.length === 0 && spec?.podCIDR !== undefined) return undefined;
    return {
      metadata: { uid: metadata.uid, labels: Object.fromEntries(labels) },
      ...(spec?.podCIDR === undefined ? { spec: { podCIDR: podCidrOf(this.number) } } : {}),
    };
  }

  observe(node: Stored<Node>): void {
    this.#node = node;
    this.#offer = this.#offerOf(node);
  }

  /** A pod bound to this node, new or changed. */
  take(pod: Stored<Pod>, behaviour: PodBehaviour, now: number): SimulatedPod {
    const known = this.pods.get(pod.metadata.uid);
    if (known !== undefined) {
      known.observe(pod, now);
      this.settle(known);
      return known;
    }
    const adopted = isKnownToAgent(pod) || isOver(pod);
    const rejection = adopted ? undefined : this.#room.check(pod, this.#offer);
    const hostIP = this.#hostIP();
    const podIP = pod.spec.hostNetwork === true ? hostIP : this.#podIP(pod);
    const grant = (pod: Stored<Pod>) => this.#room.resize(pod, this.#offer);
    const made = new SimulatedPod({ ...behaviour, pod, grant, rejection, hostIP, podIP, now });
    this.pods.set(pod.metadata.uid, made);
    this.settle(made);
    return made;
  }

  /** Counts the pod while it uses something, and no longer. Call it after anything happened to the pod. */
  settle(pod: SimulatedPod): void {
    const { uid } = pod.pod.metadata;
    this.#room.settle(uid, () => pod.claims, !pod.finished && this.pods.has(uid));
  }

  forget(uid: string): void {
    const pod = this.pods.get(uid);
    if (pod === undefined) return;
    this.pods.delete(uid);
    this.settle(pod);
    this.#addresses.release(pod.podIP);
  }

  #offerOf(node: Stored<Node>): NodeOffer {
    const allocatable = node.status?.allocatable ?? node.status?.capacity ?? this.#capacity;
    return nodeOffer({ ...node, status: { allocatable } });
  }

  #hostIP(): string {
    const addresses = this.#node.status?.addresses;
    return addresses?.find(({ type }) => type === 'InternalIP')?.address ?? nodeAddressOf(this.number);
  }

  /** A known pod keeps its address. With none left, the node's own stands in: capacity.pods is the real bound. */
  #podIP(pod: Stored<Pod>): string {
    const before = pod.status?.podIP;
    if (before === undefined) return this.#addresses.take() ?? this.#hostIP();
    this.#addresses.reserve(before);
    return before;
  }
}

function isOver({ status }: Pod): boolean {
  return status?.phase === 'Failed' || status?.phase === 'Succeeded';
}
