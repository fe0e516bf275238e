// The OpenAPI documents as they go out, made once per state of the resource table.
import type { ResourceDefinition } from '../resources/definition.ts';
import type { ResourceTable } from '../resources/table.ts';
import { openApiV2, openApiV3, openApiV3Index, type OpenApiResource } from '../schema/index.ts';
import { encodeOpenApiV2, type OpenApiV2Document } from './protobuf.ts';

export interface OpenApiDocuments {
  /** JSON of the path below /openapi; undefined when nothing is there. */
  json(path: string): string | undefined;
  /** /openapi/v2 for kubectl. */
  v2Protobuf(): Buffer;
}

export function createOpenApiDocuments(table: ResourceTable): OpenApiDocuments {
  const made = new Map<string, string | Buffer | undefined>();
  let changes = table.changes;
  const once = <T extends string | Buffer | undefined>(
    key: string,
    make: (resources: readonly OpenApiResource[]) => T,
  ): T => {
    if (changes !== table.changes) made.clear();
    changes = table.changes;
    if (!made.has(key)) {
      const document = make(table.all().map(openApiResource));
      // Unknown paths are the client's invention: they are not remembered.
      if (document === undefined) return document;
      made.set(key, document);
    }
    return made.get(key) as T;
  };
  return {
    json: (path) =>
      once(path, (resources) => {
        const document = documentAt(path, resources);
        return document === undefined ? undefined : JSON.stringify(document);
      }),
    v2Protobuf: () => once('v2 protobuf', (resources) => encodeOpenApiV2(openApiV2(resources) as OpenApiV2Document)),
  };
}

function documentAt(path: string, resources: readonly OpenApiResource[]): unknown {
  if (path === 'v2') return openApiV2(resources);
  if (path === 'v3') return openApiV3Index(resources);
  // v3/api/v1, v3/apis/apps/v1
  const match = /^v3\/(?:api\/(v[^/]+)|apis\/([^/]+\/[^/]+))$/.exec(path);
  return match === null ? undefined : openApiV3(match[1] ?? match[2]!, resources);
}

function openApiResource(definition: ResourceDefinition): OpenApiResource {
  const { group, version, name, kind, listKind, namespaced, subresources, verbs, openApi } = definition;
  const createOnly = !verbs.includes('get');
  return {
    group,
    version,
    name,
    kind,
    listKind,
    namespaced,
    subresources: Object.keys(subresources),
    createOnly,
    ...(openApi === undefined ? {} : { schema: openApi }),
  };
}
