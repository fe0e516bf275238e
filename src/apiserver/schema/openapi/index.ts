// OpenAPI documents made from the field table: good enough for `kubectl explain`, for kubectl's client-side validation
// (1.24 and older read version 2) and for its question whether the server validates fields (newer ones, version 3).
import { createHash } from 'node:crypto';
import { definitionsOf, type Dialect, type OpenApiResource, referenceTo, type Schema } from './definitions.ts';
import { type BodyStyle, pathsOf } from './paths.ts';

export type { OpenApiResource, Schema as OpenApiSchema } from './definitions.ts';

const info = { title: 'Kubernetes', version: 'v1.34.0' };

const v2: Dialect = {
  refPrefix: '#/definitions/',
  intOrString: { type: 'string', format: 'int-or-string' },
  version: 2,
};
const v3: Dialect = {
  refPrefix: '#/components/schemas/',
  intOrString: { format: 'int-or-string', oneOf: [{ type: 'integer' }, { type: 'string' }] },
  version: 3,
};

const v2Style: BodyStyle = {
  parameter: (name, type, place) => ({ name, in: place, type, ...(place === 'path' ? { required: true } : {}) }),
  body: (resource, mediaTypes, isPatch) => ({
    consumes: mediaTypes,
    parameters: [
      {
        name: 'body',
        in: 'body',
        required: true,
        schema: (isPatch ? undefined : referenceTo(resource, v2)) ?? { type: 'object' },
      },
    ],
  }),
  response: (resource) => ({ description: 'OK', schema: referenceTo(resource, v2) ?? { type: 'object' } }),
};

const v3Style: BodyStyle = {
  parameter: (name, type, place) => ({
    name,
    in: place,
    schema: { type },
    ...(place === 'path' ? { required: true } : {}),
  }),
  body: (resource, mediaTypes, isPatch) => {
    const schema = (isPatch ? undefined : referenceTo(resource, v3)) ?? { type: 'object' };
    return {
      requestBody: { required: true, content: Object.fromEntries(mediaTypes.map((type) => [type, { schema }])) },
    };
  },
  response: (resource) => ({
    description: 'OK',
    content: { 'application/json': { schema: referenceTo(resource, v3) ?? { type: 'object' } } },
  }),
};

/** Body of GET /openapi/v2: a Swagger 2.0 document of all resources. */
export function openApiV2(resources: readonly OpenApiResource[]): unknown {
  return { swagger: '2.0', info, paths: pathsOf(resources, v2Style), definitions: definitionsOf(resources, v2) };
}

/** Body of GET /openapi/v3/api/v1 or /openapi/v3/apis/GROUP/VERSION; undefined when no resource is in it. */
export function openApiV3(groupVersion: string, resources: readonly OpenApiResource[]): Schema | undefined {
  const own = resources.filter((resource) => groupVersionOf(resource) === groupVersion);
  if (own.length === 0) return undefined;
  return { openapi: '3.0.0', info, paths: pathsOf(own, v3Style), components: { schemas: definitionsOf(own, v3) } };
}

/** Body of GET /openapi/v3: the group versions and where their documents are; the hash lets clients cache them. */
export function openApiV3Index(resources: readonly OpenApiResource[]): Schema {
  const paths: Record<string, Schema> = {};
  for (const groupVersion of new Set(resources.map(groupVersionOf))) {
    const path = groupVersion.includes('/') ? `apis/${groupVersion}` : `api/${groupVersion}`;
    const document = JSON.stringify(openApiV3(groupVersion, resources));
    const hash = createHash('sha256').update(document).digest('hex').toUpperCase();
    paths[path] = { serverRelativeURL: `/openapi/v3/${path}?hash=${hash}` };
  }
  return { paths };
}

function groupVersionOf({ group, version }: OpenApiResource): string {
  return group === '' ? version : `${group}/${version}`;
}
