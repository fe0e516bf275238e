// Where the API server is and who we are there: kubeconfig files, KUBECONFIG, exec plugins, else the pod's own service
// account (in-cluster.ts). The one module that knows the official client, of which the configuration loader alone is
// used; it costs 0.4 s to load, so it is loaded on first use.
import { access, readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, dirname, isAbsolute, join, resolve } from 'node:path';
import type { KubeConfig } from '@kubernetes/client-node';
import { type Clock, parseYaml } from '../machinery/index.ts';
import type { HttpClientOptions } from './http-client.ts';
import { followIdentity } from './identity.ts';
import { readInCluster, serviceAccountDirectory } from './in-cluster.ts';
import { type Environment, proxyFor } from './proxy.ts';

export interface KubeconfigOptions {
  /** A file; absent = KUBECONFIG (a list), then ~/.kube/config, then the pod's service account. */
  readonly path?: string;
  /** Absent = the file's current context. */
  readonly context?: string;
  readonly clock: Clock;
  readonly environment?: Environment;
  /** Where Kubernetes mounts a pod's service account. */
  readonly serviceAccount?: string;
}

export interface Connection
  extends Pick<HttpClientOptions, 'server' | 'tls' | 'proxy' | 'credentials' | 'onUnauthorized'> {
  /** Of the pod that this process is. */
  readonly namespace?: string;
}

/** No usable kubeconfig; the message says what is wrong with which. */
export class KubeconfigError extends Error {
  override readonly name = 'KubeconfigError';
}

/** @throws KubeconfigError when there is none, it cannot be read, or it names no cluster. */
export async function loadKubeconfig(options: KubeconfigOptions): Promise<Connection> {
  const { path, context, clock, environment = process.env } = options;
  const usual = join(environment['HOME'] ?? homedir(), '.kube', 'config');
  const listed = (environment['KUBECONFIG'] ?? '').split(delimiter).filter((file) => file !== '');
  const files = path !== undefined ? [path] : listed.length > 0 ? listed : [usual];
  const askedFor = path !== undefined || listed.length > 0 || context !== undefined;
  if (!askedFor && !(await isThere(usual))) return inCluster(options, environment);

  const config = await read(path);
  if (context !== undefined) {
    if (config.getContextObject(context) === null)
      throw new KubeconfigError(`the kubeconfig has no context '${context}'`);
    config.setCurrentContext(context);
  }
  const cluster = config.getCurrentCluster();
  if (cluster === null || !URL.canParse(cluster.server))
    throw new KubeconfigError(
      `${path ?? 'the kubeconfig'} names no cluster for context '${config.getCurrentContext()}'`,
    );
  const identity = await followIdentity(prepared(config, path, await readTokenFiles(files)), clock);
  return {
    server: cluster.server,
    tls: identity.tls,
    ...proxyOf(cluster.server, cluster.proxyUrl, environment),
    credentials: identity.credentials,
    onUnauthorized: identity.refused,
  };
}

async function inCluster(options: KubeconfigOptions, environment: Environment): Promise<Connection> {
  const pod = await readInCluster(options.serviceAccount ?? serviceAccountDirectory, environment, options.clock);
  if (pod === undefined)
    throw new KubeconfigError('no cluster: there is no KUBECONFIG, no ~/.kube/config, and this is no pod of one');
  const { server, ca, namespace, credentials, refused } = pod;
  return {
    server,
    tls: ca === undefined ? {} : { ca },
    ...proxyOf(server, undefined, environment),
    credentials,
    onUnauthorized: refused,
    ...(namespace === undefined ? {} : { namespace }),
  };
}

async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

async function read(path: string | undefined): Promise<KubeConfig> {
  const { KubeConfig } = await import('@kubernetes/client-node');
  const config = new KubeConfig();
  try {
    if (path === undefined) config.loadFromDefault();
    else config.loadFromFile(path);
  } catch (error) {
    throw new KubeconfigError(`${path ?? 'the kubeconfig'} cannot be used: ${(error as Error).message}`, {
      cause: error,
    });
  }
  return config;
}

/** What the loader leaves to be done, so that kubeconfigs work here as they do in kubectl. Returns a fresh copy each time. */
function prepared(
  config: KubeConfig,
  path: string | undefined,
  tokenFiles: ReadonlyMap<string, string>,
): () => Promise<KubeConfig> {
  const clusters = config.clusters.map((cluster) =>
    // The loader refuses plain HTTP, which kubectl speaks (kubectl proxy); there is no certificate that it could skip.
    cluster.server.startsWith('http:') ? { ...cluster, skipTLSVerify: true } : cluster,
  );
  const users = config.users.map((user) => {
    const tokenFile = tokenFiles.get(user.name);
    if (tokenFile !== undefined) {
      const { token: _outranked, ...rest } = user;
      return { ...rest, authProvider: { name: 'tokenFile', config: { tokenFile } } };
    }
    const exec = user.exec as Exec | undefined;
    return exec === undefined ? user : { ...user, exec: preparedExec(exec, path) };
  });
  const { contexts, currentContext } = config;
  return async () => {
    const { KubeConfig } = await import('@kubernetes/client-node');
    const copy = new KubeConfig();
    copy.loadFromOptions({ clusters, users, contexts, currentContext });
    return copy;
  };
}

interface Exec {
  readonly apiVersion?: string;
  readonly command: string;
  readonly env?: readonly { readonly name: string; readonly value: string }[] | null;
}

/** https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins */
function preparedExec(exec: Exec, path: string | undefined): Exec {
  const { command, apiVersion } = exec;
  const relative = command.includes('/') && !isAbsolute(command) && path !== undefined;
  const info = { apiVersion, kind: 'ExecCredential', spec: { interactive: false } };
  return {
    ...exec,
    command: relative ? join(dirname(path), command) : command,
    env: [...(exec.env ?? []), { name: 'KUBERNETES_EXEC_INFO', value: JSON.stringify(info) }],
  };
}

/** `tokenFile` of each user that has one, which the loader passes over. It outranks `token`. */
async function readTokenFiles(files: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  for (const file of files) {
    const [config] = parseYaml(await readFile(file, 'utf8')) as readonly (RawConfig | undefined | null)[];
    for (const { name, user } of config?.users ?? []) {
      const tokenFile = user?.tokenFile ?? '';
      if (tokenFile !== '' && !found.has(name)) found.set(name, resolve(dirname(file), tokenFile));
    }
  }
  return found;
}

interface RawConfig {
  readonly users?: readonly { readonly name: string; readonly user?: { readonly tokenFile?: string } | null }[] | null;
}

function proxyOf(server: string, configured: string | undefined, environment: Environment): { readonly proxy?: URL } {
  try {
    const proxy = proxyFor(new URL(server), configured, environment);
    return proxy === undefined ? {} : { proxy };
  } catch (error) {
    throw new KubeconfigError((error as Error).message, { cause: error });
  }
}
