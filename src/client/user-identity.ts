// A kubeconfig's user who says by itself who it is: certificate, token, password, in the file or in files beside it.
import { readFile } from 'node:fs/promises';
import type { TlsOptions } from './connector.ts';
import type { IdentitySource, Snapshot } from './identity.ts';
import { KubeconfigError, type KubeconfigCluster, type KubeconfigUser } from './kubeconfig-file.ts';

/** Reads files anew each time it is asked. */
export function userIdentity(cluster: KubeconfigCluster, user: KubeconfigUser): IdentitySource {
  return {
    ask: async () => ({
      tls: { ...(await clusterTls(cluster)), ...(await userTls(user)) },
      headers: { ...impersonation(user), ...(await authorization(user)) },
    }),
    forget: () => undefined,
  };
}

export async function clusterTls(cluster: KubeconfigCluster): Promise<TlsOptions> {
  const serverName = cluster['tls-server-name'] ?? '';
  const ca = await pem(
    'certificate-authority',
    cluster['certificate-authority-data'],
    cluster['certificate-authority'],
  );
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(serverName === '' ? {} : { serverName }),
    insecure: cluster['insecure-skip-tls-verify'] === true,
  };
}

async function userTls(user: KubeconfigUser): Promise<TlsOptions> {
  const certificate = await pem('client-certificate', user['client-certificate-data'], user['client-certificate']);
  const key = await pem('client-key', user['client-key-data'], user['client-key']);
  return { ...(certificate === undefined ? {} : { certificate }), ...(key === undefined ? {} : { key }) };
}

/** `tokenFile` outranks `token`, as in client-go. */
async function authorization(user: KubeconfigUser): Promise<Snapshot['headers']> {
  const token = (user.tokenFile ?? '') === '' ? user.token : (await read('tokenFile', user.tokenFile!)).trim();
  if ((token ?? '') !== '') return { authorization: `Bearer ${token}` };
  if ((user.username ?? '') === '') return {};
  return { authorization: `Basic ${Buffer.from(`${user.username}:${user.password ?? ''}`).toString('base64')}` };
}

/** https://kubernetes.io/docs/reference/access-authn-authz/authentication/#user-impersonation */
export function impersonation(user: KubeconfigUser): Snapshot['headers'] {
  const groups = user['as-groups'] ?? [];
  return {
    ...((user.as ?? '') === '' ? {} : { 'impersonate-user': user.as! }),
    ...((user['as-uid'] ?? '') === '' ? {} : { 'impersonate-uid': user['as-uid']! }),
    ...(groups.length === 0 ? {} : { 'impersonate-group': groups }),
    ...Object.fromEntries(
      Object.entries(user['as-user-extra'] ?? {}).map(([key, values]) => [
        `impersonate-extra-${encodeURIComponent(key.toLowerCase())}`,
        values,
      ]),
    ),
  };
}

/** The text in the kubeconfig outranks the file beside it. */
async function pem(what: string, base64: string | undefined, path: string | undefined): Promise<string | undefined> {
  if ((base64 ?? '') !== '') return Buffer.from(base64!, 'base64').toString();
  return (path ?? '') === '' ? undefined : read(what, path!);
}

async function read(what: string, path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new KubeconfigError(`the kubeconfig's ${what} cannot be read: ${(error as Error).message}`, { cause: error });
  }
}
