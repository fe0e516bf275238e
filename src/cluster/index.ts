// The door to cluster/: a whole Kubernetes cluster as one call.
export type { EtcdAddress } from './open-store.ts';
export { ClusterStartError } from './start-error.ts';
export { type JoinedNode, joinNode, type JoinOptions } from './join.ts';
export { type Cluster, type ClusterOptions, startCluster } from './start.ts';
export { controllerNames } from './controller-selection.ts';
export { ensureDefinitions } from './definitions.ts';
export { createInProcessClient } from './in-process-client.ts';
export { type Parts, startParts } from './parts.ts';
