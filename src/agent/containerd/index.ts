// The door to the containerd runtime: this machine as a node.
export {
  type ContainerdNodeOptions,
  defaultContainerdSocket,
  defaultNodeDirectory,
  defaultPodCidr,
  machineNodeName,
  startContainerdNode,
} from './agent.ts';
export { NodeStartError } from './node/machine-lock.ts';
