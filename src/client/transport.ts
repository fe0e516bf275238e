// Requests to one API server: credentials, one deadline per request, and every failure as a StatusError: an answer's
// own Status, or ServiceUnavailable/Timeout with the cause when no answer came. Connections are connections.ts.
import { StatusError, type Status, statusErrorFrom } from '../api/index.ts';
import { type Clock, onAbort } from '../machinery/index.ts';
import { decodeStatus, jsonMediaType } from './body-format.ts';
import { type BodyReceiver, createChunkQueue } from './chunk-queue.ts';
import { createConnections, type Exchange, type Head, isTimeout, type Outgoing } from './connections.ts';
import type { CurrentTls } from './connector.ts';

export interface TransportOptions {
  /** `https://host:port`, perhaps with a path prefix. */
  readonly server: string;
  readonly tls?: CurrentTls;
  /** An HTTP proxy to go through. */
  readonly proxy?: URL;
  /** Who asks: headers such as Authorization. Called for each request, so that tokens may rotate. */
  readonly credentials?: () => Promise<Outgoing['headers']>;
  /** The server did not know the credentials: they are to be renewed. */
  readonly onUnauthorized?: () => void;
  readonly userAgent: string;
  readonly clock: Clock;
  readonly onWarning?: (warning: string) => void;
  readonly connectionsMax?: number;
  readonly watchConnectionsMax?: number;
  readonly requestMsMax?: number;
}

export interface HttpRequest {
  readonly method: Outgoing['method'];
  /** Path and query. */
  readonly path: string;
  /** Already encoded. */
  readonly body?: string;
  /** JSON when absent. */
  readonly contentType?: string;
  /** JSON when absent. */
  readonly accept?: string;
  readonly signal?: AbortSignal;
}

export interface Transport {
  /** What `decode` makes of the body of a successful answer. */
  whole<R>(request: HttpRequest, decode: (contentType: string, body: Buffer) => R): Promise<R>;
  /** The same of a body as it comes; for watches. Ends quietly when the signal aborts. */
  stream<R>(request: HttpRequest, decoder: (contentType: string) => StreamDecoder<R>): AsyncIterable<R>;
  /** Ends every connection; requests under way fail. */
  close(): Promise<void>;
}

/** Makes things of a body that comes in pieces. Either method throws when it is not what it should be. */
export interface StreamDecoder<R> {
  /** What is complete with this piece. */
  push(chunk: Buffer): Iterable<R>;
  /** The body has ended. */
  end(): void;
}

/** As many writes as a busy API server answers at a time; each connection costs a handshake, on both sides. */
const defaultConnectionsMax = 32;
const defaultWatchConnectionsMax = 256;
const defaultRequestMsMax = 60_000;
/** A page of 500 of the largest pods is a tenth of this. While it is decoded it is in memory three times. */
const answerBytesMax = 128 * 1024 * 1024;
/** A Status, or a proxy's page. */
const failureBytesMax = 1024 * 1024;
/** A server ends a watch when it was asked to (watchSeconds, http-client.ts): one that does not says nothing new either. */
const streamMsMax = 360_000;
/** What a reader of a stream may lag behind before the server is held up. */
const unreadBytesMax = 4 * 1024 * 1024;

