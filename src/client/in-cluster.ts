// A pod's own way to its API server: the service account that Kubernetes mounts into it. The token is renewed in its
// file about once an hour and is read again often enough that an old one is never used for long.
// https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/
import { readFile } from 'node:fs/promises';
import { isIPv6 } from 'node:net';
import { join } from 'node:path';
import { StatusError } from '../api/index.ts';
import type { Clock } from '../machinery/index.ts';
import type { Environment } from './proxy.ts';

export interface InCluster {
  readonly server: string;
  readonly ca: string | undefined;
  readonly namespace: string | undefined;
  /** Rejects with Unauthorized while the token cannot be read. */
  readonly credentials: () => Promise<Readonly<Record<string, string>>>;
  /** The next request reads the token anew. */
  readonly refused: () => void;
}

export const serviceAccountDirectory = '/var/run/secrets/kubernetes.io/serviceaccount';
/** As client-go does (oauth2 cachingTokenSource of a file: one minute). */
const tokenMsMax = 60_000;

/** Undefined when this process is not in a pod with a service account. */
export async function readInCluster(
  directory: string,
  environment: Environment,
  clock: Clock,
): Promise<InCluster | undefined> {
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port } = environment;
  const tokenPath = join(directory, 'token');
  if (host === undefined || host === '' || port === undefined || (await text(tokenPath)) === undefined)
    return undefined;
  let held: { readonly token: string; readonly until: number } | undefined;
  return {
    server: `https://${isIPv6(host) ? `[${host}]` : host}:${port}`,
    ca: await text(join(directory, 'ca.crt')),
    namespace: await text(join(directory, 'namespace')),
    async credentials() {
      if (held === undefined || clock.now() >= held.until) {
        const token = await text(tokenPath);
        if (token === undefined) throw new StatusError('Unauthorized', `no credentials: ${tokenPath} cannot be read`);
        held = { token, until: clock.now() + tokenMsMax };
      }
      return { authorization: `Bearer ${held.token}` };
    },
    refused() {
      held = undefined;
    },
  };
}

/** Undefined when there is no such file, or nothing in it. */
async function text(path: string): Promise<string | undefined> {
  try {
    const content = (await readFile(path, 'utf8')).trim();
    return content === '' ? undefined : content;
  } catch {
    // Not there or not ours to read: either way it cannot be used.
    return undefined;
  }
}
