// A watch over HTTP: one JSON document a line. Writes as fast as the client reads; what has to wait is kept as
// references to shared objects, and a client that lets too much wait is cut off.
import type { ServerResponse } from 'node:http';
import type { KubernetesObject } from '../../api/index.ts';
import { sizeOf } from '../../store/index.ts';
import { asStatusError } from '../errors.ts';
import type { WatchSink } from '../request.ts';

type EventType = Parameters<WatchSink['event']>[0];

export interface WatchStream extends WatchSink {
  /** Sends the headers and what has come so far. From now on the limits count. */
  start(): void;
  /** Cuts off a client that has not taken up its initial list, or the replay it asked for. */
  requireCaughtUp(): void;
  /** Nobody reads any more: what waits is let go. */
  forget(): void;
}

/** What may wait for one watcher, the initial list and the replay aside. */
export interface WatchLimits {
  readonly queueEventsMax: number;
  /** What the objects of those events take in memory, about. */
  readonly queueBytesMax: number;
}

/** What waits for all watchers of a server together, initial lists and replays included. */
export interface WatchBacklog {
  events: number;
  /** Beyond it no watch begins, and those that are far behind are cut off. */
  readonly eventsMax: number;
  /** Of one watcher: so many are never too many. */
  readonly eventsFree: number;
}

export interface WatchStreamOptions {
  readonly limits: WatchLimits;
  readonly backlog: WatchBacklog;
  /** Hears when the client was too slow. */
  readonly cutOff: () => void;
}

interface Waiting {
  readonly type: EventType;
  readonly object: KubernetesObject;
  /** 0 for what does not count. */
  readonly bytes: number;
}

/** `encode` gives the JSON of the event's object. */
export function createWatchStream(
  response: ServerResponse,
  encode: (type: EventType, object: KubernetesObject) => string,
  { limits, backlog, cutOff }: WatchStreamOptions,
): WatchStream {
  const queue: Waiting[] = [];
  let head = 0;
  let started = false;
  let blocked = false;
  let ending = false;
  let bytesWaiting = 0;
  /** Events of the initial list or the replay that still wait: most of them the store holds anyway. */
  let initialWaiting = 0;

  const push = (type: EventType, object: KubernetesObject, bytes: number) => {
    queue.push({ type, object, bytes });
    bytesWaiting += bytes;
    backlog.events += 1;
  };
  const forget = () => {
    backlog.events -= queue.length - head;
    queue.length = 0;
    head = 0;
  };
  const cut = () => {
    ending = true;
    forget();
    response.destroy();
    cutOff();
  };
  /** False: no more for now. */
  const write = (type: EventType, object: KubernetesObject) =>
    response.write(`{"type":"${type}","object":${encode(type, object)}}\n`);
  const flush = () => {
    if (!started || response.destroyed) return;
    response.cork();
    while (!blocked && head < queue.length) {
      const { type, object, bytes } = queue[head++]!;
      if (initialWaiting > 0) initialWaiting -= 1;
      bytesWaiting -= bytes;
      backlog.events -= 1;
      blocked = !write(type, object);
    }
    response.uncork();
    if (head === queue.length) {
      queue.length = 0;
      head = 0;
      if (ending) response.end();
    } else if (head > limits.queueEventsMax) {
      queue.splice(0, head);
      head = 0;
    }
  };
  response.on('drain', () => {
    blocked = false;
    flush();
  });
  const isTooFarBehind = () => {
    const waiting = queue.length - head - initialWaiting;
    if (waiting > limits.queueEventsMax || bytesWaiting > limits.queueBytesMax) return true;
    return backlog.events > backlog.eventsMax && waiting > backlog.eventsFree;
  };

  return {
    event(type, object, isReplay = false) {
      if (ending || response.destroyed) return;
      if (started && !blocked && head === queue.length) {
        blocked = !write(type, object);
        return;
      }
      const counts = started && !isReplay;
      push(type, object, counts ? sizeOf(object) : 0);
      if (started && isReplay) initialWaiting += 1;
      if (counts && isTooFarBehind()) cut();
      else flush();
    },
    start() {
      started = true;
      initialWaiting = queue.length;
      response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-cache, private' });
      response.flushHeaders();
      flush();
    },
    end(error) {
      if (ending) return;
      if (error !== undefined) push('ERROR' as EventType, asStatusError(error).toStatus(), 0);
      ending = true;
      if (started) flush();
    },
    requireCaughtUp() {
      if (initialWaiting > 0 && !response.destroyed) cut();
    },
    forget,
  };
}
