// Who to be at a registry: from the Secrets that imagePullSecrets names. Pure.
// https://kubernetes.io/docs/concepts/containers/images/#specifying-imagepullsecrets-on-a-pod
import type { PodSpec, Secret } from '../../api/index.ts';
import { decodeSecret, type Sources } from '../../core/pod/index.ts';

export interface Credentials {
  readonly username?: string;
  readonly password?: string;
  readonly auth?: string;
  readonly identityToken?: string;
}

interface RegistryEntry {
  readonly username?: string;
  readonly password?: string;
  readonly auth?: string;
  readonly identitytoken?: string;
}

/** Images without a registry come from there. */
const defaultRegistry = 'index.docker.io';

/** The first credentials that fit the image's registry; undefined = nobody in particular. */
export function credentialsFor(image: string, spec: PodSpec, sources: Sources): Credentials | undefined {
  const registry = registryOf(image);
  for (const { name = '' } of spec.imagePullSecrets ?? []) {
    // A missing secret does not hold a pod up: the image may be public.
    for (const [host, entry] of registryEntries(sources.secret(name)))
      if (hostOf(host) === registry) return credentials(entry);
  }
  return undefined;
}

function credentials({ username, password, auth, identitytoken }: RegistryEntry): Credentials {
  return {
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(auth === undefined ? {} : { auth }),
    ...(identitytoken === undefined ? {} : { identityToken: identitytoken }),
  };
}

function registryEntries(secret: Secret | undefined): readonly (readonly [string, RegistryEntry])[] {
  const data = decodeSecret(secret);
  const text = data?.['.dockerconfigjson'] ?? data?.['.dockercfg'];
  if (text === undefined) return [];
  const parsed = parse(text);
  const entries = data?.['.dockerconfigjson'] === undefined ? parsed : parsed?.['auths'];
  return Object.entries((entries ?? {}) as Readonly<Record<string, RegistryEntry>>);
}

/** A Secret holds what somebody typed: what cannot be read names no registry. */
function parse(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    return JSON.parse(text) as Readonly<Record<string, unknown>>;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function registryOf(image: string): string {
  const [first = '', ...rest] = image.split('/');
  const isHost = rest.length > 0 && (first.includes('.') || first.includes(':') || first === 'localhost');
  return isHost ? hostOf(first) : defaultRegistry;
}

/** `https://index.docker.io/v1/` → `index.docker.io` */
function hostOf(address: string): string {
  const host = address.replace(/^https?:\/\//, '').split('/')[0]!;
  return host === 'docker.io' || host === 'registry-1.docker.io' ? defaultRegistry : host;
}
