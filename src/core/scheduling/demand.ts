// What one pod demands of a node, compiled once: which nodes it may name, its predicate on labels, tolerations, requests
// and host ports. Everything that fitting needs of a pod, and nothing else; the pod itself need not be kept.
import {
  compileNodeSelector,
  nodeNameField,
  type NodePredicate,
  type NodeSelectorTerm,
  type PodSpec,
  taintKeys,
  tolerates,
  type Toleration,
} from '../../api/index.ts';
import { type Amounts, podRequests, podWeight } from './amounts.ts';

export interface HostPort {
  readonly port: number;
  /** TCP | UDP | SCTP */
  readonly protocol: string;
  /** 0.0.0.0 = every address of the node. */
  readonly ip: string;
}

export interface PodDemand {
  readonly priority: number;
  /** spec.preemptionPolicy Never: it waits for room, it takes none. */
  readonly preempts: boolean;
  /** spec.nodeName: this node or none. */
  readonly nodeName: string | undefined;
  /** The only nodes its affinity can match, by `matchFields metadata.name` in every term; undefined = any node. */
  readonly pinnedTo: readonly string[] | undefined;
  /** nodeSelector AND required node affinity. */
  readonly matchesNode: NodePredicate;
  readonly tolerations: readonly Toleration[];
  readonly toleratesUnschedulable: boolean;
  readonly requests: Amounts;
  /** CPU and memory for comparing nodes: what is requested, or what is assumed of those that request nothing. */
  readonly weight: Amounts;
  readonly hostPorts: readonly HostPort[];
}

export function podDemand(spec: PodSpec): PodDemand {
  const tolerations = spec.tolerations ?? [];
  const requests = podRequests(spec);
  const terms = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;
  return {
    priority: spec.priority ?? 0,
    preempts: spec.preemptionPolicy !== 'Never',
    nodeName: spec.nodeName === '' ? undefined : spec.nodeName,
    pinnedTo: pinnedNodes(terms),
    matchesNode: nodePredicate(spec),
    tolerations,
    toleratesUnschedulable: tolerations.some((toleration) => tolerates(toleration, unschedulableTaint)),
    requests,
    weight: podWeight(requests),
    hostPorts: hostPorts(spec),
  };
}

/** A cordoned node may be used by whoever tolerates the taint that stands for it (plugin NodeUnschedulable). */
const unschedulableTaint = { key: taintKeys.unschedulable, effect: 'NoSchedule' };

/** nodeSelector and required affinity must both match (component-helpers GetRequiredNodeAffinity). */
function nodePredicate(spec: PodSpec): NodePredicate {
  const wanted = Object.entries(spec.nodeSelector ?? {});
  const required = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  const affinity = required === undefined ? undefined : compileNodeSelector(required);
  return (labels, nodeName) =>
    wanted.every(([key, value]) => labels !== undefined && Object.hasOwn(labels, key) && labels[key] === value) &&
    (affinity === undefined || affinity(labels, nodeName));
}

/** NodeAffinity's PreFilter: terms are ORed, so one term that names no node leaves every node open. */
function pinnedNodes(terms: readonly NodeSelectorTerm[] | undefined): readonly string[] | undefined {
  if (terms === undefined || terms.length === 0) return undefined;
  const names = new Set<string>();
  for (const term of terms) {
    const pins = term.matchFields?.filter(({ key, operator }) => key === nodeNameField && operator === 'In') ?? [];
    if (pins.length === 0) return undefined;
    const [first, ...others] = pins.map(({ values }) => values ?? []);
    for (const name of first!) if (others.every((names) => names.includes(name))) names.add(name);
  }
  return [...names];
}

/** Ports of the containers and of the sidecars (schedutil.GetHostPorts); other init containers hold no port for long. */
function hostPorts(spec: PodSpec): readonly HostPort[] {
  const sidecars = (spec.initContainers ?? []).filter((container) => container.restartPolicy === 'Always');
  return [...spec.containers, ...sidecars].flatMap((container) =>
    (container.ports ?? [])
      .filter(({ hostPort = 0 }) => hostPort > 0)
      .map(({ hostPort, protocol = 'TCP', hostIP = '' }) => ({
        port: hostPort!,
        protocol,
        ip: hostIP === '' ? everyAddress : hostIP,
      })),
  );
}

export const everyAddress = '0.0.0.0';
