// HTTP to one API server: the one module that knows undici. Keep-alive connections, one deadline per request, and every
// failure as a StatusError: an answer's own Status, or ServiceUnavailable/Timeout with the cause when no answer came.
import { errors, Pool } from 'undici';
import { type Status, StatusError, statusErrorFrom } from '../api/index.ts';
import type { Clock } from '../machinery/index.ts';

export interface TransportOptions {
  /** `https://host:port`, perhaps with a path prefix. */
  readonly server: string;
  readonly tls?: TlsOptions;
  /** Who asks: headers such as Authorization. Called for each request, so that tokens may rotate. */
  readonly credentials?: () => Promise<Readonly<Record<string, string>>>;
  readonly userAgent: string;
  readonly clock: Clock;
  readonly onWarning?: (warning: string) => void;
  readonly connectionsMax?: number;
  readonly watchConnectionsMax?: number;
  readonly requestMsMax?: number;
}

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

export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Path and query. */
  readonly path: string;
  /** JSON, already encoded. */
  readonly body?: string;
  readonly contentType?: string;
  readonly signal?: AbortSignal;
}

export interface Transport {
  /** The parsed body of a successful answer. */
  json(request: HttpRequest): Promise<unknown>;
  /** The raw body of a successful answer, as it comes; for watches. Ends quietly when the signal aborts. */
  stream(request: HttpRequest): AsyncIterable<Uint8Array>;
  /** Ends every connection; requests under way fail. */
  close(): Promise<void>;
}

const defaultConnectionsMax = 64;
const defaultWatchConnectionsMax = 256;
const defaultRequestMsMax = 60_000;
const connectMsMax = 10_000;
const keepAliveMs = 60_000;
const responseBytesMax = 512 * 1024 * 1024;
/** Longer than the server lets a watch live: only a dead connection is silent for so long. */
const streamSilenceMsMax = 330_000;

type Answer = Awaited<ReturnType<Pool['request']>>;

export function createTransport(options: TransportOptions): Transport {
  const { server, clock, requestMsMax = defaultRequestMsMax } = options;
  const { origin, pathname } = new URL(server);
  const prefix = pathname.replace(/\/$/, '');
  const pool = (connections: number, bodyTimeout: number) =>
    new Pool(origin, {
      connections,
      bodyTimeout,
      headersTimeout: requestMsMax,
      connectTimeout: connectMsMax,
      keepAliveTimeout: keepAliveMs,
      maxResponseSize: bodyTimeout === streamSilenceMsMax ? -1 : responseBytesMax,
      connect: tlsConnect(options.tls ?? {}),
      allowH2: false,
    });
  const requests = pool(options.connectionsMax ?? defaultConnectionsMax, requestMsMax);
  // A watch holds its connection: in the same pool a few of them would starve everything else.
  const streams = pool(options.watchConnectionsMax ?? defaultWatchConnectionsMax, streamSilenceMsMax);

  const send = async (through: Pool, request: HttpRequest, signal: AbortSignal): Promise<Answer> => {
    const headers: Record<string, string> = {
      accept: 'application/json',
      'user-agent': options.userAgent,
      ...(await options.credentials?.()),
    };
    if (request.body !== undefined) headers['content-type'] = request.contentType ?? 'application/json';
    const answer = await through.request({
      method: request.method,
      path: `${prefix}${request.path}`,
      headers,
      signal,
      ...(request.body === undefined ? {} : { body: request.body }),
    });
    reportWarnings(answer, options.onWarning);
    if (answer.statusCode >= 400) throw await readFailure(answer);
    return answer;
  };

  /** Runs the exchange under the caller's signal and the deadline, and names whatever goes wrong. */
  const exchange = async <R>(request: HttpRequest, run: (signal: AbortSignal) => Promise<R>): Promise<R> => {
    request.signal?.throwIfAborted();
    const controller = new AbortController();
    const abort = () => controller.abort(request.signal?.reason);
    const cancelDeadline = clock.after(requestMsMax, () => {
      controller.abort(
        new StatusError('Timeout', `${describe(request, origin)}: no answer within ${requestMsMax / 1000} s`),
      );
    });
    request.signal?.addEventListener('abort', abort, { once: true });
    try {
      return await run(controller.signal);
    } catch (error) {
      throw controller.signal.aborted ? controller.signal.reason : operatingError(error, request, origin);
    } finally {
      cancelDeadline();
      request.signal?.removeEventListener('abort', abort);
    }
  };

  return {
    json: (request) => exchange(request, async (signal) => (await send(requests, request, signal)).body.json()),

    async *stream(request) {
      const { signal } = request;
      const controller = new AbortController();
      const abort = () => controller.abort(signal?.reason);
      signal?.addEventListener('abort', abort, { once: true });
      try {
        // The deadline is for the answer's head; how long the body lasts is the server's choice.
        const { body } = await exchange(request, async (untilHead) => {
          const stopEarly = () => controller.abort(untilHead.reason);
          untilHead.addEventListener('abort', stopEarly, { once: true });
          return send(streams, request, controller.signal).finally(() =>
            untilHead.removeEventListener('abort', stopEarly),
          );
        });
        for await (const chunk of body) yield chunk as Uint8Array;
      } catch (error) {
        if (signal?.aborted === true) return;
        throw operatingError(error, request, origin);
      } finally {
        signal?.removeEventListener('abort', abort);
        controller.abort();
      }
    },

    async close() {
      await Promise.all([requests.destroy(), streams.destroy()]);
    },
  };
}

