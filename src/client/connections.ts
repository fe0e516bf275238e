// Keep-alive connections to one API server, and one request over them: with connector.ts the one module that knows
// undici. Uses its callbacks, not its streams: a thousand small answers cost half as much. Knows nothing of Kubernetes or
// of deadlines.
import type { Dispatcher, Pool as UndiciPool } from 'undici';
import { createConnector, type CurrentTls } from './connector.ts';
import { errors, Pool } from './undici.ts';

export interface ConnectionOptions {
  readonly origin: string;
  readonly tls: CurrentTls;
  readonly proxy: URL | undefined;
  readonly connectionsMax: number;
  readonly watchConnectionsMax: number;
  /** For the head of an answer, and between two pieces of its body. */
  readonly requestMsMax: number;
}

export interface Outgoing {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly headers: Readonly<Record<string, string | string[]>>;
  readonly body?: string;
}

export interface Head {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** Called in this order: head, data …, then end or failed. What `head` or `data` throws is handed to `failed`. */
export interface Receiver {
  head(head: Head): void;
  data(chunk: Buffer): void;
  end(): void;
  failed(error: Error): void;
}

/** One request under way. */
export interface Exchange {
  /** Ends in `failed` with this reason, unless it has ended already. */
  abort(reason: Error): void;
  pause(): void;
  resume(): void;
}

export interface Connections {
  /** `lasting` requests have connections of their own: a watch holds its connection, a few would starve the rest. */
  send(request: Outgoing, lasting: boolean, receiver: Receiver): Exchange;
  /** Ends every connection; requests under way fail. */
  close(): Promise<void>;
}

const connectMsMax = 10_000;
const keepAliveMs = 60_000;
/** So that a renewed certificate is soon the only one in use. */
const connectionMsMax = 10 * 60_000;
/** Longer than the server lets a watch live: only a dead connection is silent for so long. */
const streamSilenceMsMax = 330_000;

export function createConnections(options: ConnectionOptions): Connections {
  const { tls, proxy } = options;
  const connect = createConnector({ tls, proxy, connectMsMax });
  const common = { connect, keepAliveTimeout: keepAliveMs, clientTtl: connectionMsMax, allowH2: false };
  const short = new Pool(options.origin, {
    ...common,
    connections: options.connectionsMax,
    headersTimeout: options.requestMsMax,
    bodyTimeout: options.requestMsMax,
  });
  const long = new Pool(options.origin, {
    ...common,
    connections: options.watchConnectionsMax,
    headersTimeout: options.requestMsMax,
    bodyTimeout: streamSilenceMsMax,
  });
  return {
    send: (request, lasting, receiver) => dispatch(lasting ? long : short, request, receiver),
    async close() {
      await Promise.all([short.destroy(), long.destroy()]);
    },
  };
}

/** The server did not answer in time. */
export function isTimeout(error: unknown): boolean {
  return (
    error instanceof errors.HeadersTimeoutError ||
    error instanceof errors.BodyTimeoutError ||
    error instanceof errors.ConnectTimeoutError
  );
}

function dispatch(pool: UndiciPool, request: Outgoing, receiver: Receiver): Exchange {
  let controller: Dispatcher.DispatchController | undefined;
  let abortedBeforeStart: Error | undefined;
  // `reset: false`: undici would close the connection after a DELETE with a body. Kubernetes servers read that body.
  pool.dispatch(
    { ...request, reset: false },
    {
      onRequestStart(started) {
        controller = started;
        if (abortedBeforeStart !== undefined) started.abort(abortedBeforeStart);
      },
      onResponseStart: (_controller, statusCode, headers) => receiver.head({ statusCode, headers }),
      onResponseData: (_controller, chunk) => receiver.data(chunk),
      onResponseEnd: () => receiver.end(),
      onResponseError: (_controller, error) => receiver.failed(error),
    },
  );
  return {
    abort(reason) {
      // While it waits for a connection it cannot be taken back; it is dropped before anything is sent.
      if (controller === undefined) abortedBeforeStart = reason;
      else controller.abort(reason);
    },
    pause: () => controller?.pause(),
    resume: () => controller?.resume(),
  };
}
