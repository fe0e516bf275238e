// Paths that are no resources: discovery, OpenAPI, version, health.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { aggregatedContentType, aggregatedGroups } from '../discovery/aggregated.ts';
import { coreVersions, group, groupList, resourceList } from '../discovery/plain.ts';
import type { OpenApiDocuments } from '../openapi/documents.ts';
import { openApiV2ProtobufAccept, openApiV2ProtobufType } from '../openapi/protobuf.ts';
import type { ApiServer } from '../server.ts';
import { healthAt } from './health.ts';
import { negotiateDiscovery } from './negotiate.ts';
import type { RequestCounts } from './request-counts.ts';
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

/** Whether nobody needs to say who they are to ask for it. */
export function isPublic(segments: readonly string[]): boolean {
  return segments.length === 1 && anonymousPaths.has(segments[0]!);
}

export interface SystemOptions {
  readonly server: ApiServer;
  readonly documents: OpenApiDocuments;
  readonly counts: RequestCounts;
}

export async function serveSystem(
  { server, documents, counts }: SystemOptions,
  segments: readonly string[],
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const [first = '', ...rest] = segments;
  const health = await healthAt(server, segments, /[?&]verbose\b/.test(request.url ?? ''));
  if (health !== undefined) {
    await respondText(request, response, health.code, health.text, 'text/plain; charset=utf-8');
    return;
  }
  if (first === 'metrics' && rest.length === 0) {
    const { text, contentType } = await counts.scrape();
    await respondText(request, response, 200, text, contentType);
    return;
  }
  if (first === 'openapi') {
    await serveOpenApi(documents, rest.join('/'), request, response);
    return;
  }
  if ((first === 'api' || first === 'apis') && rest.length === 0) {
    const discovery = negotiateDiscovery(request);
    if (discovery !== undefined) {
      const definitions = server.resources.all().filter(({ group: name }) => (name === '') === (first === 'api'));
      const body = aggregatedGroups(definitions, discovery);
      await respond(request, response, { code: 200, body, contentType: aggregatedContentType(discovery) });
      return;
    }
  }
  const body = documentAt(server, first, rest, request);
  if (body === undefined) throw pageNotFound();
  await respond(request, response, { code: 200, body });
}

async function serveOpenApi(
  documents: OpenApiDocuments,
  path: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (path === 'v2' && (request.headers.accept ?? '').includes(openApiV2ProtobufAccept)) {
    await respondText(request, response, 200, documents.v2Protobuf(), openApiV2ProtobufType);
    return;
  }
  const text = documents.json(path);
  if (text === undefined) throw pageNotFound();
  await respondText(request, response, 200, text, 'application/json');
}

function documentAt(server: ApiServer, first: string, rest: readonly string[], request: IncomingMessage): unknown {
  const definitions = server.resources.all();
  const [second = '', third = ''] = rest;
  switch (first) {
    case '':
      if (rest.length > 0) return undefined;
      return {
        paths: ['/api', '/apis', '/healthz', '/livez', '/metrics', '/openapi/v2', '/openapi/v3', '/readyz', '/version'],
      };
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
    default:
      return undefined;
  }
}
