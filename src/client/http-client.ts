// The Client for any Kubernetes API server, over HTTP. Verbs to URLs and back, nothing else: connections and failures
// are transport.ts, event streams watch-stream.ts.
import {
  apiVersionOf,
  encodeGoJson,
  type DeleteOptions,
  type KubernetesList,
  type KubernetesObject,
  type PartialFields,
  type Resource,
  type Stored,
} from '../api/index.ts';
import { type Clock, systemClock } from '../machinery/index.ts';
import { type Logger, silentLogger } from '../observe/index.ts';
import type {
  Client,
  ListOptions,
  PatchType,
  ReadOptions,
  RequestOptions,
  WatchOptions,
  WriteOptions,
} from './client.ts';
import { acceptFor, decodeBody, isProtobuf } from './body-format.ts';
import { type Reading, requireList, requireObject, requireWritten } from './plausible.ts';
import { queryString, resourcePath } from './resource-path.ts';
import { createTransport, type HttpRequest, type TransportOptions } from './transport.ts';
import { createWatchDecoder } from './watch-stream.ts';

export interface HttpClientOptions extends Omit<TransportOptions, 'clock' | 'userAgent' | 'onWarning'> {
  readonly userAgent?: string;
  readonly clock?: Clock;
  /** Gets the server's warnings. */
  readonly log?: Logger;
}

export interface HttpClient extends Client {
  readonly server: string;
  /** Any other path, for what has no resource: `/version`, `/readyz`, discovery. */
  getPath(path: string, options?: RequestOptions): Promise<unknown>;
  /** Ends every connection. */
  close(): Promise<void>;
}

/** The server ends a watch after this time; the reflector resumes it. A dead peer is noticed no later. */
const watchSeconds = 290;

/** Of the most recent state: the version is left out. */
const initialEvents = { resourceVersion: undefined, resourceVersionMatch: 'NotOlderThan' };
const noFields: PartialFields = {};

const patchContentTypes: Readonly<Record<PatchType, string>> = {
  json: 'application/json-patch+json',
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  apply: 'application/apply-patch+yaml',
};

