// One HTTP request from its URL to its answer: authenticate, route, decode, call the server's inside, shape the answer.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { isReason, StatusError } from '../../api/index.ts';
import { type Authenticator, unauthorized } from '../auth/authenticate.ts';
import { asksToImpersonate, impersonated } from '../auth/impersonation.ts';
import { asStatusError, shuttingDown, unauthorizedPath } from '../errors.ts';
import type { OpenApiDocuments } from '../openapi/documents.ts';
import type { ConnectNode } from '../node-connection.ts';
import type { ApiRequest, User } from '../request.ts';
import type { ApiServer } from '../server.ts';
import { noBody, readBody } from './body.ts';
import { requestsInFlightMax, streamsMax } from './limits.ts';
import type { ListPieces } from './list-pieces.ts';
import { negotiate, patchTypeOf, requireKnownBody } from './negotiate.ts';
import type { OpenAnswers } from './open-answers.ts';
import { type Exchange, passLog, passUpgrade, type UpgradeRequest } from './node-streams.ts';
import { respond, respondError, respondText } from './respond.ts';
import { createRequestCounts } from './request-counts.ts';
import { parseQuery, parseRoute, type Query, type ResourceRoute, splitUrl } from './route.ts';
import { serveWatch, type WatchOptions } from './serve-watch.ts';
import { shape, tableOptions } from './shape.ts';
import { isPublic, serveSystem } from './system.ts';

export interface HandlerOptions extends WatchOptions {
  readonly authenticate: Authenticator;
  readonly documents: OpenApiDocuments;
  readonly pieces: ListPieces;
  readonly answers: OpenAnswers;
  /** Absent: nothing is to be had from nodes. */
  readonly connectNode: ConnectNode | undefined;
  /** Aborts when the server stops: streams from nodes end at once. */
  readonly stopping: AbortSignal;
}

export type HttpHandler = (
  request: IncomingMessage,
  response: ServerResponse,
  upgrade?: UpgradeRequest,
) => Promise<void>;

/** What is open for long. */
interface Running {
  watches: number;
  streams: number;
  /** Watches that nobody read, since the start. */
  cutOff: number;
}

/** The returned function never rejects: whatever goes wrong becomes a Status, or a closed connection. */
export function createHttpHandler(options: HandlerOptions): HttpHandler {
  const { server, authenticate, answers, log } = options;
  let inFlight = 0;
  const running: Running = { watches: 0, streams: 0, cutOff: 0 };
  const inShort = () => inFlight - running.watches - running.streams;
  const counts = createRequestCounts(server, () => ({ ...running, inFlight: inShort() }));

  return async (request, response, upgrade) => {
    inFlight += 1;
    const open = answers.add(response, upgrade?.socket);
    let route: ReturnType<typeof parseRoute> | undefined;
    try {
      const { method = 'GET', url = '/' } = request;
      const [path, search] = splitUrl(url);
      const query = parseQuery(search);
      route = parseRoute(method, path, query);
      // Requests that are under way are finished; those that come now on open connections may go elsewhere.
      if (options.stopping.aborted) throw shuttingDown();
      const found = authenticate(request);
      const known = found instanceof Promise ? await found : found;
      const isOpen = route.kind === 'system' && isPublic(route.segments);
      if (known === undefined && !isOpen) throw unauthorized();
      const user =
        known === undefined || !asksToImpersonate(request.headers)
          ? known
          : await impersonated(known, request.headers, server.authorize);
      if (inShort() > requestsInFlightMax)
        throw new StatusError('TooManyRequests', 'Too many requests, please try again later.', {
          retryAfterSeconds: 1,
        });
      if (route.kind === 'system') {
        answers.limit(open);
        requireReading(request);
        if (!isOpen) await requirePath(server, user!, `/${route.segments.join('/')}`);
        await serveSystem({ ...options, counts }, route.segments, request, response);
      } else if (route.verb === 'watch') {
        await serveWatch(options, running, { ...route, query, user: user! }, { request, response });
      } else if (isStream(server, route)) {
        const asked = { ...route, verb: route.verb, query, search, user: user! };
        await serveStream(options, running, asked, { request, response, upgrade });
      } else {
        answers.limit(open);
        await serveResource(options, { ...route, verb: route.verb }, query, user!, request, response);
      }
    } catch (error) {
      answers.limit(open);
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
  { server, pieces }: HandlerOptions,
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
  const { value: body, duplicates } = reads ? noBody : await readBody(request);
  const userAgent = request.headers['user-agent'];
  const definition = server.resources.find(route.group, route.version, route.resource);
  // Whatever can be refused is, before anything is written.
  const table = tableOptions(query, server);
  const answer = await server.handle({ ...route, query, user, body, patchType, duplicates, userAgent });
  const shaped =
    definition === undefined ? answer.body : shape(definition, answer.body, wanted, table, route.subresource);
  const isAsStored = shaped === answer.body && definition?.conversion === undefined;
  const { code, warnings } = answer;
  const { encoding } = wanted;
  await respond(request, response, { code, body: shaped, warnings, encoding, pieces: isAsStored ? pieces : undefined });
}

function isStream({ resources }: ApiServer, { group, version, resource, subresource }: ResourceRoute): boolean {
  if (subresource === undefined) return false;
  const subresources = resources.find(group, version, resource)?.subresources ?? {};
  return Object.hasOwn(subresources, subresource) && subresources[subresource]?.isStream === true;
}

async function serveStream(
  { server, connectNode, stopping }: HandlerOptions,
  running: Running,
  asked: ApiRequest,
  exchange: Pick<Exchange, 'request' | 'response'> & { readonly upgrade: UpgradeRequest | undefined },
): Promise<void> {
  const { request, response, upgrade } = exchange;
  if (running.streams >= streamsMax)
    throw new StatusError('TooManyRequests', `${streamsMax} streams are open, the most this server serves`);
  running.streams += 1;
  try {
    const { code, body, location } = await server.handle(asked);
    if (location === undefined) {
      await respondText(request, response, code, String(body), 'text/plain');
    } else if (connectNode === undefined) {
      throw new StatusError('ServiceUnavailable', 'this server has no way to its nodes');
    } else if (asked.subresource === 'log') {
      await passLog(connectNode, { location, request, response, signal: stopping });
    } else if (upgrade === undefined) {
      throw new StatusError('BadRequest', 'Upgrade request required');
    } else {
      await passUpgrade(connectNode, { location, request, response, signal: stopping }, upgrade);
    }
  } finally {
    running.streams -= 1;
  }
}
