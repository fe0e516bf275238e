// One HTTP request from its URL to its answer: authenticate, route, decode, call the server's inside, shape the answer.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { isReason, type KubernetesList, type KubernetesObject, StatusError } from '../../api/index.ts';
import type { Logger } from '../../observe/index.ts';
import { type Authenticator, unauthorized } from '../auth/authenticate.ts';
import { impersonated } from '../auth/impersonation.ts';
import { asStatusError, unauthorizedPath } from '../errors.ts';
import type { OpenApiDocuments } from '../openapi/documents.ts';
import { listTable, metadataOnly, metadataOnlyList, objectTable, type TableOptions } from '../printing/table.ts';
import type { ApiRequest, User, WatchSink } from '../request.ts';
import type { ResourceDefinition } from '../resources/definition.ts';
import type { ApiServer } from '../server.ts';
import { readBody } from './body.ts';
import type { EncodedObjects } from './encoded-objects.ts';
import { requestsInFlightMax, watchesMax } from './limits.ts';
import { negotiate, patchTypeOf, requireKnownBody, type Wanted } from './negotiate.ts';
import { respond, respondError } from './respond.ts';
import { createRequestCounts } from './request-counts.ts';
import { parseQuery, parseRoute, type Query, type ResourceRoute } from './route.ts';
import { isPublic, serveSystem } from './system.ts';
import { createWatchStream } from './watch-stream.ts';

export interface HandlerOptions {
  readonly server: ApiServer;
  readonly authenticate: Authenticator;
  readonly encoded: EncodedObjects;
  readonly documents: OpenApiDocuments;
  readonly log: Logger;
  readonly watchQueueEventsMax: number;
}

export type HttpHandler = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/** The returned function never rejects: whatever goes wrong becomes a Status, or a closed connection. */
export function createHttpHandler(options: HandlerOptions): HttpHandler {
  const { server, authenticate, log } = options;
  let inFlight = 0;
  const running = { watches: 0 };
  const counts = createRequestCounts(server.resources, () => ({
    inFlight: inFlight - running.watches,
    watches: running.watches,
  }));

  return async (request, response) => {
    inFlight += 1;
    let route: ReturnType<typeof parseRoute> | undefined;
    try {
      const [path = '/', ...search] = (request.url ?? '/').split('?');
      const query = parseQuery(search.join('?'));
      route = parseRoute(request.method ?? 'GET', path, query);
      const known = await authenticate(request);
      const open = route.kind === 'system' && isPublic(route.segments);
      if (known === undefined && !open) throw unauthorized();
      const user = known === undefined ? undefined : await impersonated(known, request.headers, server.authorize);
      if (inFlight > requestsInFlightMax + running.watches)
        throw new StatusError('TooManyRequests', 'Too many requests, please try again later.', {
          retryAfterSeconds: 1,
        });
      if (route.kind === 'system') {
        requireReading(request);
        if (!open) await requirePath(server, user!, `/${route.segments.join('/')}`);
        await serveSystem({ ...options, counts }, route.segments, request, response);
      } else if (route.verb === 'watch') {
        await serveWatch(options, running, route, query, user!, request, response);
      } else {
        await serveResource(server, { ...route, verb: route.verb }, query, user!, request, response);
      }
    } catch (error) {
      const failure = asStatusError(error);
      if (isReason(failure, 'InternalError'))
        log.error('request failed', { method: request.method, url: request.url, error: failure.cause ?? failure });
      await respondError(request, response, failure).catch((unsent: unknown) => {
        log.warn('answer could not be sent', { url: request.url, error: unsent });
        response.destroy();
      });
    } finally {
      inFlight -= 1;
      counts.count(route, response.statusCode);
    }
  };
}

async function requirePath(server: ApiServer, user: User, path: string): Promise<void> {
  const asked = { user, verb: 'get', path };
  const { allowed, reason } = await server.authorize(asked);
  if (!allowed) throw unauthorizedPath(asked, reason);
}

function requireReading(request: IncomingMessage): void {
  if (request.method === 'GET' || request.method === 'HEAD') return;
  throw new StatusError('MethodNotAllowed', 'the server does not allow this method on the requested resource');
}

async function serveResource(
  server: ApiServer,
  route: ResourceRoute & { readonly verb: ApiRequest['verb'] },
  query: Query,
  user: User,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const wanted = negotiate(request);
  const patchType = route.verb === 'patch' ? patchTypeOf(request) : undefined;
  const reads = request.method === 'GET' || request.method === 'HEAD';
  if (!reads && patchType === undefined) requireKnownBody(request);
  const { value: body, duplicates } = reads ? { value: undefined, duplicates: [] } : await readBody(request);
  const userAgent = request.headers['user-agent'];
  const { kind: _, ...target } = route;
  const definition = server.resources.find(route.group, route.version, route.resource);
  const answer = await server.handle({
    ...target,
    query,
    user,
    ...(body === undefined ? {} : { body }),
    ...(patchType === undefined ? {} : { patchType }),
    ...(duplicates.length === 0 ? {} : { duplicates }),
    ...(userAgent === undefined ? {} : { userAgent }),
  });
  const shaped =
    definition === undefined ? answer.body : shape(definition, answer.body, wanted, tableOptions(query, server));
  await respond(request, response, { ...answer, body: shaped, encoding: wanted.encoding });
}

async function serveWatch(
  { server, encoded, log, watchQueueEventsMax }: HandlerOptions,
  running: { watches: number },
  route: ResourceRoute,
  query: Query,
  user: User,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (running.watches >= watchesMax)
    throw new StatusError('TooManyRequests', `${watchesMax} watches are open, the most this server serves`);
  const wanted = negotiate(request);
  const { group, version, resource, namespace, name } = route;
  const definition = server.resources.find(group, version, resource);
  let headers = true;
  const encode = (type: Parameters<WatchSink['event']>[0], object: KubernetesObject): string => {
    if (wanted.shape === 'object' || definition === undefined || (type as string) === 'ERROR')
      return encoded.json(object);
    const options = { ...tableOptions(query, server), headers };
    headers = false;
    return JSON.stringify(shape(definition, object, wanted, options));
  };
  const cutOff = () => log.warn('slow watcher cut off', { url: request.url });
  const stream = createWatchStream(response, encode, { queueEventsMax: watchQueueEventsMax, cutOff });
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
    await closed(response);
    stop();
  } finally {
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

function shape(definition: ResourceDefinition, body: unknown, wanted: Wanted, options: TableOptions): unknown {
  if (wanted.shape === 'object' || typeof body !== 'object' || body === null) return body;
  const object = body as KubernetesObject & Partial<KubernetesList<KubernetesObject>>;
  if (object.kind === 'Status') return body;
  const list = Array.isArray(object.items) ? (object as KubernetesList<KubernetesObject>) : undefined;
  if (wanted.shape === 'metadata') return list === undefined ? metadataOnly(object) : metadataOnlyList(list);
  return list === undefined ? objectTable(definition, object, options) : listTable(definition, list, options);
}

function tableOptions(query: Query, server: ApiServer): TableOptions {
  const asked = query.includeObject ?? '';
  if (asked !== '' && asked !== 'None' && asked !== 'Metadata' && asked !== 'Object')
    throw new StatusError('BadRequest', `unrecognized includeObject value: ${JSON.stringify(asked)}`);
  return { includeObject: asked === '' ? 'Metadata' : asked, now: server.clock.now() };
}
