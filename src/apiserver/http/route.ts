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
  readonly subresource: string | undefined;
  readonly namespace: string | undefined;
  readonly name: string | undefined;
}

/** Everything else: discovery, OpenAPI, health. Segments are decoded. */
export interface SystemRoute {
  readonly kind: 'system';
  readonly segments: readonly string[];
}

export type Query = Readonly<Record<string, string>>;

/** Parts of a namespace itself, not resources in it. */
const namespaceSubresources = new Set(['status', 'finalize']);

/** Path and query of a request's URL. */
export function splitUrl(url: string): readonly [path: string, query: string] {
  const end = url.indexOf('?');
  return end < 0 ? [url, ''] : [url.slice(0, end), url.slice(end + 1)];
}

/** Throws StatusError for paths that no client of Kubernetes makes. */
export function parseRoute(method: string, path: string, query: Query): ResourceRoute | SystemRoute {
  const encoded = path.split('/').slice(1);
  const segments = path.includes('%') ? encoded.map(decodeSegment) : encoded;
  if (segments.at(-1) === '') segments.pop();
  const [root, first, second] = segments;
  if (root === 'api' && segments.length >= 3) return resourceRoute(method, '', first!, segments.slice(2), query);
  if (root === 'apis' && segments.length >= 4) return resourceRoute(method, first!, second!, segments.slice(3), query);
  return { kind: 'system', segments };
}

/** Later parameters of the same name lose, as url.Values.Get has it. */
export function parseQuery(text: string): Query {
  if (text === '') return {};
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
  const [resource = '', name, subresource, more] = inNamespace ? path.slice(2) : path;
  if (more !== undefined || resource === '') throw pageNotFound();
  const verb = verbOf(method, name, subresource, query);
  return { kind: 'resource', verb, group, version, resource, subresource, namespace, name };
}

function verbOf(
  method: string,
  name: string | undefined,
  subresource: string | undefined,
  query: Query,
): Verb | 'watch' {
  switch (method) {
    case 'GET':
    case 'HEAD':
      if (name !== undefined) return 'get';
      return flagOf(query, 'watch') === true ? 'watch' : 'list';
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