export function createTransport(options: TransportOptions): Transport {
  const { server, clock, onWarning, requestMsMax = defaultRequestMsMax } = options;
  const { origin, pathname } = new URL(server);
  const prefix = pathname.replace(/\/$/, '');
  const connections = createConnections({
    origin,
    tls: options.tls ?? {},
    proxy: options.proxy,
    connectionsMax: options.connectionsMax ?? defaultConnectionsMax,
    watchConnectionsMax: options.watchConnectionsMax ?? defaultWatchConnectionsMax,
    requestMsMax,
  });

  const outgoing = async (request: HttpRequest): Promise<Outgoing> => {
    const { method, path, body, accept = jsonMediaType, contentType = jsonMediaType } = request;
    const headers = { accept, 'user-agent': options.userAgent, ...(await options.credentials?.()) };
    request.signal?.throwIfAborted();
    if (body === undefined) return { method, path: prefix + path, headers };
    return { method, path: prefix + path, headers: { ...headers, 'content-type': contentType }, body };
  };

  /** Sends, and settles at the end of the answer, or with its head when `onHead` wants to take the body itself. */
  const exchange = async <R>(
    request: HttpRequest,
    lasting: boolean,
    onHead: (exchange: Exchange, head: Head) => { readonly result: R; readonly receiver: BodyReceiver } | undefined,
    onBody: (head: Head, body: Buffer) => R,
  ): Promise<R> => {
    request.signal?.throwIfAborted();
    let release = () => {};
    try {
      const ready = await outgoing(request);
      return await new Promise<R>((resolve, reject) => {
        let head: Head | undefined;
        let taken: BodyReceiver | undefined;
        const chunks: Buffer[] = [];
        let bytes = 0;
        const keep = (chunk: Buffer) => {
          bytes += chunk.length;
          const bytesMax = head!.statusCode < 400 ? answerBytesMax : failureBytesMax;
          if (bytes <= bytesMax) chunks.push(chunk);
          else
            giveUp(new StatusError('ServiceUnavailable', `${describe(request, origin)}: more than ${bytesMax} bytes`));
        };
        const sent = connections.send(ready, lasting, {
          head(received) {
            head = received;
            if (onWarning !== undefined) reportWarnings(received, onWarning);
            const taking = received.statusCode < 400 ? onHead(sent, received) : undefined;
            if (taking === undefined) return;
            taken = taking.receiver;
            resolve(taking.result);
          },
          data: (chunk) => (taken === undefined ? keep(chunk) : taken.data(chunk)),
          end() {
            if (taken !== undefined) taken.end();
            else settle(resolve, reject, () => onBody(head!, chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)));
          },
          failed: (error) => (taken === undefined ? reject(error) : taken.failed(error)),
        });
        const giveUp = (reason: Error) => {
          reject(reason);
          sent.abort(reason);
        };
        const { signal } = request;
        const forget = signal === undefined ? undefined : onAbort(signal, () => giveUp(signal.reason as Error));
        const cancelDeadline = clock.after(requestMsMax, () =>
          giveUp(new StatusError('Timeout', `${describe(request, origin)}: no answer within ${requestMsMax / 1000} s`)),
        );
        release = () => {
          cancelDeadline();
          forget?.();
        };
      });
    } catch (error) {
      throw request.signal?.aborted === true ? request.signal.reason : operatingError(error, request, origin);
    } finally {
      release();
    }
  };

  const failed = ({ statusCode, headers }: Head, body: Buffer): never => {
    if (statusCode === 401) options.onUnauthorized?.();
    throw statusErrorFrom(failureStatus(statusCode, headers, body), statusCode);
  };

  return {
    whole: (request, decode) =>
      exchange(
        request,
        false,
        () => undefined,
        (head, body) => (head.statusCode >= 400 ? failed(head, body) : decode(contentType(head), body)),
      ),

    async *stream(request, decoderFor) {
      const { signal } = request;
      let running: Exchange | undefined;
      let cancelDeadline = () => {};
      const abort = () => running?.abort(signal!.reason as Error);
      try {
        const { decoder, queue } = await exchange(
          request,
          true,
          (sent, head) => {
            running = sent;
            const queue = createChunkQueue(sent, unreadBytesMax);
            return { result: { decoder: decoderFor(contentType(head)), queue }, receiver: queue };
          },
          failed,
        );
        signal?.addEventListener('abort', abort, { once: true });
        cancelDeadline = clock.after(streamMsMax, () =>
          running?.abort(
            new StatusError('Timeout', `${describe(request, origin)}: not ended in ${streamMsMax / 1000} s`),
          ),
        );
        for (let chunks = await queue.next(); chunks !== undefined; chunks = await queue.next())
          for (const chunk of chunks) for (const piece of decoder.push(chunk)) yield piece;
        decoder.end();
      } catch (error) {
        if (signal?.aborted === true) return;
        throw operatingError(error, request, origin);
      } finally {
        signal?.removeEventListener('abort', abort);
        cancelDeadline();
        running?.abort(new Error('nobody reads it any more'));
      }
    },

    close: () => connections.close(),
  };
}

/** What a decoder throws is the answer's fault, and is told like any other. */
function settle<R>(resolve: (result: R) => void, reject: (error: unknown) => void, run: () => R): void {
  try {
    resolve(run());
  } catch (error) {
    reject(error);
  }
}

function contentType({ headers }: Head): string {
  return String(headers['content-type'] ?? '');
}

/** The Status in the answer's body; a proxy's page or an empty body is told by its code alone. */
function failureStatus(statusCode: number, headers: Head['headers'], body: Buffer): Partial<Status> {
  const status = decodeStatus(String(headers['content-type'] ?? ''), body) ?? {
    message: `the server answered ${statusCode}: ${body.toString().trim().slice(0, 200)}`,
  };
  const retryAfterSeconds = Number(headers['retry-after']);
  return Number.isInteger(retryAfterSeconds) && status.details?.retryAfterSeconds === undefined
    ? { ...status, details: { ...status.details, retryAfterSeconds } }
    : status;
}

/** `Warning: 299 - "text"`: deprecations and unknown fields. */
function reportWarnings({ headers }: Head, onWarning: (warning: string) => void): void {
  if (headers['warning'] === undefined) return;
  for (const header of [headers['warning']].flat())
    for (const match of header.matchAll(/299 \S+ "((?:[^"\\]|\\.)*)"/g))
      onWarning(match[1]!.replaceAll(/\\(.)/g, '$1'));
}

function operatingError(error: unknown, request: HttpRequest, origin: string): StatusError {
  if (error instanceof StatusError) return error;
  const what = describe(request, origin);
  const cause = { cause: error };
  if (isTimeout(error)) return new StatusError('Timeout', `${what}: ${(error as Error).message}`, undefined, cause);
  const { message, code } = error as NodeJS.ErrnoException;
  const why = message === '' ? String(code) : message;
  return new StatusError('ServiceUnavailable', `${what}: ${why}`, undefined, cause);
}

/** What was asked of whom, without the query: it may be long. */
function describe({ method, path }: HttpRequest, origin: string): string {
  return `${method} ${origin}${path.split('?')[0]}`;
}
