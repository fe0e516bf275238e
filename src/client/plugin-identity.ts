// A kubeconfig's user whom somebody else speaks for: an exec plugin, or an auth provider of old (oidc, gcp, azure). They
// are run by the official client; this is the one module that knows it. It takes 50 MB and 0.4 s to load, so it is loaded
// for them alone.
import type { RequestOptions as HttpsOptions } from 'node:https';
import { StatusError } from '../api/index.ts';
import type { IdentitySource, Snapshot } from './identity.ts';
import type { ExecPlugin, KubeconfigCluster, KubeconfigUser } from './kubeconfig-file.ts';
import type { TlsOptions } from './connector.ts';
import { clusterTls, impersonation } from './user-identity.ts';

export function pluginIdentity(server: string, cluster: KubeconfigCluster, user: KubeconfigUser): IdentitySource {
  const load = async () => {
    const { KubeConfig } = await import('@kubernetes/client-node');
    const config = new KubeConfig();
    config.loadFromClusterAndUser(
      // The cluster's part is read by us; what is not https is none of the loader's business.
      { name: 'cluster', server, skipTLSVerify: true },
      {
        name: 'user',
        ...(user.token === undefined ? {} : { token: user.token }),
        ...(user.exec === undefined ? {} : { exec: informed(user.exec) }),
        ...(user['auth-provider'] === undefined ? {} : { authProvider: user['auth-provider'] }),
      },
    );
    return config;
  };
  let loaded: ReturnType<typeof load> | undefined;
  return {
    async ask() {
      const options: HttpsOptions = {};
      try {
        await (await (loaded ??= load())).applyToHTTPSOptions(options);
      } catch (error) {
        const { message } = error as Error;
        throw new StatusError('Unauthorized', `no credentials: ${message.trim()}`, undefined, { cause: error });
      }
      const { cert, key } = options;
      const tls: TlsOptions = {
        ...(await clusterTls(cluster)),
        ...text('certificate', cert),
        ...text('key', key),
      };
      return { tls, headers: { ...headersOf(options), ...impersonation(user) } };
    },
    // A plugin's answer without an expiry is kept until it is refused, which only a fresh copy takes in.
    forget: () => (loaded = undefined),
  };
}

/** https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins */
function informed(exec: ExecPlugin): ExecPlugin {
  const info = { apiVersion: exec.apiVersion, kind: 'ExecCredential', spec: { interactive: false } };
  return { ...exec, env: [...(exec.env ?? []), { name: 'KUBERNETES_EXEC_INFO', value: JSON.stringify(info) }] };
}

function headersOf({ headers }: HttpsOptions): Snapshot['headers'] {
  const given = Object.entries((headers ?? {}) as Readonly<Record<string, unknown>>);
  return Object.fromEntries(given.map(([name, value]) => [name.toLowerCase(), String(value).trim()]));
}

function text<K extends string>(name: K, value: unknown): { readonly [P in K]?: string } {
  if (typeof value !== 'string' && !Buffer.isBuffer(value)) return {};
  return { [name]: value.toString() } as { readonly [P in K]: string };
}
