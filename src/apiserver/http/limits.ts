// The limits of the HTTP front, in one place. Crossing one is answered with a Status, never with silence.

import type { WatchLimits } from './watch-stream.ts';

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
/** What waits for a slow watcher, its initial list aside, before it is cut off. */
export const watchLimitsDefault: WatchLimits = { queueEventsMax: 10_000, queueBytesMax: 64 * 1024 * 1024 };
/** What waits for all of them, initial lists included: references of some 40 bytes each to objects they share. */
export const watchBacklogEventsMax = 2_000_000;
/** So many may wait for each, whatever waits for the others. */
export const watchBacklogEventsFree = watchBacklogEventsMax / watchesMax;
/** Sockets at a time; every watch has one. More are closed at once, unread. */
export const connectionsMax = 25_000;
/** Request line and headers together; more is answered with 431. */
export const headerBytesMax = 64 * 1024;
export const headersCountMax = 200;

/** How long a client may take to say what it wants, and to take up the answer. Whoever is slower is cut off. */
export interface ClientPatience {
  readonly handshakeMs: number;
  readonly headersMs: number;
  /** Headers and body. */
  readonly requestMs: number;
  /** From the request to the end of its answer (kube-apiserver --request-timeout); of a watch: of its initial list. */
  readonly answerMs: number;
  /** How often slow connections are looked for. */
  readonly checkMs: number;
}

export const clientPatience: ClientPatience = {
  handshakeMs: 10_000,
  headersMs: 30_000,
  requestMs: 60_000,
  answerMs: 60_000,
  checkMs: 5_000,
};
export const keepAliveTimeoutMs = 120_000;
/** Time that requests in progress get when the server stops. */
export const shutdownMsMax = 5_000;
