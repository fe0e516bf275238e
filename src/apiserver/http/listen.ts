// The API server on a socket: TLS always, loopback unless told otherwise, and a stop that lets requests finish.
import { ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { sleep } from '../../machinery/index.ts';
import { type Logger, silentLogger } from '../../observe/index.ts';
import { createAuthenticator } from '../auth/authenticate.ts';
import { createOpenApiDocuments } from '../openapi/documents.ts';
import type { ConnectNode } from '../node-connection.ts';
import type { User } from '../request.ts';
import type { ApiServer } from '../server.ts';
import { createEncodedObjects } from './encoded-objects.ts';
import { createListPieces } from './list-pieces.ts';
import { createHttpHandler, type HttpHandler } from './handler.ts';
import {
  type ClientPatience,
  clientPatience,
  connectionsMax,
  headerBytesMax,
  headersCountMax,
  keepAliveTimeoutMs,
  shutdownMsMax,
  watchBacklogEventsFree,
  watchBacklogEventsMax,
  watchLimitsDefault,
} from './limits.ts';
import { createOpenAnswers } from './open-answers.ts';
import type { WatchLimits } from './watch-stream.ts';

export interface ListenOptions {
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** 0: any free one. */
  readonly port: number;
  /** PEM texts. `clientAuthority` signs the certificates that clients may show. */
  readonly tls: { readonly certificate: string; readonly key: string; readonly clientAuthority: string };
  /** Bearer token → user. */
  readonly tokens?: ReadonlyMap<string, User>;
  readonly log?: Logger;
  /** What may wait for a slow watcher before it is cut off. */
  readonly watchLimits?: WatchLimits;
  readonly patience?: ClientPatience;
  /** The way to the agents of nodes, for logs, exec, attach and port-forward. */
  readonly connectNode?: ConnectNode;
}

export interface ApiListener {
  readonly host: string;
  readonly port: number;
  /** `https://127.0.0.1:6443` */
  readonly url: string;
  /** Takes no new connection, ends the watches, gives requests in progress a moment, closes everything. */
  close(): Promise<void>;
}

/** Rejects with the socket's error (EADDRINUSE, EACCES) when it cannot listen. */
export async function listenApiServer(server: ApiServer, options: ListenOptions): Promise<ApiListener> {
  const { host = '127.0.0.1', port, tls, tokens, log = silentLogger, patience = clientPatience } = options;
  const stopping = new AbortController();
  const answers = createOpenAnswers(server.clock, patience.answerMs, ({ req }) =>
    log.warn('answer was not taken up in time', { url: req.url }),
  );
  const handle = createHttpHandler({
    server,
    authenticate: createAuthenticator(server.tokens, tokens),
    encoded: createEncodedObjects(),
    pieces: createListPieces(server.clock),
    documents: createOpenApiDocuments(server.resources),
    log,
    patience,
    answers,
    watchLimits: options.watchLimits ?? watchLimitsDefault,
    backlog: { events: 0, eventsMax: watchBacklogEventsMax, eventsFree: watchBacklogEventsFree },
    connectNode: options.connectNode,
    stopping: stopping.signal,
  });
  let handling = 0;
  let handled: (() => void) | undefined;
  const serve: HttpHandler = async (request, response, upgrade) => {
    handling += 1;
    await handle(request, response, upgrade);
    handling -= 1;
    if (handling === 0) handled?.();
  };
  const http = createServer(
    {
      cert: tls.certificate,
      key: tls.key,
      ca: tls.clientAuthority,
      requestCert: true,
      // A client without a certificate may have a token; the authenticator decides.
      rejectUnauthorized: false,
      minVersion: 'TLSv1.2',
      handshakeTimeout: patience.handshakeMs,
      requestTimeout: patience.requestMs,
      headersTimeout: patience.headersMs,
      connectionsCheckingInterval: patience.checkMs,
      maxHeaderSize: headerBytesMax,
      keepAliveTimeout: keepAliveTimeoutMs,
      noDelay: true,
      // Of any other wish (h2c, which Java's clients offer) HTTP lets a server take no notice.
      shouldUpgradeCallback: ({ headers, url = '' }) =>
        /^(websocket|spdy\/3\.1)$/i.test(headers.upgrade ?? '') && /\/(exec|attach|portforward)(\?|$)/.test(url),
    },
    (request, response) => void serve(request, response),
  );
  http.on('upgrade', (request, socket: Socket, head) => {
    const response = new ServerResponse(request);
    response.shouldKeepAlive = false;
    response.assignSocket(socket);
    // Refused: there is no going back to HTTP on this connection.
    response.once('finish', () => socket.end());
    socket.on('error', () => socket.destroy());
    void serve(request, response, { socket, head });
  });
  http.maxConnections = connectionsMax;
  http.maxHeadersCount = headersCountMax;
  http.on('tlsClientError', (error) => log.debug('TLS handshake failed', { error: error.message }));
  http.on('clientError', (error, socket) => {
    log.debug('malformed request', { error: error.message });
    refuse(error, socket);
  });
  await new Promise<void>((resolve, reject) => {
    http.once('error', reject);
    http.listen(port, host, () => {
      http.off('error', reject);
      resolve();
    });
  });
  const address = http.address() as AddressInfo;
  const shownHost = address.family === 'IPv6' ? `[${address.address}]` : address.address;
  return {
    host: address.address,
    port: address.port,
    url: `https://${shownHost}:${address.port}`,
    async close() {
      const stopped = new Promise<void>((resolve) => {
        http.close(() => resolve());
      });
      stopping.abort();
      server.endWatches();
      http.closeIdleConnections();
      const allHandled = new Promise<void>((resolve) => {
        if (handling === 0) resolve();
        else handled = resolve;
      });
      const waiting = new AbortController();
      await Promise.race([
        allHandled.then(() => answers.left()),
        sleep(server.clock, shutdownMsMax, waiting.signal).catch(() => undefined),
      ]);
      waiting.abort();
      answers.close();
      http.closeAllConnections();
      await Promise.all([stopped, server.close()]);
    },
  };
}

/** What is no request at all is told so where it can be, and the connection ends. */
function refuse(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const status = malformed.get(error.code ?? '') ?? '400 Bad Request';
  socket.end(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`, () => socket.destroy());
}

const malformed: ReadonlyMap<string, string> = new Map([
  ['HPE_HEADER_OVERFLOW', '431 Request Header Fields Too Large'],
  ['ERR_HTTP_REQUEST_TIMEOUT', '408 Request Timeout'],
]);
