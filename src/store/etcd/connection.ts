// The way to etcd: gRPC over HTTP/2 to one endpoint at a time, the next one when it fails, and a verdict on every
// failure. The only module that knows the gRPC library. It knows nothing of stores; what it does not do: repeat a
// request that may have been carried out.
import { type CallOptions, type Client, Code, ConnectError, createClient } from '@connectrpc/connect';
import { createGrpcTransport, Http2SessionManager } from '@connectrpc/connect-node';
import { type Clock, sleep } from '../../machinery/index.ts';
import { StoreClosedError, StoreUnavailableError, WriteFailedError } from '../store.ts';
import { KV, Watch, type WatchCreateRequest, type WatchResponse } from './generated/etcd_pb.ts';

export interface EtcdTls {
  /** PEM. Absent: the authorities that Node knows. */
  readonly authority?: string;
  /** PEM of this client's certificate and its key, when etcd asks for one. */
  readonly certificate?: string;
  readonly key?: string;
}

export interface EtcdConnectionOptions {
  /** `http://127.0.0.1:2379`; several members of one etcd cluster. */
  readonly endpoints: readonly string[];
  readonly tls?: EtcdTls;
  readonly clock: Clock;
  /** Time for one request, all attempts together. */
  readonly requestMsMax?: number;
}

/** Longer than an election or a quick restart of etcd takes: requests outlive both. */
const requestMsMaxDefault = 10_000;
/** A member that does not answer for so long is left for the next one. */
const attemptMsMax = 5_000;
/** etcd ends connections that ping more often than every 5 s (--grpc-keepalive-min-time). */
const pingIntervalMs = 10_000;
const pingTimeoutMs = 5_000;
const retryMsMin = 20;
const retryMsMax = 500;
/** Never to come round: see `#pause`. */
const holdMs = 2 ** 30;

export type KvClient = Client<typeof KV>;
type WatchClient = Client<typeof Watch>;

interface Endpoint {
  readonly url: string;
  readonly session: Http2SessionManager;
  readonly kv: KvClient;
  readonly watch: WatchClient;
}

export class EtcdConnection {
  readonly #endpoints: readonly Endpoint[];
  readonly #clock: Clock;
  readonly #requestMsMax: number;
  readonly #closing = new AbortController();
  #current = 0;

  constructor(options: EtcdConnectionOptions) {
    this.#clock = options.clock;
    this.#requestMsMax = options.requestMsMax ?? requestMsMaxDefault;
    this.#endpoints = options.endpoints.map((url) => openEndpoint(url, options.tls));
  }

  /** Aborted by `close`. */
  get signal(): AbortSignal {
    return this.#closing.signal;
  }

  /** Repeated until it is answered: for what changes nothing. */
  read<T>(request: (kv: KvClient, options: CallOptions) => Promise<T>): Promise<T> {
    return this.#attempt(request, isTransient);
  }

  /** Repeated only while it was never sent. Any other failure leaves open whether it was carried out. */
  write<T>(request: (kv: KvClient, options: CallOptions) => Promise<T>): Promise<T> {
    return this.#attempt(request, wasNeverSent);
  }

