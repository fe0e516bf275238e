// A pod as the runtime is asked for it: name, labels, network, logs (kubelet's generatePodSandboxConfig). Pure.
import type { Container, Pod, PodSpec, Stored } from '../../api/index.ts';
import { Protocol, type SandboxConfig, SecurityProfileType } from '../cri/index.ts';
import { ConfigError } from '../../core/pod/index.ts';
import { podResolver, type ResolverConfig } from './dns.ts';
import { type Paths, podLogDirectory } from './paths.ts';
import { runtimeLabels } from './runtime.ts';
import { hasPrivileged, namespaceOptions, selinux } from './security.ts';

const hostnameCharactersMax = 63;
/** Linux' bound on a host name. */
const qualifiedCharactersMax = 64;
/** There is no cluster DNS here; names in a pod's own files are as in any cluster. */
const clusterDomain = 'cluster.local';

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
  if (spec.hostUsers === false)
    throw new ConfigError("can't set `spec.hostUsers: false`, runtime does not support user namespaces");
  const security = spec.securityContext ?? {};
  return {
    metadata: { name, namespace, uid, attempt },
    // In the host's network the name is the host's: the runtime sees to it.
    hostname: spec.hostNetwork === true ? '' : kernelHostname(pod),
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
        ...selinux(security.seLinuxOptions),
        // Not the pod's: what confines its containers may be too little for what holds their namespaces.
        seccomp: { profileType: SecurityProfileType.RuntimeDefault },
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
  const name = spec.hostnameOverride ?? spec.hostname ?? metadata.name ?? '';
  return name.length <= hostnameCharactersMax ? name : name.slice(0, hostnameCharactersMax).replace(/[-.]+$/, '');
}

/** With the domain that a subdomain puts the pod in; undefined when it is in none. */
export function qualifiedHostname(pod: Pod): string | undefined {
  const { subdomain = '', hostnameOverride } = pod.spec;
  if (subdomain === '' || hostnameOverride !== undefined) return undefined;
  return `${podHostname(pod)}.${subdomain}.${pod.metadata.namespace}.svc.${clusterDomain}`;
}

/** @throws ConfigError when the name is longer than the kernel takes. */
function kernelHostname(pod: Pod): string {
  const qualified = pod.spec.setHostnameAsFQDN === true ? qualifiedHostname(pod) : undefined;
  if (qualified === undefined) return podHostname(pod);
  if (qualified.length <= qualifiedCharactersMax) return qualified;
  const bounds = `(${qualifiedCharactersMax} characters is the max, ${qualified.length} characters requested)`;
  throw new ConfigError(
    `failed to construct FQDN from pod hostname and cluster domain, FQDN ${qualified} is too long ${bounds}`,
  );
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
