// Does this pod fit this node, and if not, why not: kube-scheduler's filters in its order, each reason as data and in its
// words. One pod, one node; choosing among nodes is place.ts.
import { findUntolerated, type Taint } from '../../api/index.ts';
import type { PodDemand } from './demand.ts';
import type { NodeInfo } from './node-info.ts';

/** Named as kube-scheduler's plugins are. */
export type Misfit =
  | { readonly plugin: 'NodeUnschedulable' | 'NodeName' | 'NodeAffinity' | 'NodePorts' }
  | { readonly plugin: 'TaintToleration'; readonly taint: Taint }
  | {
      readonly plugin: 'NodeResourcesFit';
      readonly resource: string;
      readonly requested: number;
      readonly used: number;
      readonly capacity: number;
    };

const fits: readonly Misfit[] = [];

/** What keeps the pod off the node: the first filter that objects, with all of its objections. Empty = it fits. */
export function misfits(demand: PodDemand, node: NodeInfo): readonly Misfit[] {
  const { offer } = node;
  if (offer.unschedulable && !demand.toleratesUnschedulable) return [{ plugin: 'NodeUnschedulable' }];
  if (!isNamed(demand, offer.name)) return [{ plugin: 'NodeName' }];
  const taint = findUntolerated(offer.taints, demand.tolerations, ['NoSchedule', 'NoExecute']);
  if (taint !== undefined) return [{ plugin: 'TaintToleration', taint }];
  if (!demand.matchesNode(offer.labels, offer.name)) return [{ plugin: 'NodeAffinity' }];
  if (demand.hostPorts.some((port) => node.usage.isTaken(port))) return [{ plugin: 'NodePorts' }];
  return shortages(demand, node);
}

/**
 * What a node agent checks again before it takes a pod (kubelet's GeneralPredicates): everything but taints that only
 * concern scheduling, and all objections at once.
 */
export function admissionMisfits(demand: PodDemand, node: NodeInfo): readonly Misfit[] {
  const { offer } = node;
  const found: Misfit[] = [...shortages(demand, node)];
  if (!demand.matchesNode(offer.labels, offer.name)) found.push({ plugin: 'NodeAffinity' });
  if (!isNamed(demand, offer.name)) found.push({ plugin: 'NodeName' });
  if (demand.hostPorts.some((port) => node.usage.isTaken(port))) found.push({ plugin: 'NodePorts' });
  const taint = findUntolerated(offer.taints, demand.tolerations, ['NoExecute']);
  if (taint !== undefined) found.push({ plugin: 'TaintToleration', taint });
  return found;
}

function isNamed(demand: PodDemand, nodeName: string): boolean {
  return demand.nodeName === undefined || demand.nodeName === nodeName;
}

/** NodeResourcesFit: the count of pods, then each requested resource. A resource that the node does not know is at 0. */
function shortages({ requests }: PodDemand, { offer, usage }: NodeInfo): readonly Misfit[] {
  let found: Misfit[] | undefined;
  const check = (resource: string, requested: number, used: number) => {
    const capacity = offer.allocatable.get(resource) ?? 0;
    if (requested <= 0 || requested + used <= capacity) return;
    found ??= [];
    found.push({ plugin: 'NodeResourcesFit', resource, requested, used, capacity });
  };
  check('pods', 1, usage.pods);
  for (const [resource, requested] of requests) check(resource, requested, usage.requested(resource));
  return found ?? fits;
}

/** kube-scheduler's words, as they stand in FailedScheduling events. */
export function describeMisfit(misfit: Misfit): string {
  switch (misfit.plugin) {
    case 'NodeUnschedulable':
      return 'node(s) were unschedulable';
    case 'NodeName':
      return "node(s) didn't match the requested node name";
    case 'TaintToleration':
      return `node(s) had untolerated taint {${misfit.taint.key}: ${misfit.taint.value ?? ''}}`;
    case 'NodeAffinity':
      return "node(s) didn't match Pod's node affinity/selector";
    case 'NodePorts':
      return "node(s) didn't have free ports for the requested pod ports";
    case 'NodeResourcesFit':
      return misfit.resource === 'pods' ? 'Too many pods' : `Insufficient ${misfit.resource}`;
  }
}
