// A container as the runtime is asked for it: command, environment, mounts, limits (kubelet's generateContainerConfig).
// Pure: environment and mounts were worked out before.
import type { Container, Pod, Stored } from '../../api/index.ts';
import { expand, kernelLimits } from '../../core/pod/index.ts';
import { type ContainerConfig, MountPropagation } from '../cri/index.ts';
import { type CgroupVersion, unifiedFiles } from './cgroups.ts';
import { containerLogName } from './paths.ts';
import { imageAnnotation, runtimeLabels } from './runtime.ts';
import { containerSecurity, type ImageUser } from './security.ts';

export interface ContainerMount {
  readonly hostPath: string;
  readonly containerPath: string;
  readonly readOnly: boolean;
  /** None | HostToContainer | Bidirectional */
  readonly propagation?: string;
}

export interface ContainerContext {
  readonly nodeName: string;
  readonly attempt: number;
  readonly imageId: string;
  readonly imageUser: ImageUser;
  readonly seccompProfiles: string;
  readonly environment: ReadonlyMap<string, string>;
  readonly mounts: readonly ContainerMount[];
  readonly nodeMemoryBytes: number;
  readonly cgroups: CgroupVersion;
  /** Whose processes it sees, in place of its own or its pod's. */
  readonly targetId?: string;
}

const propagations: Readonly<Record<string, MountPropagation>> = {
  HostToContainer: MountPropagation.PROPAGATION_HOST_TO_CONTAINER,
  Bidirectional: MountPropagation.PROPAGATION_BIDIRECTIONAL,
};

export function containerConfig(pod: Stored<Pod>, container: Container, context: ContainerContext): ContainerConfig {
  const { environment, attempt } = context;
  const lookup = (name: string) => environment.get(name);
  const limits = kernelLimits(pod, container, context.nodeMemoryBytes);
  const bytes = new TextEncoder();
  return {
    metadata: { name: container.name, attempt },
    image: { image: context.imageId },
    command: (container.command ?? []).map((word) => expand(word, lookup)),
    args: (container.args ?? []).map((word) => expand(word, lookup)),
    workingDir: container.workingDir ?? '',
    envs: [...environment].map(([key, value]) => ({ key, value: bytes.encode(value) })),
    mounts: context.mounts.map(({ hostPath, containerPath, readOnly, propagation = 'None' }) => ({
      hostPath,
      containerPath,
      readonly: readOnly,
      propagation: propagations[propagation] ?? MountPropagation.PROPAGATION_PRIVATE,
    })),
    labels: {
      [runtimeLabels.podName]: pod.metadata.name,
      [runtimeLabels.podNamespace]: pod.metadata.namespace ?? '',
      [runtimeLabels.podUid]: pod.metadata.uid,
      [runtimeLabels.containerName]: container.name,
      [runtimeLabels.node]: context.nodeName,
    },
    annotations: { [imageAnnotation]: container.image ?? '' },
    logPath: containerLogName(container.name, attempt),
    stdin: container.stdin === true,
    stdinOnce: container.stdinOnce === true,
    tty: container.tty === true,
    linux: {
      resources: {
        cpuShares: BigInt(limits.cpuShares),
        cpuPeriod: BigInt(limits.cpuPeriod),
        cpuQuota: BigInt(limits.cpuQuota ?? 0),
        memoryLimitInBytes: BigInt(limits.memoryLimitBytes ?? 0),
        oomScoreAdj: BigInt(limits.oomScoreAdj),
        unified: unifiedFiles(context.cgroups),
      },
      securityContext: containerSecurity(pod, container, {
        image: context.imageUser,
        seccompProfiles: context.seccompProfiles,
        ...(context.targetId === undefined ? {} : { targetId: context.targetId }),
      }),
    },
  };
}
