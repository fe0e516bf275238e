// Where the API server is and who we are there: kubeconfig files, KUBECONFIG, in-cluster service accounts, exec plugins.
// The one module that knows the official client, of which the configuration loader alone is used; it costs 0.4 s to
// load, so it is loaded on first use.
import type { RequestOptions as HttpsOptions } from 'node:https';
import type { KubeConfig } from '@kubernetes/client-node';
import { StatusError } from '../api/index.ts';
import type { Clock } from '../machinery/index.ts';
import type { HttpClientOptions } from './http-client.ts';

export interface KubeconfigOptions {
  /** A file; absent = KUBECONFIG (a list), then ~/.kube/config, then the pod's service account. */
  readonly path?: string;
  /** Absent = the file's current context. */
  readonly context?: string;
  readonly clock: Clock;
}

export interface Connection extends Pick<HttpClientOptions, 'server' | 'tls' | 'credentials'> {
  /** Of the pod that this process is. */
  readonly namespace?: string;
}

/** No usable kubeconfig; the message says what is wrong with which. */
export class KubeconfigError extends Error {
  override readonly name = 'KubeconfigError';
}

/** Plugins and token files are asked again after this time; they keep caches of their own for longer. */
const credentialsMsMax = 30_000;

/** @throws KubeconfigError when there is none, it cannot be read, or it names no cluster. */
export async function loadKubeconfig({ path, context, clock }: KubeconfigOptions): Promise<Connection> {
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
  const first = await apply(config);
  let current = { headers: headersOf(first), until: clock.now() + credentialsMsMax };
  return {
    server: cluster.server,
    tls: {
      ...text('ca', first.ca),
      ...text('certificate', first.cert),
      ...text('key', first.key),
      ...(first.servername === undefined ? {} : { serverName: first.servername }),
      insecure: first.rejectUnauthorized === false,
    },
    credentials: async () => {
      if (clock.now() >= current.until)
        current = { headers: headersOf(await apply(config)), until: clock.now() + credentialsMsMax };
      return current.headers;
    },
  };
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

/** Runs exec plugins and reads token files as the configuration asks. */
async function apply(config: KubeConfig): Promise<HttpsOptions> {
  const options: HttpsOptions = {};
  try {
    await config.applyToHTTPSOptions(options);
  } catch (error) {
    throw new StatusError('Unauthorized', `no credentials: ${(error as Error).message}`, undefined, { cause: error });
  }
  return options;
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