  /** One watch on one connection. Ends with a StoreUnavailableError when either breaks, and with the signal. */
  async *watch(create: WatchCreateRequest, signal: AbortSignal): AsyncGenerator<WatchResponse> {
    const endpoint = this.#endpoints[this.#current]!;
    const stop = new AbortController();
    const signals = AbortSignal.any([signal, stop.signal, this.#closing.signal]);
    const requests = async function* () {
      yield { requestUnion: { case: 'createRequest' as const, value: create } };
      // The watch lasts as long as its requests do.
      await new Promise((resolve) => signals.addEventListener('abort', resolve, { once: true }));
    };
    try {
      // Without a leader a member hears of nothing new: it shall end the watch then, and another member is asked.
      yield* endpoint.watch.watch(requests(), { signal: signals, headers: { hasleader: 'true' } });
      throw new StoreUnavailableError(`etcd at ${endpoint.url} ended a watch`);
    } catch (error) {
      this.#leave(endpoint);
      throw this.#verdict(error, endpoint);
    } finally {
      stop.abort();
    }
  }

  /** Breaks off whatever is under way. */
  close(): void {
    this.#closing.abort(new StoreClosedError());
    for (const { session } of this.#endpoints) session.abort();
  }

  async #attempt<T>(
    request: (kv: KvClient, options: CallOptions) => Promise<T>,
    mayRepeat: (error: unknown) => boolean,
  ): Promise<T> {
    const end = this.#clock.now() + this.#requestMsMax;
    for (let attempt = 1, pauseMs = retryMsMin; ; attempt++) {
      this.#closing.signal.throwIfAborted();
      const endpoint = this.#endpoints[this.#current]!;
      try {
        return await request(endpoint.kv, { signal: this.#closing.signal, timeoutMs: attemptMsMax });
      } catch (error) {
        const isOver = this.#closing.signal.aborted || this.#clock.now() + pauseMs > end;
        if (isTransient(error)) this.#leave(endpoint);
        if (isOver || !mayRepeat(error)) throw this.#verdict(error, endpoint);
      }
      // Every endpoint is tried once before there is a pause.
      if (attempt % this.#endpoints.length !== 0) continue;
      await this.#pause(pauseMs);
      pauseMs = Math.min(pauseMs * 2, retryMsMax);
    }
  }

  /** A clock's timer lets the process end. Here somebody waits for an answer, and no connection holds the process. */
  async #pause(ms: number): Promise<void> {
    const hold = setInterval(() => undefined, holdMs);
    try {
      await sleep(this.#clock, ms, this.#closing.signal);
    } finally {
      clearInterval(hold);
    }
  }

  #leave(endpoint: Endpoint): void {
    const index = this.#endpoints.indexOf(endpoint);
    if (this.#current === index) this.#current = (index + 1) % this.#endpoints.length;
  }

  #verdict(error: unknown, { url }: Endpoint): unknown {
    if (this.#closing.signal.aborted) return this.#closing.signal.reason;
    if (!(error instanceof ConnectError)) return error;
    if (isTransient(error))
      return new StoreUnavailableError(`etcd at ${url} does not answer: ${error.rawMessage}`, { cause: error });
    if (refusals.has(error.code))
      return new WriteFailedError(`etcd at ${url} refuses: ${error.rawMessage}`, { cause: error });
    return error;
  }
}

/** Did etcd refuse the revision, as compacted or as not yet reached? Which of them, its code does not say. */
export function isOutOfRange(error: unknown): boolean {
  return error instanceof ConnectError && error.code === Code.OutOfRange;
}

/** The connection or the member failed, not the request. */
const transient = new Set([
  Code.Unavailable,
  Code.DeadlineExceeded,
  Code.Aborted,
  Code.Canceled,
  Code.Internal,
  Code.Unknown,
  // Whoever does not know etcd's calls is not etcd: something between us and it answers in its place.
  Code.Unimplemented,
]);
/** Too large, no space left, not allowed: asking again is no use. */
const refusals = new Set([
  Code.InvalidArgument,
  Code.ResourceExhausted,
  Code.PermissionDenied,
  Code.Unauthenticated,
  Code.FailedPrecondition,
]);

function isTransient(error: unknown): boolean {
  return error instanceof ConnectError && transient.has(error.code);
}

/** Node's codes for connections that were never made. */
const neverConnected = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH']);

/** Was no connection made to send the request over? */
export function wasNeverSent(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause)
    if (neverConnected.has((cause as NodeJS.ErrnoException).code ?? '')) return true;
  return false;
}

function openEndpoint(url: string, tls: EtcdTls = {}): Endpoint {
  const { authority, certificate, key } = tls;
  const session = new Http2SessionManager(
    url,
    { pingIntervalMs, pingTimeoutMs },
    {
      ...(authority === undefined ? {} : { ca: authority }),
      ...(certificate === undefined ? {} : { cert: certificate }),
      ...(key === undefined ? {} : { key }),
    },
  );
  const transport = createGrpcTransport({ baseUrl: url, sessionManager: session, acceptCompression: [] });
  return { url, session, kv: createClient(KV, transport), watch: createClient(Watch, transport) };
}
