// How the API server reaches the agents of its nodes. Simulated ones are in this process. All others listen on this
// machine, at the port that their Node's status says: they are believed only with a certificate for the node's name, and
// a status cannot send the API server to another machine.
import { once } from 'node:events';
import { isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import { checkServerIdentity, connect } from 'node:tls';
import { isSimulatedNode } from '../agent/index.ts';
import { StatusError } from '../api/index.ts';
import type { ConnectNode } from '../apiserver/index.ts';
import type { KeyPair } from '../pki/index.ts';

const connectMsMax = 5_000;

export interface NodeConnectionsOptions {
  /** PEM of who vouches for the nodes. */
  readonly authority: string;
  /** What the API server shows to nodes; asked for with the first connection. */
  readonly clientCertificate: () => Promise<KeyPair>;
  /** To the simulated nodes of this process; undefined when there are none. */
  readonly simulated: () => Duplex | undefined;
}

export function createNodeConnections(options: NodeConnectionsOptions): ConnectNode {
  let certificate: Promise<KeyPair> | undefined;
  return async (node, signal) => {
    const { name } = node.metadata;
    if (isSimulatedNode(node)) {
      const connection = options.simulated();
      if (connection === undefined) throw unreachable(name, 'it is simulated by another process');
      return connection;
    }
    const port = node.status?.daemonEndpoints?.kubeletEndpoint?.Port ?? 0;
    if (port === 0) throw unreachable(name, 'its status names no kubelet endpoint');
    const { certificate: cert, key } = await (certificate ??= options.clientCertificate());
    return dial(name, port, { ca: options.authority, cert, key }, signal);
  };
}

async function dial(
  node: string,
  port: number,
  tls: { readonly ca: string; readonly cert: string; readonly key: string },
  signal: AbortSignal,
): Promise<Duplex> {
  const socket = connect({
    ...tls,
    host: '127.0.0.1',
    port,
    timeout: connectMsMax,
    checkServerIdentity: (_, shown) => checkServerIdentity(node, shown),
    // TLS knows names only.
    ...(isIP(node) === 0 ? { servername: node } : {}),
  });
  socket.once('timeout', () => socket.destroy(new Error(`no answer in ${connectMsMax / 1000} s`)));
  try {
    await once(socket, 'secureConnect', { signal });
    socket.setTimeout(0);
    socket.setNoDelay(true);
    return socket;
  } catch (error) {
    socket.destroy();
    throw unreachable(node, error instanceof Error ? error.message : String(error), error);
  }
}

function unreachable(node: string, why: string, cause?: unknown): StatusError {
  const options = cause === undefined ? {} : { cause };
  return new StatusError('ServiceUnavailable', `node ${node} cannot be asked: ${why}`, undefined, options);
}