export function createHttpClient(options: HttpClientOptions): HttpClient {
  const { clock = systemClock, log = silentLogger, userAgent = 'everynode' } = options;
  const transport = createTransport({
    ...options,
    clock,
    userAgent,
    onWarning: (warning) => log.warn('the API server warns', { warning }),
  });
  /** `require` throws for an answer that is not what was asked for. */
  const send = (
    request: HttpRequest,
    { signal, fields }: ReadOptions,
    resource?: Resource,
    require: (answer: unknown, reading: Reading) => void = () => undefined,
  ): Promise<unknown> =>
    transport.whole(
      { ...request, accept: acceptFor(fields), ...(signal === undefined ? {} : { signal }) },
      (contentType, body) => {
        const answer = decodeBody(contentType, body, fields, resource);
        require(answer, { fields, isTyped: isProtobuf(contentType) });
        return answer;
      },
    );
  const home = (resource: Resource, object: KubernetesObject) =>
    object.metadata.namespace ?? (resource.namespaced ? 'default' : undefined);

  return {
    server: options.server,
    streamsLists: true,
    async get<T extends KubernetesObject>(
      resource: Resource<T>,
      namespace: string | undefined,
      name: string,
      get: RequestOptions = {},
    ) {
      const path = resourcePath(resource, namespace, name);
      return (await send({ method: 'GET', path }, get, resource, (answer, reading) =>
        requireObject(resource, answer, reading),
      )) as Stored<T>;
    },
    async list<T extends KubernetesObject>(resource: Resource<T>, list: ListOptions = {}) {
      const { signal: _signal, fields: _fields, namespace, ...query } = list;
      const path = `${resourcePath(resource, namespace)}${queryString(query)}`;
      const answer = (await send({ method: 'GET', path }, list, resource, (found, reading) =>
        requireList(resource, found, reading),
      )) as KubernetesList<Stored<T>>;
      // Go writes an empty list as null in JSON, and not at all in protobuf.
      return ((answer.items as unknown) ?? null) === null ? { ...answer, items: [] } : answer;
    },
    watch<T extends KubernetesObject>(resource: Resource<T>, watch: WatchOptions) {
      const { signal, fields, namespace, ...selection } = watch;
      const query = {
        watch: true,
        allowWatchBookmarks: true,
        timeoutSeconds: watchSeconds,
        ...selection,
        ...(selection.sendInitialEvents === true ? initialEvents : {}),
      };
      const path = `${resourcePath(resource, namespace)}${queryString(query)}`;
      const accept = acceptFor(fields);
      const request = { method: 'GET', path, accept, ...(signal === undefined ? {} : { signal }) } as const;
      return transport.stream(request, (contentType) =>
        createWatchDecoder<Stored<T>>(resource as Resource<Stored<T>>, contentType, fields),
      );
    },
    async create<T extends KubernetesObject>(resource: Resource<T>, object: T, write: WriteOptions = {}) {
      // A plain create names its object in the body; only a subresource has the name in its URL.
      const name = write.subresource === undefined ? undefined : (object.metadata.name ?? '');
      const path = `${resourcePath(resource, home(resource, object), name, write.subresource)}${writeQuery(write)}`;
      return (await send(
        { method: 'POST', path, body: encode(resource, object) },
        write,
        resource,
        written(resource, write, object),
      )) as Stored<T>;
    },
    async update<T extends KubernetesObject>(resource: Resource<T>, object: T, write: WriteOptions = {}) {
      const { name = '' } = object.metadata;
      const path = `${resourcePath(resource, home(resource, object), name, write.subresource)}${writeQuery(write)}`;
      return (await send(
        { method: 'PUT', path, body: encode(resource, object) },
        write,
        resource,
        written(resource, write),
      )) as Stored<T>;
    },
    async patch<T extends KubernetesObject>(
      resource: Resource<T>,
      namespace: string | undefined,
      name: string,
      type: PatchType,
      patch: unknown,
      write: WriteOptions = {},
    ) {
      const path = `${resourcePath(resource, namespace, name, write.subresource)}${writeQuery(write)}`;
      const request = {
        method: 'PATCH',
        path,
        body: JSON.stringify(patch),
        contentType: patchContentTypes[type],
      } as const;
      return (await send(request, write, resource, written(resource, write))) as Stored<T>;
    },
    async delete(
      resource: Resource,
      namespace: string | undefined,
      name: string,
      remove: DeleteOptions & RequestOptions = {},
    ) {
      const { signal, ...deleteOptions } = remove;
      const body = JSON.stringify({ apiVersion: 'v1', kind: 'DeleteOptions', ...deleteOptions });
      const path = resourcePath(resource, namespace, name);
      // Nobody reads what was deleted.
      await send({ method: 'DELETE', path, body }, { ...(signal === undefined ? {} : { signal }), fields: noFields });
    },
    async createSubresource(
      resource: Resource,
      namespace: string | undefined,
      name: string,
      subresource: string,
      body: KubernetesObject,
      create: RequestOptions = {},
    ) {
      const path = resourcePath(resource, namespace, name, subresource);
      await send({ method: 'POST', path, body: JSON.stringify(body) }, { ...create, fields: noFields });
    },
    getPath: (path, options = {}) => send({ method: 'GET', path }, options),
    close: () => transport.close(),
  };
}

/** What a write is answered with. Subresources other than the status may be of another kind. */
function written(resource: Resource, { subresource = 'status', dryRun }: WriteOptions, sent?: KubernetesObject) {
  return (answer: unknown, reading: Reading): void => {
    if (subresource === 'status') requireWritten(resource, sent, answer, reading, dryRun);
  };
}

function writeQuery({ dryRun, fieldManager }: WriteOptions): string {
  return queryString({ dryRun: dryRun === true ? 'All' : undefined, fieldManager });
}

/**
 * A body must say what it is; objects of this house often leave it to the resource they are sent to. What the server
 * keeps byte for byte is written as Go would, for those who compare bytes; the rest as JavaScript is fastest.
 */
function encode<T extends KubernetesObject>(resource: Resource<T>, object: T): string {
  const typed =
    object.apiVersion !== undefined && object.kind !== undefined
      ? object
      : { apiVersion: apiVersionOf(resource), kind: resource.kind, ...object };
  return resource.keepsRawJson === true ? encodeGoJson(typed) : JSON.stringify(typed);
}
