// The door to cri/: a container runtime as seen from the node agent.
export {
  connectCri,
  type Cri,
  describeFailure,
  failureText,
  isNotFound,
  isTimedOut,
  isWrongState,
} from './connection.ts';
export {
  ContainerState as CriContainerState,
  type ContainerStatus as CriContainerStatus,
  MountPropagation,
  NamespaceMode,
  PodSandboxState,
  Protocol,
  SecurityProfile_ProfileType as SecurityProfileType,
} from './generated/cri_pb.ts';
export type { ContainerConfig, ContainerSecurity, SandboxConfig, SeccompConfig } from './messages.ts';
