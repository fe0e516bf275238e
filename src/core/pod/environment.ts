// The environment of a container: envFrom first, then env in order, each seeing those before it (kubelet's
// makeEnvironmentVariables). Pure: the objects it refers to are given.
import type { ConfigMap, Container, EnvVar, Pod, Secret } from '../../api/index.ts';
import { fieldValue, type NodeFacts, resourceValue } from './downward.ts';
import { expand, type Lookup } from './expand.ts';

/** Objects in the pod's namespace; undefined = there is no such object. */
export interface Sources {
  configMap(name: string): ConfigMap | undefined;
  secret(name: string): Secret | undefined;
}

export interface EnvironmentContext extends NodeFacts {
  readonly pod: Pod;
  readonly sources: Sources;
  /** What every container gets: KUBERNETES_SERVICE_HOST and its kin. */
  readonly always: Readonly<Record<string, string>>;
}

/** The container cannot be made as its spec says; the message is the kubelet's. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

type Variables = Map<string, string>;

/** @throws ConfigError when something that is not optional is missing. */
export function containerEnvironment(container: Container, context: EnvironmentContext): ReadonlyMap<string, string> {
  const variables: Variables = new Map();
  addSources(variables, container, context);
  const lookup = (name: string) => variables.get(name) ?? context.always[name];
  for (const entry of container.env ?? []) {
    const value = valueOf(entry, container, context, lookup);
    if (value !== undefined) variables.set(entry.name, value);
  }
  for (const [name, value] of Object.entries(context.always)) if (!variables.has(name)) variables.set(name, value);
  return variables;
}

function addSources(variables: Variables, container: Container, { sources }: EnvironmentContext): void {
  for (const { prefix = '', configMapRef, secretRef } of container.envFrom ?? []) {
    const name = (configMapRef ?? secretRef)?.name ?? '';
    const object = configMapRef === undefined ? sources.secret(name) : sources.configMap(name);
    if (object === undefined && (configMapRef ?? secretRef)?.optional !== true)
      throw missingObject(configMapRef === undefined ? 'secret' : 'configmap', name);
    const data = configMapRef === undefined ? decodeSecret(object) : object?.data;
    for (const [key, value] of Object.entries(data ?? {})) variables.set(prefix + key, value);
  }
}

function valueOf(
  { value, valueFrom }: EnvVar,
  container: Container,
  context: EnvironmentContext,
  lookup: Lookup,
): string | undefined {
  if (valueFrom === undefined) return expand(value ?? '', lookup);
  const { fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef } = valueFrom;
  const { pod, sources } = context;
  if (fieldRef !== undefined) {
    const field = fieldValue(pod, fieldRef.fieldPath, context);
    if (field === undefined) throw new ConfigError(`unsupported fieldPath: ${fieldRef.fieldPath}`);
    return field;
  }
  if (resourceFieldRef !== undefined) {
    const { containerName } = resourceFieldRef;
    const all = [...(pod.spec.initContainers ?? []), ...pod.spec.containers];
    const about = containerName === undefined || containerName === '' ? container : named(all, containerName);
    const amount = about === undefined ? undefined : resourceValue(about, resourceFieldRef, context);
    if (amount === undefined) throw new ConfigError(`unsupported resource: ${resourceFieldRef.resource}`);
    return amount;
  }
  const title = (name: string) => `${pod.metadata.namespace}/${name}`;
  if (configMapKeyRef !== undefined) {
    const { name = '', key, optional } = configMapKeyRef;
    const object = sources.configMap(name);
    return keyOf('ConfigMap', name, title(name), object !== undefined, object?.data?.[key], key, optional);
  }
  if (secretKeyRef !== undefined) {
    const { name = '', key, optional } = secretKeyRef;
    const object = sources.secret(name);
    return keyOf('Secret', name, title(name), object !== undefined, decodeSecret(object)?.[key], key, optional);
  }
  return undefined;
}

function keyOf(
  kind: 'ConfigMap' | 'Secret',
  name: string,
  title: string,
  found: boolean,
  value: string | undefined,
  key: string,
  optional = false,
): string | undefined {
  if (value !== undefined || optional) return value;
  if (!found) throw missingObject(kind.toLowerCase(), name);
  throw new ConfigError(`couldn't find key ${key} in ${kind} ${title}`);
}

/** In the words of the API's NotFound, which the kubelet passes on. */
export function missingObject(kind: string, name: string): ConfigError {
  return new ConfigError(`${kind} "${name}" not found`);
}

export function decodeSecret(secret: Secret | undefined): Readonly<Record<string, string>> | undefined {
  if (secret?.data === undefined) return undefined;
  return Object.fromEntries(Object.entries(secret.data).map(([key, value]) => [key, decodeText(value)]));
}

function decodeText(base64: string): string {
  return new TextDecoder().decode(Uint8Array.from(atob(base64), (byte) => byte.charCodeAt(0)));
}

function named(containers: readonly Container[], name: string): Container | undefined {
  return containers.find((container) => container.name === name);
}
