// A watch over HTTP: one JSON document a line. Writes as fast as the client reads; what has to wait is kept as
// references to shared objects, and a client that lets too many wait is cut off.
import type { ServerResponse } from 'node:http';
import { asStatusError } from '../errors.ts';
import type { KubernetesObject } from '../../api/index.ts';
import type { WatchSink } from '../request.ts';

type EventType = Parameters<WatchSink['event']>[0];

export interface WatchStream extends WatchSink {
  /** Sends the headers and what has come so far. From now on the limit on waiting events counts. */
  start(): void;
}

export interface WatchStreamOptions {
  /** Events that may wait, the initial list and the replay aside. */
  readonly queueEventsMax: number;
  /** Hears when the client was too slow. */
  readonly cutOff: () => void;
}

/** `encode` gives the JSON of the event's object. */
export function createWatchStream(
  response: ServerResponse,
  encode: (type: EventType, object: KubernetesObject) => string,
  { queueEventsMax, cutOff }: WatchStreamOptions,
): WatchStream {
  const queue: { readonly type: EventType; readonly object: KubernetesObject }[] = [];
  let head = 0;
  let started = false;
  let blocked = false;
  let ending = false;
  /** Events of the initial list or the replay that still wait: the store holds them anyway, they do not count. */
  let initialWaiting = 0;

  const flush = () => {
    if (!started || response.destroyed) return;
    response.cork();
    while (!blocked && head < queue.length) {
      const { type, object } = queue[head++]!;
      if (initialWaiting > 0) initialWaiting -= 1;
      blocked = !response.write(`{"type":"${type}","object":${encode(type, object)}}\n`);
    }
    response.uncork();
    if (head === queue.length) {
      queue.length = 0;
      head = 0;
      if (ending) response.end();
    } else if (head > queueEventsMax) {
      queue.splice(0, head);
      head = 0;
    }
  };
  response.on('drain', () => {
    blocked = false;
    flush();
  });

  return {
    event(type, object, isReplay = false) {
      if (ending || response.destroyed) return;
      queue.push({ type, object });
      if (started && isReplay) initialWaiting += 1;
      if (started && queue.length - head - initialWaiting > queueEventsMax) {
        ending = true;
        response.destroy();
        cutOff();
        return;
      }
      flush();
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
      if (error !== undefined)
        queue.push({
          type: 'ERROR' as EventType,
          object: asStatusError(error).toStatus(),
        });
      ending = true;
      if (started) flush();
    },
  };
}