function tlsConnect({ ca, certificate, key, insecure, serverName }: TlsOptions) {
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(certificate === undefined ? {} : { cert: certificate }),
    ...(key === undefined ? {} : { key }),
    ...(serverName === undefined ? {} : { servername: serverName }),
    rejectUnauthorized: insecure !== true,
  };
}

/** The Status in the answer's body; a proxy's page or an empty body is told by its code alone. */
async function readFailure({ statusCode, headers, body }: Answer): Promise<StatusError> {
  const text = await body.text();
  let status: Partial<Status> = {};
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed === 'object' && parsed !== null && (parsed as Status).kind === 'Status') status = parsed;
  } catch {
    status = { message: `the server answered ${statusCode}: ${text.trim().slice(0, 200)}` };
  }
  const retryAfterSeconds = Number(headers['retry-after']);
  if (Number.isInteger(retryAfterSeconds) && status.details?.retryAfterSeconds === undefined)
    status = { ...status, details: { ...status.details, retryAfterSeconds } };
  return statusErrorFrom(status, statusCode);
}

/** `Warning: 299 - "text"`: deprecations and unknown fields. */
function reportWarnings({ headers }: Answer, onWarning: ((warning: string) => void) | undefined): void {
  if (onWarning === undefined || headers['warning'] === undefined) return;
  for (const header of [headers['warning']].flat())
    for (const match of header.matchAll(/299 \S+ "((?:[^"\\]|\\.)*)"/g))
      onWarning(match[1]!.replaceAll(/\\(.)/g, '$1'));
}

function operatingError(error: unknown, request: HttpRequest, origin: string): StatusError {
  if (error instanceof StatusError) return error;
  const what = describe(request, origin);
  const slow =
    error instanceof errors.HeadersTimeoutError ||
    error instanceof errors.BodyTimeoutError ||
    error instanceof errors.ConnectTimeoutError;
  if (slow) return new StatusError('Timeout', `${what}: ${error.message}`, undefined, { cause: error });
  if (error instanceof SyntaxError)
    return new StatusError('ServiceUnavailable', `${what}: the answer is not JSON`, undefined, { cause: error });
  const { message, code } = error as NodeJS.ErrnoException;
  const why = message === '' ? String(code) : message;
  return new StatusError('ServiceUnavailable', `${what}: ${why}`, undefined, { cause: error });
}

/** What was asked of whom, without the query: it may be long. */
function describe({ method, path }: HttpRequest, origin: string): string {
  return `${method} ${origin}${path.split('?')[0]}`;
}
