// The embedded API server's inside: finds the resource, asks the authorizer, hands over to the verb. No HTTP here.
import { StatusError } from '../api/index.ts';
import type { Clock, Random } from '../machinery/index.ts';
import type { Store } from '../store/index.ts';
import { anyOf, type Authorizer, masters, type ResourceAttributes } from './auth/authorize.ts';
import { createNodeAuthorizer } from './auth/node-authorizer.ts';
import { startRbac } from './auth/rbac.ts';
import { createServiceAccountTokens, type ServiceAccountTokens } from './auth/service-account-tokens.ts';
import { createSystemObjects } from './boot.ts';
import type { ServerContext } from './context.ts';
import { serveCustomResources } from './custom-resources/serve.ts';
import { asStatusError, methodNotAllowed, shuttingDown, unauthorizedAction } from './errors.ts';
import { startCompaction } from './compaction.ts';
import { startExpiry } from './expiry.ts';
import type { ApiHandler, ApiRequest, ApiResponse, WatchRequest, WatchSink } from './request.ts';
import { builtinResources } from './resources/builtin.ts';
import type { ResourceDefinition, WriteContext } from './resources/definition.ts';
import { createResourceTable, type ResourceTable, unknownResource } from './resources/table.ts';
import { namedBySelector } from './selection.ts';
import { createObject } from './verbs/create.ts';
import { deleteCollection, deleteObject } from './verbs/delete.ts';
import { checkWriteOptions } from './verbs/parameters.ts';
import { listObjects, readObject } from './verbs/read.ts';
import { patchObject, updateObject } from './verbs/update.ts';
import { watchObjects } from './verbs/watch.ts';

export interface ApiServerOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Random;
  /** PEM of the EC P-256 key that signs service account tokens; absent: tokens are good for this process's life. */
  readonly serviceAccountKey?: string;
  /** How long events are kept, ms; absent: an hour (kube-apiserver --event-ttl). */
  readonly eventTtlMs?: number;
  /** Hears of failures that no request waits for. */
  readonly failed?: (error: unknown) => void;
}

export interface ApiServer extends ApiHandler {
  /** What is served; discovery, printing and OpenAPI read it. */
  readonly resources: ResourceTable;
  readonly clock: Clock;
  readonly authorize: Authorizer;
  readonly tokens: ServiceAccountTokens;
  /** Resolves when the store has answered. */
  ping(): Promise<void>;
  /** How many objects are stored, by `resource.group`. */
  countObjects(): Promise<ReadonlyMap<string, number>>;
  /** Ends every watch and refuses new ones; other requests go on. The first step of a stop. */
  endWatches(): void;
  /** Ends every watch and refuses new requests. The store stays open: it is its owner's. */
  close(): Promise<void>;
}

/** Resolves once the system namespaces, roles and priority classes exist. */
export async function createApiServer(options: ApiServerOptions): Promise<ApiServer> {
  const { store, clock, random, failed = () => undefined } = options;
  const resources = createResourceTable(builtinResources);
  const rbac = await startRbac(store, clock, failed);
  const tokens = createServiceAccountTokens(store, clock, options.serviceAccountKey);
  const authorize = anyOf(masters, createNodeAuthorizer(store), rbac.decide);
  const context: ServerContext = { store, clock, random, resources, authorize, rbac, tokens };
  const watches = new Map<() => void, ResourceDefinition>();
  let closed = false;
  let endsWatches = false;

  const admit = async (request: ApiRequest | WatchRequest, verb: string): Promise<ResourceDefinition> => {
    if (closed || (endsWatches && verb === 'watch')) throw shuttingDown();
    const { group, version, resource, namespace, name, user } = request;
    const subresource = 'subresource' in request ? request.subresource : undefined;
    const definition = resources.find(group, version, resource);
    if (definition === undefined) throw unknownResource();
    for (const part of [namespace, name]) if (part !== undefined) checkPathPart(part);
    const named = name === undefined ? namedBySelector(request.query) : { name };
    const attributes: ResourceAttributes = { user, verb, group, resource, subresource, namespace, ...named };
    const decided = authorize(attributes);
    const { allowed, reason } = decided instanceof Promise ? await decided : decided;
    if (!allowed) throw unauthorizedAction(attributes, reason);
    if (subresource === undefined && !definition.verbs.includes(verb)) throw methodNotAllowed();
    return definition;
  };

  const server: ApiServer = {
    resources,
    clock,
    authorize,
    tokens,
    async handle(request) {
      try {
        const definition = await admit(request, request.verb);
        const answer = await dispatch({ server: context, definition, user: request.user, now: clock.now() }, request);
        const { deprecation } = definition;
        return deprecation === undefined ? answer : { ...answer, warnings: [deprecation, ...(answer.warnings ?? [])] };
      } catch (error) {
        throw asStatusError(error);
      }
    },
    async watch(request, sink) {
      try {
        const definition = await admit(request, 'watch');
        const start = (guarded: WatchSink) => watchObjects(context, definition, request, guarded);
        return await supervise(watches, definition, start, sink);
      } catch (error) {
        throw asStatusError(error);
      }
    },
    async ping() {
      await store.revision();
    },
    async countObjects() {
      const storages = new Set(resources.all().map(({ storage, handle }) => (handle === undefined ? storage : '')));
      storages.delete('');
      const counts = [...storages].map(async (storage) => {
        const { entries, remaining } = await store.range(`${storage}/`, { limit: 1 });
        return [storage, entries.length + remaining] as const;
      });
      return new Map(await Promise.all(counts));
    },
    endWatches() {
      endsWatches = true;
      for (const stop of watches.keys()) stop();
    },
    async close() {
      if (closed) return;
      closed = true;
      server.endWatches();
      rbac.close();
      await Promise.all([expiry.close(), compaction.close(), customResources.close()]);
    },
  };
  const expiry = startExpiry(context, options.eventTtlMs, failed);
  const compaction = startCompaction(store, clock, failed);
  const customResources = await serveCustomResources(context, failed);
  resources.subscribe(() => endWatchesOfRemoved(watches, resources));
  await createSystemObjects(server);
  return server;
}

