// The door to core/scheduling/: does a pod fit a node, which node is best, and why none is.
export { type Amounts, parseAmounts, podRequests } from './amounts.ts';
export { type HostPort, type PodDemand, podDemand } from './demand.ts';
export { admissionMisfits, describeMisfit, type Misfit, misfits } from './fit.ts';
export { isSameOffer, type NodeInfo, type NodeOffer, nodeOffer, NodeUsage } from './node-info.ts';
export { type Placement, placePod } from './place.ts';
export { type Guard, type Occupant, planPreemption, type Preemption, preemptionRefusal } from './preempt.ts';
