// The door to cluster/: a whole Kubernetes cluster as one call.
export { type Cluster, type ClusterOptions, ClusterStartError, startCluster } from './start.ts';
