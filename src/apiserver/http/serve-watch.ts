// One watch over HTTP, from the request to the end of its stream.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { isReason, type KubernetesObject, StatusError } from '../../api/index.ts';
import type { Logger } from '../../observe/index.ts';
import type { User, WatchSink } from '../request.ts';
import type { ApiServer } from '../server.ts';
import type { EncodedObjects } from './encoded-objects.ts';
import { type ClientPatience, watchesMax } from './limits.ts';
import { negotiate } from './negotiate.ts';
import type { Query, ResourceRoute } from './route.ts';
import { shape, tableOptions } from './shape.ts';
import { createWatchStream, type WatchBacklog, type WatchLimits } from './watch-stream.ts';

export interface WatchOptions {
  readonly server: ApiServer;
  readonly encoded: EncodedObjects;
  readonly log: Logger;
  readonly watchLimits: WatchLimits;
  readonly backlog: WatchBacklog;
  readonly patience: ClientPatience;
}

/** What is open on this server. */
interface Running {
  watches: number;
  cutOff: number;
}

export interface AskedWatch extends Omit<ResourceRoute, 'kind' | 'verb' | 'subresource'> {
  readonly query: Query;
  readonly user: User;
}

/** Resolves when the watch is over. */
export async function serveWatch(
  { server, encoded, log, watchLimits, backlog, patience }: WatchOptions,
  running: Running,
  { group, version, resource, namespace, name, query, user }: AskedWatch,
  { request, response }: { readonly request: IncomingMessage; readonly response: ServerResponse },
): Promise<void> {
  if (running.watches >= watchesMax)
    throw new StatusError('TooManyRequests', `${watchesMax} watches are open, the most this server serves`);
  if (backlog.events >= backlog.eventsMax)
    throw new StatusError('TooManyRequests', 'slow watchers have left no room for another one', {
      retryAfterSeconds: 1,
    });
  const wanted = negotiate(request);
  const definition = server.resources.find(group, version, resource);
  let headers = true;
  const encode = (type: Parameters<WatchSink['event']>[0], object: KubernetesObject): string => {
    if (wanted.shape === 'object' || definition === undefined || (type as string) === 'ERROR')
      return encoded.json(object);
    const options = { ...tableOptions(query, server), headers };
    headers = false;
    return JSON.stringify(shape(definition, object, wanted, options));
  };
  const cutOff = () => {
    running.cutOff += 1;
    log.warn('slow watcher cut off', { url: request.url });
  };
  const stream = createWatchStream(response, encode, { limits: watchLimits, backlog, cutOff });
  const watched = {
    group,
    version,
    resource,
    query,
    user,
    ...(namespace === undefined ? {} : { namespace }),
    ...(name === undefined ? {} : { name }),
  };
  running.watches += 1;
  try {
    const stop = await startWatch(server, watched, stream);
    stream.start();
    const hurry = server.clock.after(patience.answerMs, () => stream.requireCaughtUp());
    await closed(response);
    hurry();
    stop();
  } finally {
    stream.forget();
    running.watches -= 1;
  }
}

/** A version that is too old is told inside the stream, as kube-apiserver does; all else refuses the request. */
async function startWatch(
  server: ApiServer,
  request: Parameters<ApiServer['watch']>[0],
  stream: WatchSink,
): Promise<() => void> {
  try {
    return await server.watch(request, stream);
  } catch (error) {
    if (!isReason(error, 'Expired')) throw error;
    stream.end(error);
    return () => undefined;
  }
}

function closed(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    if (response.closed) resolve();
    else response.once('close', resolve);
  });
}
