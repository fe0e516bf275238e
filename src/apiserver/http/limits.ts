// The limits of the HTTP front, in one place. Crossing one is answered with a Status, never with silence.

/** As kube-apiserver's limit on request bodies. */
export const bodyBytesMax = 3 * 1024 * 1024;
/** Objects in objects: far more than any Kubernetes type has, far less than the stack. */
export const bodyDepthMax = 100;
/** Values in one body; only YAML aliases can make so many out of bodyBytesMax. */
export const bodyValuesMax = 1_000_000;
/** Answers from this size on are compressed for clients that accept it (kube-apiserver's own threshold). */
export const gzipBytesMin = 128 * 1024;
/** Requests in progress, watches aside (kube-apiserver --max-requests-inflight). */
export const requestsInFlightMax = 400;
export const watchesMax = 20_000;
/** Logs that are read and streams that are open: exec, attach, port-forward. */
export const streamsMax = 1_000;
/** Events that wait for a slow watcher, its initial list aside, before it is cut off. */
export const watchQueueEventsMaxDefault = 10_000;
/** Sockets at a time; every watch has one. More are closed at once, unread. */
export const connectionsMax = 25_000;
/** Request line and headers together; more is answered with 431. */
export const headerBytesMax = 64 * 1024;
export const headersCountMax = 200;

/** How long a client may take to say what it wants: whoever is slower is cut off, with 408 where HTTP has begun. */
export interface ClientPatience {
  readonly handshakeMs: number;
  readonly headersMs: number;
  /** Headers and body. */
  readonly requestMs: number;
  /** How often slow connections are looked for. */
  readonly checkMs: number;
}

export const clientPatience: ClientPatience = {
  handshakeMs: 10_000,
  headersMs: 30_000,
  requestMs: 60_000,
  checkMs: 5_000,
};
export const keepAliveTimeoutMs = 120_000;
/** Time that requests in progress get when the server stops. */
export const shutdownMsMax = 5_000;
