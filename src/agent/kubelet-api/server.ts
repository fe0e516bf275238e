// What a kubelet serves to the API server: logs, exec, attach, port-forward of one agent's pods. On connections that are
// handed to it (within a process), or on a TLS port of the loopback interface that lets nobody in but the API server.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { type Duplex, duplexPair, Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { TLSSocket } from 'node:tls';
import { StatusError } from '../../api/index.ts';
import { type Clock, onAbort, type Part } from '../../machinery/index.ts';
import type { Logger } from '../../observe/index.ts';
import type { PodRuntime } from './runtime.ts';
import { parseTarget } from './target.ts';
import { serveUpgrade, type Upgrade } from './upgrade.ts';

/** The API server's name in its client certificate: the only one that is let in. */
export const apiServerName = 'kube-apiserver-kubelet-client';
/** Logs and streams at a time; more are refused. */
const streamsMax = 1_000;
const connectionsMax = 2 * streamsMax;

export interface KubeletTls {
  /** PEM: for the node's name, and its key. */
  readonly certificate: string;
  readonly key: string;
  /** PEM of who signs the API server's client certificate. */
  readonly clientAuthority: string;
}

/** Until the signal; then every stream and every connection ends. */
export interface KubeletApi extends Part {
  /** A connection within the process: whoever has it is let in. */
  connect(): Duplex;
  /** Listens on 127.0.0.1, any free port. Resolves to the port. */
  listen(tls: KubeletTls): Promise<number>;
}

export interface KubeletApiOptions {
  readonly runtime: PodRuntime;
  readonly clock: Clock;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

export function createKubeletApi(options: KubeletApiOptions): KubeletApi {
  const { log, signal } = options;
  const connections = new Set<Duplex>();
  const handle = createHandlers(options);
  const inside = createServer(handle.request).on('upgrade', handle.upgrade);
  let outside: Server | undefined;

  const track = (socket: Duplex) => {
    connections.add(socket);
    socket.once('close', () => connections.delete(socket));
  };
  const close = async (): Promise<void> => {
    const listening = outside;
    const closed = new Promise((resolve) => {
      if (listening === undefined) resolve(undefined);
      else listening.close(resolve);
    });
    for (const socket of connections) socket.destroy();
    await closed;
  };
  const stopped = Promise.withResolvers<void>();
  const stop = () => void close().then(stopped.resolve, stopped.reject);
  if (signal.aborted) stop();
  else onAbort(signal, stop);
  return {
    stopped: stopped.promise,
    connect() {
      const [near, far] = duplexPair();
      track(far);
      // A pair passes on the end of what is written, and not that one side has gone.
      near.once('close', () => far.destroy());
      inside.emit('connection', far);
      return near;
    },
    async listen({ certificate, key, clientAuthority }) {
      const tls = {
        cert: certificate,
        key,
        ca: clientAuthority,
        requestCert: true,
        rejectUnauthorized: true,
        minVersion: 'TLSv1.2',
      } as const;
      const server = createTlsServer(tls, (request, response) => {
        if (isFromApiServer(request)) handle.request(request, response);
        else refuse(response, stranger());
      });
      server.on('upgrade', (request, socket: Duplex, head) => {
        if (isFromApiServer(request)) handle.upgrade(request, socket, head);
        else refuseUpgrade(socket, stranger());
      });
      outside = server;
      server.maxConnections = connectionsMax;
      server.on('secureConnection', track);
      server.on('tlsClientError', (error) => log.debug('TLS handshake failed', { error: error.message }));
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject).listen(0, '127.0.0.1', resolve);
      });
      return (server.address() as AddressInfo).port;
    },
  };
}

/** Nodes have certificates of the same authority; none of them may look into another's pods. */
function isFromApiServer({ socket }: IncomingMessage): boolean {
  return socket instanceof TLSSocket && socket.authorized && socket.getPeerCertificate().subject?.CN === apiServerName;
}

function stranger(): StatusError {
  return new StatusError('Forbidden', 'this node answers the API server only');
}

interface Handlers {
  readonly request: (request: IncomingMessage, response: ServerResponse) => void;
  readonly upgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => void;
}

function createHandlers({ runtime, clock, log }: KubeletApiOptions): Handlers {
  let open = 0;
  const counted = async (work: () => Promise<void>): Promise<void> => {
    if (open >= streamsMax) throw new StatusError('TooManyRequests', `${streamsMax} streams are open on this node`);
    open += 1;
    try {
      await work();
    } finally {
      open -= 1;
    }
  };
  return {
    request(request, response) {
      const gone = new AbortController();
      response.once('close', () => gone.abort());
      counted(() => serveLogs(runtime, clock.now(), request, response, gone.signal)).catch((error: unknown) => {
        if (gone.signal.aborted) return;
        if (response.headersSent) log.warn('a log could not be read on', { url: request.url, error });
        if (response.headersSent) response.destroy();
        else refuse(response, asStatus(error));
      });
    },
    upgrade(request, socket, head) {
      socket.on('error', () => socket.destroy());
      counted(() => serveStreams(runtime, clock.now(), { request, socket, head })).catch((error: unknown) => {
        const status = asStatus(error);
        if (status.reason === 'InternalError') log.warn('a stream could not be served', { url: request.url, error });
        refuseUpgrade(socket, status);
      });
    },
  };
}

async function serveLogs(
  runtime: PodRuntime,
  now: number,
  request: IncomingMessage,
  response: ServerResponse,
  gone: AbortSignal,
): Promise<void> {
  const asked = parseTarget(request.url ?? '/', now);
  if (asked.what !== 'logs') throw new StatusError('BadRequest', 'Upgrade request required');
  if (request.method !== 'GET')
    throw new StatusError('MethodNotAllowed', 'the server does not allow this method on the requested resource');
  const text = await runtime.logs(asked.target, asked.options, gone);
  response.writeHead(200, { 'content-type': 'text/plain', 'cache-control': 'no-cache' });
  // Who follows wants to know at once that there is something to follow.
  response.flushHeaders();
  await pipeline(Readable.from(text, { objectMode: false }), response, { signal: gone });
}

async function serveStreams(runtime: PodRuntime, now: number, upgrade: Upgrade): Promise<void> {
  const asked = parseTarget(upgrade.request.url ?? '/', now);
  switch (asked.what) {
    case 'logs':
      throw new StatusError('BadRequest', 'logs are read without an upgrade');
    case 'exec': {
      const { target, command, options } = asked;
      return serveUpgrade(upgrade, { what: 'command', options }, await runtime.exec(target, command, options));
    }
    case 'attach': {
      const place = await runtime.attach(asked.target, asked.options);
      return serveUpgrade(upgrade, { what: 'command', options: place.options }, place);
    }
    case 'portForward': {
      const { target, ports } = asked;
      return serveUpgrade(upgrade, { what: 'forward', ports }, await runtime.portForward(target));
    }
  }
}

function asStatus(error: unknown): StatusError {
  if (error instanceof StatusError) return error;
  return new StatusError('InternalError', 'an error on the node prevented the request from succeeding', undefined, {
    cause: error,
  });
}

function refuse(response: ServerResponse, error: StatusError): void {
  const body = JSON.stringify(error.toStatus());
  response.writeHead(error.code, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) });
  response.end(body);
}

/** The connection is no longer the HTTP server's: its answer is written by hand. */
function refuseUpgrade(socket: Duplex, error: StatusError): void {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const body = JSON.stringify(error.toStatus());
  const head = [
    `HTTP/1.1 ${error.code} ${error.reason}`,
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy());
}
