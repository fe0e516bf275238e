// Whether a node takes a pod that was bound to it: the node's own check, made once, when it first sees the pod (kubelet's
// predicate admit handler). A pod that fails it ends as Failed; it is never moved.
import { describeMisfit, admissionMisfits, type Misfit, type NodeInfo, type PodDemand } from '../scheduling/index.ts';

export interface Rejection {
  /** status.reason: OutOfcpu, OutOfmemory, OutOfpods, NodeAffinity, NodePorts … */
  readonly reason: string;
  readonly message: string;
}

export function admitPod(demand: PodDemand, node: NodeInfo): Rejection | undefined {
  const misfit = admissionMisfits(demand, node)[0];
  return misfit === undefined ? undefined : rejection(misfit);
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
