// Where the API server is and who we are there: kubeconfig files, KUBECONFIG, exec plugins, else the pod's own service
// account (in-cluster.ts).
import { access } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import type { Clock } from '../machinery/index.ts';
import type { HttpClientOptions } from './http-client.ts';
import { followIdentity } from './identity.ts';
import { readInCluster, serviceAccountDirectory } from './in-cluster.ts';
import { type KubeconfigUser, KubeconfigError, readKubeconfig } from './kubeconfig-file.ts';
import { pluginIdentity } from './plugin-identity.ts';
import { type Environment, proxyFor } from './proxy.ts';
import { userIdentity } from './user-identity.ts';

export { KubeconfigError } from './kubeconfig-file.ts';

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
  /** What the kubeconfig's context says to those who name none. */
  readonly contextNamespace?: string;
}

/** @throws KubeconfigError when there is none, it cannot be read, or it names no cluster. */
export async function loadKubeconfig(options: KubeconfigOptions): Promise<Connection> {
  const { path, clock, environment = process.env } = options;
  const usual = join(environment['HOME'] ?? homedir(), '.kube', 'config');
  const listed = (environment['KUBECONFIG'] ?? '').split(delimiter).filter((file) => file !== '');
  const files = path !== undefined ? [path] : listed.length > 0 ? listed : [usual];
  const askedFor = path !== undefined || listed.length > 0 || options.context !== undefined;
  if (!askedFor && !(await isThere(usual))) return inCluster(options, environment);

  const config = await readKubeconfig(files, path !== undefined);
  const contextName = options.context ?? config.currentContext;
  const context = config.contexts.get(contextName);
  if (options.context !== undefined && context === undefined)
    throw new KubeconfigError(`the kubeconfig has no context '${options.context}'`);
  const cluster = config.clusters.get(context?.cluster ?? '');
  const server = cluster?.server ?? '';
  if (cluster === undefined || !URL.canParse(server))
    throw new KubeconfigError(`${files.join(delimiter)} names no cluster for context '${contextName}'`);
  const user = config.users.get(context?.user ?? '') ?? {};
  const identity = await followIdentity(
    isPlain(user) ? userIdentity(cluster, user) : pluginIdentity(server, cluster, user),
    clock,
  );
  const contextNamespace = context?.namespace ?? '';
  return {
    server,
    tls: identity.tls,
    ...proxyOf(server, cluster['proxy-url'], environment),
    credentials: identity.credentials,
    onUnauthorized: identity.refused,
    ...(contextNamespace === '' ? {} : { contextNamespace }),
  };
}

/** It needs nobody else to say who it is. */
function isPlain(user: KubeconfigUser): boolean {
  return (user.exec ?? undefined) === undefined && (user['auth-provider'] ?? undefined) === undefined;
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

function proxyOf(server: string, configured: string | undefined, environment: Environment): { readonly proxy?: URL } {
  try {
    const proxy = proxyFor(new URL(server), configured, environment);
    return proxy === undefined ? {} : { proxy };
  } catch (error) {
    throw new KubeconfigError((error as Error).message, { cause: error });
  }
}
