// OpenAPI documents made from the field table.

/** What the documents need to know of a served resource; one entry per resource and version. */
export interface OpenApiResource {
  readonly group: string;
  readonly version: string;
  /** Plural name of the URL. */
  readonly name: string;
  readonly kind: string;
  readonly namespaced: boolean;
  readonly subresources?: readonly string[];
}

/** Body of GET /openapi/v2. */
export function openApiV2(resources: readonly OpenApiResource[]): unknown {
  void resources;
  return { swagger: '2.0', info: { title: 'Kubernetes', version: 'v1.34.0' }, paths: {}, definitions: {} };
}

/** Body of GET /openapi/v3: the group versions and where their documents are. */
export function openApiV3Index(resources: readonly OpenApiResource[]): unknown {
  void resources;
  return { paths: {} };
}

/** Body of GET /openapi/v3/api/v1 or /openapi/v3/apis/GROUP/VERSION; undefined when no resource is in it. */
export function openApiV3(groupVersion: string, resources: readonly OpenApiResource[]): unknown {
  void resources;
  void groupVersion;
  return undefined;
}
