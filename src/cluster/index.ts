// The door to cluster/: a whole Kubernetes cluster as one call.
export { ClusterStartError } from './start-error.ts';
export { type Cluster, type ClusterOptions, startCluster } from './start.ts';
