// The door for those who test their own operator: `import { startCluster } from 'everynode/testing'`. A whole cluster
// in memory, in this process, in a fraction of a second; nothing is left of it after close().
// docs/testing-your-operator.md
export { startCluster, type TestCluster, type TestClusterOptions } from './start-cluster.ts';
export { eventually, type EventuallyOptions } from './eventually.ts';
export type { Client } from '../client/index.ts';
export * from '../api/index.ts';
