// The door to cluster/: a whole Kubernetes cluster as one call.
export type { EtcdAddress } from './open-store.ts';
export { ClusterStartError } from './start-error.ts';
export { type Cluster, type ClusterOptions, startCluster } from './start.ts';
