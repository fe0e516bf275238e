// A pod as the runtime is asked for it: name, labels, network, logs (kubelet's generatePodSandboxConfig). Pure.
import type { Container, Pod, PodSpec, Stored } from '../../api/index.ts';
import { Protocol, type SandboxConfig } from '../cri/index.ts';
import { podResolver, type ResolverConfig } from './dns.ts';
import { type Paths, podLogDirectory } from './paths.ts';
import { runtimeLabels } from './runtime.ts';
import { hasPrivileged, namespaceOptions, seccomp } from './security.ts';

/** Linux' bound on a host name. */
const hostnameCharactersMax = 63;

const protocols: Readonly<Record<string, Protocol>> = {
  TCP: Protocol.TCP,
  UDP: Protocol.UDP,
  SCTP: Protocol.SCTP,
};

export function sandboxConfig(
  pod: Stored<Pod>,
  { nodeName, attempt, paths, resolver, cgroupParent }: SandboxContext,
): SandboxConfig {
  const { spec, metadata } = pod;
  const { name, namespace = '', uid } = metadata;
  const { servers, searches, options } = podResolver(spec, resolver);
  const security = spec.securityContext ?? {};
  return {
    metadata: { name, namespace, uid, attempt },
    // In the host's network the name is the host's: the runtime sees to it.
    hostname: spec.hostNetwork === true ? '' : podHostname(pod),
    logDirectory: podLogDirectory(paths, pod),
    dnsConfig: { servers: [...servers], searches: [...searches], options: [...options] },
    portMappings: spec.hostNetwork === true ? [] : lasting(spec).flatMap(portMappings),
    labels: {
      ...metadata.labels,
      [runtimeLabels.podName]: name,
      [runtimeLabels.podNamespace]: namespace,
      [runtimeLabels.podUid]: uid,
      [runtimeLabels.node]: nodeName,
    },
    annotations: { ...metadata.annotations },
    linux: {
      cgroupParent,
      sysctls: Object.fromEntries((security.sysctls ?? []).map(({ name, value }) => [name, value])),
      securityContext: {
        privileged: hasPrivileged(pod),
        namespaceOptions: namespaceOptions(pod),
        seccomp: seccomp(security.seccompProfile),
        supplementalGroups: (security.supplementalGroups ?? []).map(BigInt),
      },
    },
  };
}

export interface SandboxContext {
  readonly nodeName: string;
  readonly attempt: number;
  readonly paths: Paths;
  readonly resolver: ResolverConfig;
  /** '' = where the runtime puts them. */
  readonly cgroupParent: string;
}

export function podHostname({ spec, metadata }: Pod): string {
  return (spec.hostname ?? metadata.name ?? '').slice(0, hostnameCharactersMax).replace(/[-.]+$/, '');
}

/** Those that serve: main containers and sidecars. */
function lasting({ initContainers = [], containers }: PodSpec): readonly Container[] {
  return [...initContainers.filter(({ restartPolicy }) => restartPolicy === 'Always'), ...containers];
}

function portMappings({ ports = [] }: Container) {
  return ports
    .filter(({ hostPort }) => (hostPort ?? 0) > 0)
    .map(({ containerPort, hostPort, hostIP, protocol }) => ({
      containerPort,
      hostPort: hostPort!,
      hostIp: hostIP ?? '',
      protocol: protocols[protocol ?? 'TCP'] ?? Protocol.TCP,
    }));
}
