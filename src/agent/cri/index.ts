// The door to cri/: a container runtime as seen from the node agent.
export { connectCri, type Cri, describeFailure, isNotFound } from './connection.ts';
export {
  type Container as CriContainer,
  type ContainerConfigSchema,
  ContainerState as CriContainerState,
  type ContainerStatus as CriContainerStatus,
  type LinuxContainerResourcesSchema,
  type LinuxContainerSecurityContextSchema,
  type LinuxPodSandboxConfigSchema,
  MountPropagation,
  type MountSchema,
  NamespaceMode,
  type PodSandbox,
  type PodSandboxConfigSchema,
  PodSandboxState,
  Protocol,
  SecurityProfile_ProfileType as SeccompProfileType,
  type SecurityProfileSchema,
} from './generated/cri_pb.ts';
