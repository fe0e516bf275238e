// The door to the containerd runtime: this machine as a node.
export { type ContainerdNodeOptions, defaultContainerdSocket, machineNodeName, startContainerdNode } from './agent.ts';
