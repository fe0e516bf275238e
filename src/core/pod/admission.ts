// Whether a node takes a pod that was bound to it: the node's own check, made once, when it first sees the pod (kubelet's
// predicate admit handler). A pod that fails it ends as Failed; it is never moved.
import { describeMisfit, admissionMisfits, type Misfit, type NodeInfo, type PodDemand } from '../scheduling/index.ts';
import type { ResizeState } from './in-place.ts';

export interface Rejection {
  /** status.reason: OutOfcpu, OutOfmemory, OutOfpods, NodeAffinity, NodePorts … */
  readonly reason: string;
  readonly message: string;
}

export function admitPod(demand: PodDemand, node: NodeInfo): Rejection | undefined {
  const misfit = admissionMisfits(demand, node)[0];
  return misfit === undefined ? undefined : rejection(misfit);
}

/** Whether a pod on this node may have the resources that it asks for now. @param node without that pod. */
export function admitResize(demand: PodDemand, node: NodeInfo): ResizeState | undefined {
  const misfit = admissionMisfits(demand, node).find(({ plugin }) => plugin === 'NodeResourcesFit');
  if (misfit?.plugin !== 'NodeResourcesFit') return undefined;
  const { resource, requested, used, capacity } = misfit;
  const type = 'PodResizePending';
  // Deferred: when others go, there may be room. Infeasible: never here.
  if (requested <= capacity)
    return {
      type,
      reason: 'Deferred',
      message: `Node didn't have enough resource: ${resource}, requested: ${requested}, used: ${used}, capacity: ${capacity}`,
    };
  return {
    type,
    reason: 'Infeasible',
    message: `Node didn't have enough capacity: ${resource}, requested: ${requested}, capacity: ${capacity}`,
  };
}

function rejection(misfit: Misfit): Rejection {
  if (misfit.plugin !== 'NodeResourcesFit')
    return { reason: misfit.plugin, message: `Predicate ${misfit.plugin} failed: ${describeMisfit(misfit)}` };
  const { resource, requested, used, capacity } = misfit;
  return {
    reason: `OutOf${resource}`,
    message: `Node didn't have enough resource: ${resource}, requested: ${requested}, used: ${used}, capacity: ${capacity}`,
  };
}
