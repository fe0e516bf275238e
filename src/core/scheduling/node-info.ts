// A node as the scheduler and the node's own admission see it: what it offers, and what the pods on it already use.
// The offer is immutable and replaced with the node; the usage is a running sum, O(1) per pod that comes or goes.
import type { Labels, Node, Taint } from '../../api/index.ts';
import { type Amounts, parseAmounts } from './amounts.ts';
import { everyAddress, type HostPort, type PodDemand } from './demand.ts';

export interface NodeOffer {
  readonly name: string;
  readonly labels: Labels;
  /** Those that keep pods away: NoSchedule and NoExecute. */
  readonly taints: readonly Taint[];
  readonly unschedulable: boolean;
  /** status.allocatable, or capacity while there is none. */
  readonly allocatable: Amounts;
}

export function nodeOffer(node: Node): NodeOffer {
  return {
    name: node.metadata.name ?? '',
    labels: node.metadata.labels ?? {},
    taints: (node.spec?.taints ?? []).filter(({ effect }) => effect === 'NoSchedule' || effect === 'NoExecute'),
    unschedulable: node.spec?.unschedulable === true,
    allocatable: parseAmounts(node.status?.allocatable ?? node.status?.capacity),
  };
}

export class NodeUsage {
  readonly #requests = new Map<string, number>();
  readonly #weights = new Map<string, number>();
  /** `TCP/80` → address → number of pods that hold it. */
  readonly #ports = new Map<string, Map<string, number>>();
  #pods = 0;

  get pods(): number {
    return this.#pods;
  }

  requested(resource: string): number {
    return this.#requests.get(resource) ?? 0;
  }

  /** The sum of the pods' weights: for comparing nodes, not for fitting. */
  weight(resource: string): number {
    return this.#weights.get(resource) ?? 0;
  }

  add(demand: PodDemand): void {
    this.#change(demand, 1);
  }

  remove(demand: PodDemand): void {
    this.#change(demand, -1);
  }

  /** Whether another pod holds this port on an overlapping address (framework HostPortInfo.CheckConflict). */
  isTaken({ port, protocol, ip }: HostPort): boolean {
    const holders = this.#ports.get(`${protocol}/${port}`);
    if (holders === undefined) return false;
    return ip === everyAddress || holders.has(ip) || holders.has(everyAddress);
  }

  #change(demand: PodDemand, sign: 1 | -1): void {
    this.#pods += sign;
    for (const [name, amount] of demand.requests)
      this.#requests.set(name, (this.#requests.get(name) ?? 0) + sign * amount);
    for (const [name, amount] of demand.weight) this.#weights.set(name, (this.#weights.get(name) ?? 0) + sign * amount);
    for (const { port, protocol, ip } of demand.hostPorts) {
      const key = `${protocol}/${port}`;
      const holders = this.#ports.get(key) ?? new Map<string, number>();
      const count = (holders.get(ip) ?? 0) + sign;
      if (count > 0) holders.set(ip, count);
      else holders.delete(ip);
      if (holders.size > 0) this.#ports.set(key, holders);
      else this.#ports.delete(key);
    }
  }
}

export interface NodeInfo {
  readonly offer: NodeOffer;
  readonly usage: NodeUsage;
}

/** Whether two offers of a node mean the same to a pod (a heartbeat changes none of it). */
export function isSameOffer(left: NodeOffer, right: NodeOffer): boolean {
  return fingerprint(left) === fingerprint(right);
}

function fingerprint({ labels, taints, unschedulable, allocatable }: NodeOffer): string {
  return JSON.stringify([labels, taints, unschedulable, [...allocatable]]);
}
