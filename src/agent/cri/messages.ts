// The messages that are built elsewhere, as plain objects: what may be left out is left out.
import type { MessageInitShape } from '@bufbuild/protobuf';
import type {
  ContainerConfigSchema,
  LinuxContainerSecurityContextSchema,
  PodSandboxConfigSchema,
  SecurityProfileSchema,
} from './generated/cri_pb.ts';

export type SandboxConfig = MessageInitShape<typeof PodSandboxConfigSchema>;
export type ContainerConfig = MessageInitShape<typeof ContainerConfigSchema>;
export type ContainerSecurity = MessageInitShape<typeof LinuxContainerSecurityContextSchema>;
export type SeccompConfig = MessageInitShape<typeof SecurityProfileSchema>;
