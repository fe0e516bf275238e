// The embedded API server as a Client: the same verbs as over HTTP, without a socket and without JSON. Objects are
// shared by reference with the server's cache, in both directions. No policy here: authorization, defaulting and
// validation are the server's, whoever asks.
import type { DeleteOptions, KubernetesList, KubernetesObject, Resource, Stored, WatchEvent } from '../api/index.ts';
import type { ApiHandler, ApiRequest, PatchContentType, User, Verb } from '../apiserver/index.ts';
import type { Client, ListOptions, PatchType, RequestOptions, WatchOptions, WriteOptions } from '../client/index.ts';
import { openEventBuffer } from './event-buffer.ts';

const patchContentTypes: Readonly<Record<PatchType, PatchContentType>> = {
  json: 'application/json-patch+json',
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  apply: 'application/apply-patch+yaml',
};

/** Requests are made in `user`'s name; `userAgent` names the component in managedFields. */
export function createInProcessClient(handler: ApiHandler, user: User, userAgent: string): Client {
  const call = async <Answer>(
    verb: Verb,
    resource: Resource,
    options: RequestOptions | undefined,
    rest: Partial<Pick<ApiRequest, 'namespace' | 'name' | 'subresource' | 'body' | 'patchType' | 'query'>>,
  ): Promise<Answer> => {
    options?.signal?.throwIfAborted();
    const { group, version } = resource;
    const response = await handler.handle({ verb, group, version, resource: resource.name, user, userAgent, ...rest });
    return response.body as Answer;
  };

  return {
    get: (resource, namespace, name, options) => call('get', resource, options, { ...where(namespace), name }),
    list: <T extends KubernetesObject>(resource: Resource<T>, options: ListOptions = {}) =>
      call<KubernetesList<Stored<T>>>('list', resource, options, {
        ...where(options.namespace),
        query: listQuery(options),
      }),
    watch: (resource, options) => watch(handler, user, resource, options),
    create: (resource, object, options) =>
      call('create', resource, options, {
        ...where(object.metadata.namespace),
        // A plain create names its object in the body; only a subresource has the name in its URL.
        ...(options?.subresource === undefined ? {} : { name: object.metadata.name ?? '' }),
        ...writing(options),
        body: object,
      }),
    update: (resource, object, options) =>
      call('update', resource, options, {
        ...where(object.metadata.namespace),
        name: object.metadata.name ?? '',
        ...writing(options),
        body: object,
      }),
    patch: (resource, namespace, name, type, patch, options) =>
      call('patch', resource, options, {
        ...where(namespace),
        name,
        ...writing(options),
        body: patch,
        patchType: patchContentTypes[type],
      }),
    async delete(resource, namespace, name, options = {}) {
      const { signal, ...body }: DeleteOptions & RequestOptions = options;
      await call('delete', resource, signal === undefined ? {} : { signal }, { ...where(namespace), name, body });
    },
    async createSubresource(resource, namespace, name, subresource, body, options) {
      await call('create', resource, options, { ...where(namespace), name, subresource, body });
    },
  };
}

function watch<T extends KubernetesObject>(
  handler: ApiHandler,
  user: User,
  resource: Resource<T>,
  options: WatchOptions,
): AsyncIterable<WatchEvent<Stored<T>>> {
  return {
    [Symbol.asyncIterator]: () => {
      const { group, version } = resource;
      return openEventBuffer<WatchEvent<Stored<T>>>(options.signal, (buffer) =>
        handler.watch(
          {
            group,
            version,
            resource: resource.name,
            ...where(options.namespace),
            query: { ...listQuery(options), allowWatchBookmarks: 'true' },
            user,
          },
          {
            event: (type, object, isReplay) => buffer.push({ type, object: object as Stored<T> }, isReplay),
            end: (error) => buffer.end(error),
          },
        ),
      );
    },
  };
}

function where(namespace: string | undefined): { readonly namespace?: string } {
  return namespace === undefined ? {} : { namespace };
}

function writing(options: WriteOptions | undefined): Partial<Pick<ApiRequest, 'query' | 'subresource'>> {
  if (options === undefined) return {};
  const query = {
    ...(options.dryRun === true ? { dryRun: 'All' } : {}),
    ...(options.fieldManager === undefined ? {} : { fieldManager: options.fieldManager }),
  };
  return { query, ...(options.subresource === undefined ? {} : { subresource: options.subresource }) };
}

function listQuery(options: ListOptions): Record<string, string> {
  const query: Record<string, string> = {};
  if (options.labelSelector !== undefined) query.labelSelector = options.labelSelector;
  if (options.fieldSelector !== undefined) query.fieldSelector = options.fieldSelector;
  if (options.limit !== undefined) query.limit = String(options.limit);
  if (options.continue !== undefined) query.continue = options.continue;
  if (options.resourceVersion !== undefined) query.resourceVersion = options.resourceVersion;
  return query;
}
