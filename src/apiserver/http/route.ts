// Kubernetes' URL grammar: from method and path to what is asked for. Knows no resource, looks nothing up.
// https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-uris
import { StatusError } from '../../api/index.ts';
import type { Verb } from '../request.ts';
import { flagOf } from '../verbs/parameters.ts';

/** A request for a resource. */
export interface ResourceRoute {
  readonly kind: 'resource';
  readonly verb: Verb | 'watch';
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  readonly subresource?: string;
  readonly namespace?: string;
  readonly name?: string;
}

/** Everything else: discovery, OpenAPI, health. Segments are decoded. */
export interface SystemRoute {
  readonly kind: 'system';
  readonly segments: readonly string[];
}

export type Query = Readonly<Record<string, string>>;

/** Parts of a namespace itself, not resources in it. */
const namespaceSubresources = new Set(['status', 'finalize']);

/** Throws StatusError for paths that no client of Kubernetes makes. */
export function parseRoute(method: string, path: string, query: Query): ResourceRoute | SystemRoute {
  const segments = path.split('/').slice(1).map(decodeSegment);
  if (segments.at(-1) === '') segments.pop();
  const [root, ...rest] = segments;
  if (root === 'api' && rest.length >= 2) return resourceRoute(method, '', rest[0]!, rest.slice(1), query);
  if (root === 'apis' && rest.length >= 3) return resourceRoute(method, rest[0]!, rest[1]!, rest.slice(2), query);
  return { kind: 'system', segments };
}

/** Later parameters of the same name lose, as url.Values.Get has it. */
export function parseQuery(text: string): Query {
  const query = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(text)) if (!query.has(name)) query.set(name, value);
  return Object.fromEntries(query);
}

function resourceRoute(
  method: string,
  group: string,
  version: string,
  path: readonly string[],
  query: Query,
): ResourceRoute {
  // How watches were asked for before ?watch=true; kube-apiserver still takes it.
  if (path[0] === 'watch' && path.length > 1 && path[1] !== 'watch' && method === 'GET') {
    const route = resourceRoute(method, group, version, path.slice(1), query);
    if (route.subresource !== undefined) throw pageNotFound();
    return { ...route, verb: 'watch' };
  }
  const inNamespace = path[0] === 'namespaces' && path.length >= 3 && !namespaceSubresources.has(path[2]!);
  const namespace = inNamespace ? path[1] : undefined;
  const [resource = '', name, subresource, ...more] = inNamespace ? path.slice(2) : path;
  if (more.length > 0 || resource === '') throw pageNotFound();
  return {
    kind: 'resource',
    verb: verbOf(method, name, subresource, query),
    group,
    version,
    resource,
    ...(subresource === undefined ? {} : { subresource }),
    ...(namespace === undefined ? {} : { namespace }),
    ...(name === undefined ? {} : { name }),
  };
}

function verbOf(
  method: string,
  name: string | undefined,
  subresource: string | undefined,
  query: Query,
): Verb | 'watch' {
  const watches = subresource === undefined && flagOf(query, 'watch') === true;
  switch (method) {
    case 'GET':
    case 'HEAD':
      if (watches) return 'watch';
      return name === undefined ? 'list' : 'get';
    case 'POST':
      if (name === undefined || subresource !== undefined) return 'create';
      break;
    case 'PUT':
      if (name !== undefined) return 'update';
      break;
    case 'PATCH':
      if (name !== undefined) return 'patch';
      break;
    case 'DELETE':
      return name === undefined ? 'deletecollection' : 'delete';
  }
  throw new StatusError('MethodNotAllowed', 'the server does not allow this method on the requested resource');
}

/** What a path that is not served gets. */
export function pageNotFound(): StatusError {
  return new StatusError('NotFound', 'the server could not find the requested resource', {});
}

function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch (error) {
    throw new StatusError('BadRequest', 'the path is not valid percent-encoded UTF-8', undefined, { cause: error });
  }
}