/** Keeps the stop functions of the running watches, each until its watch has ended. */
async function supervise(
  watches: Map<() => void, ResourceDefinition>,
  definition: ResourceDefinition,
  start: (sink: WatchSink) => Promise<() => void>,
  sink: WatchSink,
): Promise<() => void> {
  let over = false;
  let stop: () => void = () => undefined;
  const guarded: WatchSink = {
    event: (type, object, isReplay) => sink.event(type, object, isReplay),
    end(error) {
      over = true;
      watches.delete(stop);
      sink.end(error);
    },
  };
  stop = await start(guarded);
  if (!over) watches.set(stop, definition);
  return stop;
}

/** What is no longer served has no more news; its watchers find that out by asking again. */
function endWatchesOfRemoved(watches: ReadonlyMap<() => void, ResourceDefinition>, resources: ResourceTable): void {
  for (const [stop, { group, version, name }] of watches)
    if (resources.find(group, version, name) === undefined) stop();
}

async function dispatch(context: WriteContext, request: ApiRequest): Promise<ApiResponse> {
  const { definition, server } = context;
  const { verb, namespace, name, subresource } = request;
  if (definition.namespaced && namespace === undefined && verb !== 'list')
    throw new StatusError('BadRequest', `a namespace is required to ${verb} ${definition.name}`);
  const wantsName = verb !== 'list' && verb !== 'deletecollection' && verb !== 'create';
  if (name === undefined && (wantsName || subresource !== undefined))
    throw new StatusError('BadRequest', `a name is required to ${verb} ${definition.name}`);
  checkWriteOptions(request);

  if (subresource !== undefined) {
    const entry = Object.hasOwn(definition.subresources, subresource)
      ? definition.subresources[subresource]
      : undefined;
    if (entry === undefined) throw unknownResource();
    if (!entry.verbs.includes(verb)) throw methodNotAllowed();
    if (entry.handle !== undefined) return entry.handle(context, request);
  }
  if (definition.handle !== undefined) return definition.handle(context, request);
  switch (verb) {
    case 'get':
      return { code: 200, body: await readObject(server, definition, request) };
    case 'list':
      return { code: 200, body: await listObjects(server, definition, request) };
    case 'create':
      return createObject(context, request);
    case 'update':
      return updateObject(context, request);
    case 'patch':
      return patchObject(context, request);
    case 'delete':
      return deleteObject(context, request);
    case 'deletecollection':
      return deleteCollection(context, request);
  }
}

/** Names become parts of store keys (apimachinery path.IsValidPathSegmentName). */
function checkPathPart(part: string): void {
  if (part === '' || part === '.' || part === '..' || /[/%\0]/.test(part))
    throw new StatusError(
      'BadRequest',
      `invalid name or namespace in the request: ${JSON.stringify(part.slice(0, 80))}`,
    );
}
