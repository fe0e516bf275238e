// Which port the API server gets: the one that was asked for, or the one its clients know, or the usual one, or any.
import { type ApiServer, type ApiListener, type ConnectNode, listenApiServer } from '../apiserver/index.ts';
import type { ClusterCertificates } from './certificates.ts';
import { rememberedPort } from './data-directory.ts';
import { ClusterStartError } from './start-error.ts';

const usualPort = 6443;

export interface ListenOptions {
  readonly host: string;
  readonly port: number | undefined;
  readonly certificates: ClusterCertificates;
  readonly kubeconfigPath: string;
  readonly connectNode: ConnectNode;
}

/** Rejects with a ClusterStartError when the port that was asked for cannot be had. */
export async function listen(server: ApiServer, options: ListenOptions): Promise<ApiListener> {
  const { host, port, certificates, kubeconfigPath, connectNode } = options;
  const wishes = port === undefined ? [(await rememberedPort(kubeconfigPath)) ?? usualPort, 0] : [port];
  for (const [index, wish] of wishes.entries()) {
    try {
      const { authority, server: pair } = certificates;
      return await listenApiServer(server, {
        host,
        port: wish,
        tls: { ...pair, clientAuthority: authority.certificate },
        connectNode,
      });
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EADDRINUSE' && index < wishes.length - 1) continue;
      if (code === undefined || !addressErrors.has(code)) throw error;
      throw new ClusterStartError(`cannot listen on ${host} port ${wish}: ${addressErrors.get(code)}`, {
        cause: error,
      });
    }
  }
  throw new Error('unreachable: the last wish returns or throws');
}

const addressErrors = new Map([
  ['EADDRINUSE', 'another process has it (choose another with --port, 0 for any free one)'],
  ['EADDRNOTAVAIL', 'this machine has no such address'],
  ['EACCES', 'not allowed (ports below 1024 need privileges)'],
  ['ENOTFOUND', 'no such host'],
]);
