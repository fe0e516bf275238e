// Where the API server is and who we are there: kubeconfig files, KUBECONFIG, exec plugins, else the pod's own service
// account (in-cluster.ts). The one module that knows the official client, of which the configuration loader alone is
// used; it costs 0.4 s to load, so it is loaded on first use.
import { access } from 'node:fs/promises';
import type { RequestOptions as HttpsOptions } from 'node:https';
import { homedir } from 'node:os';
import { dirname, isAbsolute, join } from 'node:path';
import type { KubeConfig } from '@kubernetes/client-node';
import { StatusError } from '../api/index.ts';
import type { Clock } from '../machinery/index.ts';
import type { TlsOptions } from './connector.ts';
import type { HttpClientOptions } from './http-client.ts';
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

/** Plugins and files are asked again after this time; plugins keep caches of their own for longer. */
const credentialsMsMax = 30_000;

/** @throws KubeconfigError when there is none, it cannot be read, or it names no cluster. */
export async function loadKubeconfig(options: KubeconfigOptions): Promise<Connection> {
  const { path, context, clock, environment = process.env } = options;
  const here = environment['HOME'] ?? homedir();
  const named = path ?? (environment['KUBECONFIG'] || undefined);
  if (named === undefined && context === undefined && !(await isThere(join(here, '.kube', 'config'))))
    return inCluster(options, environment);

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
  const identity = await followIdentity(prepared(config, path), clock);
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
function prepared(config: KubeConfig, path: string | undefined): () => Promise<KubeConfig> {
  const clusters = config.clusters.map((cluster) =>
    // The loader refuses plain HTTP, which kubectl speaks (kubectl proxy); there is no certificate that it could skip.
    cluster.server.startsWith('http:') ? { ...cluster, skipTLSVerify: true } : cluster,
  );
  const users = config.users.map((user) => {
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

interface Identity {
  readonly tls: () => TlsOptions;
  readonly credentials: () => Promise<Readonly<Record<string, string>>>;
  /** What was sent last is not valid any more, whatever its expiry says. */
  readonly refused: () => void;
}

/** Reads files and runs plugins again when their answer is old, once for all who wait for it. */
async function followIdentity(load: () => Promise<KubeConfig>, clock: Clock): Promise<Identity> {
  let config = await load();
  let current = await ask(config);
  let until = clock.now() + credentialsMsMax;
  let renewing: Promise<void> | undefined;
  let wasRefused = false;
  const renew = async () => {
    // A plugin's answer without an expiry is good until it is refused; a copy has not heard it.
    if (wasRefused) config = await load();
    const next = await ask(config);
    // The same object as long as nothing changed: connections go by that.
    const tls = JSON.stringify(next.tls) === JSON.stringify(current.tls) ? current.tls : next.tls;
    current = { ...next, tls };
    until = clock.now() + credentialsMsMax;
    wasRefused = false;
  };
  return {
    tls: () => current.tls,
    async credentials() {
      if (clock.now() >= until) await (renewing ??= renew().finally(() => (renewing = undefined)));
      return current.headers;
    },
    refused() {
      wasRefused = true;
      // Not at once for every refusal of a burst: the plugin may be slow, and wrong again.
      until = Math.min(until, clock.now() + refusedMs);
    },
  };
}

const refusedMs = 1000;

/** Runs exec plugins and reads files as the configuration asks. */
async function ask(config: KubeConfig) {
  const options: HttpsOptions = {};
  try {
    await config.applyToHTTPSOptions(options);
  } catch (error) {
    const { message } = error as Error;
    throw new StatusError('Unauthorized', `no credentials: ${message.trim()}`, undefined, { cause: error });
  }
  const { ca, cert, key, servername, rejectUnauthorized } = options;
  const tls: TlsOptions = {
    ...text('ca', ca),
    ...text('certificate', cert),
    ...text('key', key),
    ...(servername === undefined ? {} : { serverName: servername }),
    insecure: rejectUnauthorized === false,
  };
  return { tls, headers: headersOf(options) };
}

function proxyOf(server: string, configured: string | undefined, environment: Environment): { readonly proxy?: URL } {
  try {
    const proxy = proxyFor(new URL(server), configured, environment);
    return proxy === undefined ? {} : { proxy };
  } catch (error) {
    throw new KubeconfigError((error as Error).message, { cause: error });
  }
}

function headersOf({ headers, auth }: HttpsOptions): Readonly<Record<string, string>> {
  const given = Object.entries((headers ?? {}) as Readonly<Record<string, unknown>>).map(([name, value]) => [
    name.toLowerCase(),
    String(value),
  ]);
  const basic = typeof auth === 'string' ? { authorization: `Basic ${Buffer.from(auth).toString('base64')}` } : {};
  return { ...basic, ...Object.fromEntries(given) };
}

function text<K extends string>(name: K, value: unknown): { readonly [P in K]?: string } {
  if (typeof value !== 'string' && !Buffer.isBuffer(value)) return {};
  return { [name]: value.toString() } as { readonly [P in K]: string };
}
