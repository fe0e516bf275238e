// Kubeconfig files as they are written: read, checked for shape, merged as kubectl merges a list of them, with the paths
// in them made absolute. https://kubernetes.io/docs/concepts/configuration/organize-cluster-access-kubeconfig/
import { readFile } from 'node:fs/promises';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { misfit, type PartialFields } from '../api/index.ts';
import { parseYaml } from '../machinery/index.ts';

export interface KubeconfigCluster {
  readonly server?: string;
  readonly 'certificate-authority'?: string;
  readonly 'certificate-authority-data'?: string;
  readonly 'insecure-skip-tls-verify'?: boolean;
  readonly 'tls-server-name'?: string;
  readonly 'proxy-url'?: string;
}

export interface KubeconfigUser {
  readonly 'client-certificate'?: string;
  readonly 'client-certificate-data'?: string;
  readonly 'client-key'?: string;
  readonly 'client-key-data'?: string;
  readonly token?: string;
  readonly tokenFile?: string;
  readonly username?: string;
  readonly password?: string;
  readonly as?: string;
  readonly 'as-uid'?: string;
  readonly 'as-groups'?: string[];
  readonly 'as-user-extra'?: Readonly<Record<string, string[]>>;
  readonly exec?: ExecPlugin;
  readonly 'auth-provider'?: AuthProvider;
}

/** https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins */
export interface ExecPlugin {
  readonly apiVersion?: string;
  readonly command: string;
  readonly args?: readonly string[] | null;
  readonly env?: readonly { readonly name: string; readonly value: string }[] | null;
}

/** The kinds that client-go had built in before there were plugins. */
export interface AuthProvider {
  readonly name: string;
  readonly config?: Readonly<Record<string, string>>;
}

export interface KubeconfigContext {
  readonly cluster?: string;
  readonly user?: string;
  readonly namespace?: string;
}

/** By name. */
export interface Kubeconfig {
  readonly clusters: ReadonlyMap<string, KubeconfigCluster>;
  readonly users: ReadonlyMap<string, KubeconfigUser>;
  readonly contexts: ReadonlyMap<string, KubeconfigContext>;
  readonly currentContext: string;
}

/** No usable kubeconfig; the message says what is wrong with which. */
export class KubeconfigError extends Error {
  override readonly name = 'KubeconfigError';
}

/**
 * The files as one: of several entries of a name the first holds, and so does the first current context.
 * @throws KubeconfigError naming the file that cannot be read, or is none. Files may be missing unless `allNeeded`.
 */
export async function readKubeconfig(files: readonly string[], allNeeded: boolean): Promise<Kubeconfig> {
  const clusters = new Map<string, KubeconfigCluster>();
  const users = new Map<string, KubeconfigUser>();
  const contexts = new Map<string, KubeconfigContext>();
  let currentContext = '';
  for (const file of files) {
    const raw = await readOne(file, allNeeded);
    const directory = dirname(resolve(file));
    for (const { name, cluster } of raw.clusters ?? [])
      addFirst(clusters, name, located(cluster, clusterPaths, directory));
    for (const { name, user } of raw.users ?? []) addFirst(users, name, locatedUser(user, directory));
    for (const { name, context } of raw.contexts ?? []) addFirst(contexts, name, context ?? {});
    if (currentContext === '') currentContext = raw['current-context'] ?? '';
  }
  return { clusters, users, contexts, currentContext };
}

type Named<K extends string, T> = { readonly name: string } & { readonly [P in K]?: T | null };
interface RawKubeconfig {
  readonly clusters?: readonly Named<'cluster', KubeconfigCluster>[] | null;
  readonly users?: readonly Named<'user', KubeconfigUser>[] | null;
  readonly contexts?: readonly Named<'context', KubeconfigContext>[] | null;
  readonly 'current-context'?: string;
}

async function readOne(file: string, needed: boolean): Promise<RawKubeconfig> {
  try {
    const [config] = parseYaml(await readFile(file, 'utf8'));
    if (!isMapping(config ?? {})) throw new Error('it is no mapping');
    const raw = (config ?? {}) as Readonly<Record<string, unknown>>;
    if (typeof (raw['current-context'] ?? '') !== 'string') throw new Error("'current-context' is no text");
    for (const part of ['clusters', 'users', 'contexts']) checkEntries(part, raw[part] ?? []);
    return raw;
  } catch (error) {
    if (!needed && (error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw new KubeconfigError(`${file} cannot be used: ${(error as Error).message}`, { cause: error });
  }
}

const text = (...names: readonly string[]): PartialFields =>
  Object.fromEntries(names.map((name, index) => [index + 1, [name, 'string']]));
/** Of what is read, which type: the numbers mean nothing here. */
const shapes: Readonly<Record<string, PartialFields>> = {
  clusters: {
    1: [
      'cluster',
      {
        ...text('server', 'certificate-authority', 'certificate-authority-data', 'tls-server-name', 'proxy-url'),
        9: ['insecure-skip-tls-verify', 'boolean'],
      },
    ],
  },
  users: {
    1: [
      'user',
      {
        ...text('client-certificate', 'client-certificate-data', 'client-key', 'client-key-data'),
        10: ['token', 'string'],
        11: ['tokenFile', 'string'],
        12: ['username', 'string'],
        13: ['password', 'string'],
        14: ['as', 'string'],
        15: ['as-uid', 'string'],
        16: ['as-groups', 'strings'],
        17: ['exec', { 1: ['apiVersion', 'string'], 2: ['command', 'string'], 3: ['args', 'strings'] }],
        18: ['auth-provider', { 1: ['name', 'string'], 2: ['config', 'labels'] }],
      },
    ],
  },
  contexts: { 1: ['context', text('cluster', 'user', 'namespace')] },
};

/** Every list holds mappings with a name, and what is read of them is of its type. */
function checkEntries(part: string, entries: unknown): void {
  const named = (entry: unknown) => isMapping(entry) && typeof entry['name'] === 'string';
  if (!Array.isArray(entries) || !entries.every(named)) throw new Error(`'${part}' is no list of named entries`);
  for (const entry of entries as readonly { readonly name: string }[]) {
    const found = misfit(entry, shapes[part]!);
    if (found !== undefined) throw new Error(`'${entry.name}' in '${part}': ${found}`);
  }
}

function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function addFirst<T>(entries: Map<string, T>, name: string, entry: T): void {
  if (!entries.has(name)) entries.set(name, entry);
}

const clusterPaths = ['certificate-authority'] as const;
const userPaths = ['client-certificate', 'client-key', 'tokenFile'] as const;

/** Paths are meant from where their file is. */
function located<T extends object>(entry: T | null | undefined, paths: readonly (keyof T)[], directory: string): T {
  const absolute = { ...entry } as T;
  for (const key of paths) {
    const path = absolute[key] ?? '';
    if (path !== '') absolute[key] = resolve(directory, String(path)) as T[typeof key];
  }
  return absolute;
}

/** A plugin's command is looked for in PATH unless it is a path itself. */
function locatedUser(raw: KubeconfigUser | null | undefined, directory: string): KubeconfigUser {
  const user = located(raw, userPaths, directory);
  const command = user.exec?.command ?? '';
  return command.includes('/') && !isAbsolute(command)
    ? { ...user, exec: { ...user.exec, command: join(directory, command) } }
    : user;
}
