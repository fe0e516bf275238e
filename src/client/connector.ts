// How a connection to the API server is made: directly or through a proxy, with the TLS identity of the moment. A
// certificate that was renewed is used by every connection from then on; none resumes a session of the old one.
import { createSecureContext } from 'node:tls';
import type { buildConnector as UndiciConnector } from 'undici';
import { openTunnel } from './proxy.ts';
import { buildConnector } from './undici.ts';

export interface TlsOptions {
  /** PEM texts. */
  readonly ca?: string;
  readonly certificate?: string;
  readonly key?: string;
  /** Accept any server certificate. */
  readonly insecure?: boolean;
  /** Check the server's certificate against this name instead of the URL's host. */
  readonly serverName?: string;
}

/** What may change while connections are made; the same object as long as nothing does. */
export type CurrentTls = TlsOptions | (() => TlsOptions);

export interface ConnectorOptions {
  readonly tls: CurrentTls;
  readonly proxy?: URL | undefined;
  readonly connectMsMax: number;
}

export function createConnector({ tls, proxy, connectMsMax }: ConnectorOptions): UndiciConnector.connector {
  let made: { readonly of: TlsOptions; readonly connect: UndiciConnector.connector } | undefined;
  /** One context for all connections: made per connection it costs more than the handshake. */
  const current = (): UndiciConnector.connector => {
    const now = typeof tls === 'function' ? tls() : tls;
    if (made?.of !== now)
      made = { of: now, connect: buildConnector({ ...identity(now), timeout: connectMsMax, allowH2: false }) };
    return made.connect;
  };
  if (proxy === undefined) return (options, callback) => current()(options, callback);
  return (options, callback) => {
    const { hostname, protocol } = options;
    const secure = protocol === 'https:';
    const port = options.port === '' ? (secure ? 443 : 80) : Number(options.port);
    openTunnel(proxy, hostname.replace(/^\[|\]$/g, ''), port, connectMsMax).then(
      (socket) => (secure ? current()({ ...options, httpSocket: socket }, callback) : callback(null, socket)),
      (error: Error) => callback(error, null),
    );
  };
}

function identity({ ca, certificate, key, insecure, serverName }: TlsOptions) {
  return {
    secureContext: createSecureContext({
      ...(ca === undefined ? {} : { ca }),
      ...(certificate === undefined ? {} : { cert: certificate }),
      ...(key === undefined ? {} : { key }),
    }),
    ...(serverName === undefined ? {} : { servername: serverName }),
    rejectUnauthorized: insecure !== true,
  };
}
