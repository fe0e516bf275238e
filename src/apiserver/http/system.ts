// Paths that are no resources: discovery, OpenAPI, version, health.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { aggregatedContentType, aggregatedGroups } from '../discovery/aggregated.ts';
import { coreVersions, group, groupList, resourceList } from '../discovery/plain.ts';
import type { ResourceDefinition } from '../resources/definition.ts';
import { openApiV2, openApiV3, openApiV3Index, type OpenApiResource } from '../schema/index.ts';
import type { ApiServer } from '../server.ts';
import { negotiateDiscovery } from './negotiate.ts';
import { respond, respondText } from './respond.ts';
import { pageNotFound } from './route.ts';

/** What `kubectl version` shows: the Kubernetes whose behaviour this server has. */
export const version = {
  major: '1',
  minor: '34',
  gitVersion: 'v1.34.0+everynode',
  gitCommit: '',
  gitTreeState: 'clean',
  buildDate: '1970-01-01T00:00:00Z',
  goVersion: '',
  compiler: '',
  platform: `${process.platform}/${process.arch === 'x64' ? 'amd64' : process.arch}`,
};

const anonymousPaths = new Set(['version', 'healthz', 'livez', 'readyz']);
const healthPaths = new Set(['healthz', 'livez', 'readyz']);

/** Whether nobody needs to say who they are to ask for it. */
export function isPublic(segments: readonly string[]): boolean {
  return segments.length === 1 && anonymousPaths.has(segments[0]!);
}

export async function serveSystem(
  server: ApiServer,
  segments: readonly string[],
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const [first = '', ...rest] = segments;
  if (segments.length === 1 && healthPaths.has(first)) {
    await respondText(request, response, 200, 'ok', { 'content-type': 'text/plain; charset=utf-8' });
    return;
  }
  if (first === 'api' || first === 'apis') {
    const discovery = rest.length === 0 ? negotiateDiscovery(request) : undefined;
    if (discovery !== undefined) {
      const definitions = server.resources
        .all()
        .filter((definition) => (definition.group === '') === (first === 'api'));
      const body = aggregatedGroups(definitions, discovery);
      await respond(request, response, { code: 200, body, contentType: aggregatedContentType(discovery) });
      return;
    }
  }
  const body = documentAt(server, first, rest, request);
  if (body === undefined) throw pageNotFound();
  await respond(request, response, { code: 200, body });
}

function documentAt(server: ApiServer, first: string, rest: readonly string[], request: IncomingMessage): unknown {
  const definitions = server.resources.all();
  const [second = '', third = ''] = rest;
  switch (first) {
    case '':
      return { paths: ['/api', '/apis', '/healthz', '/livez', '/openapi/v2', '/openapi/v3', '/readyz', '/version'] };
    case 'version':
      return rest.length === 0 ? version : undefined;
    case 'api':
      return rest.length === 0
        ? coreVersions(request.headers.host ?? '')
        : resourceList('', rest.join('/'), definitions);
    case 'apis':
      if (rest.length === 0) return groupList(definitions);
      if (rest.length === 1) return group(second, definitions);
      return rest.length === 2 ? resourceList(second, third, definitions) : undefined;
    case 'openapi':
      return openApiAt(rest, definitions.map(openApiResource));
    default:
      return undefined;
  }
}

function openApiAt([version, ...path]: readonly string[], resources: readonly OpenApiResource[]): unknown {
  if (version === 'v2' && path.length === 0) return openApiV2(resources);
  if (version !== 'v3') return undefined;
  if (path.length === 0) return openApiV3Index(resources);
  // api/v1, apis/apps/v1
  const [root, ...groupVersion] = path;
  return root === 'api' || root === 'apis' ? openApiV3(groupVersion.join('/'), resources) : undefined;
}

function openApiResource(definition: ResourceDefinition): OpenApiResource {
  const { group: groupName, version: served, name, kind, namespaced, subresources } = definition;
  return { group: groupName, version: served, name, kind, namespaced, subresources: Object.keys(subresources) };
}
