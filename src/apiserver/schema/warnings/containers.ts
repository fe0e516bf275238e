// Containers: variables that hide others, ports that meet, annotations that became fields.
import type { JsonObject } from '../json.ts';
import { list, number, optional, struct, text } from '../read.ts';
import { fractionalBytes } from './quantities.ts';

interface Port {
  readonly at: string;
  readonly hostIp: string;
  readonly hostPort: number;
}

/** As many ports of one number are compared with each other: a body costs what it weighs. */
const portsComparedMax = 100;

export function containerWarnings(
  path: string,
  spec: JsonObject,
  annotationsPath: string,
  annotations: JsonObject,
): readonly string[] {
  const containers = ['initContainers', 'containers', 'ephemeralContainers'].flatMap((field) =>
    list(spec, field).map((container, index) => ({ container, at: `${path}.${field}[${index}]` })),
  );
  const seccomp = 'container.seccomp.security.alpha.kubernetes.io/';
  return [
    ...containers.flatMap(({ container, at }) => {
      const key = `${seccomp}${text(container, 'name')}`;
      const isUnset = optional(struct(container, 'securityContext'), 'seccompProfile') === undefined;
      const resources = struct(container, 'resources');
      return [
        ...(isUnset && key in annotations
          ? [`${annotationsPath}[${key}]: non-functional in v1.27+; use the "seccompProfile" field instead`]
          : []),
        ...appArmorWarnings(annotationsPath, annotations, container, spec),
        ...fractionalBytes(`${at}.resources.limits`, struct(resources, 'limits')),
        ...fractionalBytes(`${at}.resources.requests`, struct(resources, 'requests')),
        ...hiddenVariables(`${at}.env`, list(container, 'env')),
      ];
    }),
    ...portWarnings(containers),
    ...portNameWarnings(containers),
  ];
}

function appArmorWarnings(
  path: string,
  annotations: JsonObject,
  container: JsonObject,
  spec: JsonObject,
): readonly string[] {
  const key = `container.apparmor.security.beta.kubernetes.io/${text(container, 'name')}`;
  if (!(key in annotations) || optional(struct(container, 'securityContext'), 'appArmorProfile') !== undefined)
    return [];
  const profile = optional(struct(spec, 'securityContext'), 'appArmorProfile');
  if (profile !== undefined && annotationOf(profile) === text(annotations, key)) return [];
  return [`${path}[${key}]: deprecated since v1.30; use the "appArmorProfile" field instead`];
}

function annotationOf(profile: JsonObject): string {
  const type = text(profile, 'type');
  if (type === 'Localhost') return `localhost/${text(profile, 'localhostProfile')}`;
  return type === 'RuntimeDefault' ? 'runtime/default' : type.toLowerCase();
}

/** A second definition is fine only where it is made of the first: `X=$(X):more`. */
function hiddenVariables(path: string, variables: readonly JsonObject[]): readonly string[] {
  const seen = new Set<string>();
  return variables.flatMap((variable, index) => {
    const name = text(variable, 'name');
    const reference = `$(${name})`;
    const value = text(variable, 'value');
    const isFirst = !seen.has(name);
    seen.add(name);
    const builds = optional(variable, 'valueFrom') === undefined && value !== reference && value.includes(reference);
    return isFirst || builds
      ? []
      : [
          `${path}[${index}]: hides previous definition of ${JSON.stringify(name)}, which may be dropped when using apply`,
        ];
  });
}

type Placed = readonly { readonly container: JsonObject; readonly at: string }[];

function portWarnings(containers: Placed): readonly string[] {
  const warnings: string[] = [];
  const seen = new Map<string, Port[]>();
  for (const { container, at } of containers)
    for (const [index, entry] of list(container, 'ports').entries()) {
      const port: Port = {
        at: `${at}.ports[${index}]`,
        hostIp: text(entry, 'hostIP'),
        hostPort: number(entry, 'hostPort') ?? 0,
      };
      const containerPort = number(entry, 'containerPort') ?? 0;
      const protocol = text(entry, 'protocol');
      if (port.hostIp !== '' && port.hostPort === 0)
        // Go prints the struct.
        warnings.push(
          `${port.at}: hostIP set without hostPort: {Name:${text(entry, 'name')} HostPort:0 ContainerPort:${containerPort} Protocol:${protocol} HostIP:${port.hostIp}}`,
        );
      const key = `${containerPort}/${protocol}`;
      const others = seen.get(key) ?? [];
      for (const other of others) {
        const how = meeting(port, other);
        if (how !== undefined) warnings.push(`${port.at}: ${how} port definition with ${other.at}`);
      }
      if (others.length < portsComparedMax) seen.set(key, [...others, port]);
    }
  return warnings;
}

function meeting(port: Port, other: Port): string | undefined {
  if (port.hostIp === other.hostIp && port.hostPort === other.hostPort) return 'duplicate';
  if (port.hostPort === 0 || other.hostPort === 0) return 'overlapping';
  const isOneOpen = (port.hostIp === '') !== (other.hostIp === '');
  return port.hostPort === other.hostPort && isOneOpen ? 'dangerously ambiguous' : undefined;
}

function portNameWarnings(containers: Placed): readonly string[] {
  const seen = new Map<string, string>();
  return containers.flatMap(({ container, at }) =>
    list(container, 'ports').flatMap((port, index) => {
      const name = text(port, 'name');
      if (name === '') return [];
      const here = `${at}.ports[${index}]`;
      const other = seen.get(name);
      if (other === undefined) {
        seen.set(name, here);
        return [];
      }
      return [
        `${here}: duplicate port name ${JSON.stringify(name)} with ${other}, services and probes that select ports by name will use ${other}`,
      ];
    }),
  );
}
