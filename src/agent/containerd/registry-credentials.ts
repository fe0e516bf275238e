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

/** A registry, or a part of one: what an entry is for, and where an image is. */
interface Place {
  readonly host: string;
  readonly path: string;
}

/** All credentials that fit the image, those of the longest path first; none = nobody in particular. */
export function credentialsFor(image: string, spec: PodSpec, sources: Sources): readonly Credentials[] {
  const wanted = placeOfImage(image);
  return (spec.imagePullSecrets ?? [])
    .flatMap(({ name = '' }) => registryEntries(sources.secret(name)))
    .map(([address, entry]) => ({ place: placeOf(address), entry }))
    .filter(({ place }) => isPartOf(wanted, place))
    .toSorted((a, b) => b.place.path.length - a.place.path.length)
    .map(({ entry }) => credentials(entry));
}

/** Names of Secrets that there are not: that does not hold a pod up, since the image may be public. */
export function missingPullSecrets(spec: PodSpec, sources: Sources): readonly string[] {
  const names = (spec.imagePullSecrets ?? []).map(({ name = '' }) => name).filter((name) => name !== '');
  return names.filter((name) => sources.secret(name) === undefined);
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

/** `*` stands for a part of a host's name; a path is one that begins so (credentialprovider's URLsMatch). */
function isPartOf(image: Place, entry: Place): boolean {
  const [parts, globs] = [image.host.split('.'), entry.host.split('.')];
  if (parts.length !== globs.length || !image.path.startsWith(entry.path)) return false;
  return globs.every((glob, index) => matches(parts[index]!, glob));
}

function matches(part: string, glob: string): boolean {
  const pieces = glob.split('*').map((piece) => piece.replaceAll(/[^\w-]/g, String.raw`\$&`));
  return new RegExp(`^${pieces.join('.*')}$`).test(part);
}

function placeOfImage(image: string): Place {
  const [first = '', ...rest] = image.split('/');
  const isHost = rest.length > 0 && (first.includes('.') || first.includes(':') || first === 'localhost');
  return isHost ? placeOf(image) : { host: defaultRegistry, path: `/${image}` };
}

/** `https://index.docker.io/v1/` → `index.docker.io`, all of it. */
function placeOf(address: string): Place {
  const bare = address.replace(/^https?:\/\//, '');
  const slash = bare.indexOf('/');
  const host = slash < 0 ? bare : bare.slice(0, slash);
  const path = slash < 0 ? '' : bare.slice(slash).replace(/^\/v[12]\//, '/');
  const isDefault = host === 'docker.io' || host === 'registry-1.docker.io';
  return { host: isDefault ? defaultRegistry : host, path: path === '/' ? '' : path };
}
