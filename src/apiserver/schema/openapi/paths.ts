// The paths of the served resources: which verbs there are, of which kind, and with which query parameters. kubectl
// asks them whether a kind's PATCH knows `fieldValidation` before it leaves validation to the server, and `kubectl
// explain` finds a resource's kind by them.
import { identityOf, type OpenApiResource, type Schema } from './definitions.ts';

/** How a version writes bodies: as a parameter (v2) or as a requestBody (v3). */
export interface BodyStyle {
  parameter(name: string, type: 'string' | 'boolean' | 'integer', place: 'query' | 'path'): Schema;
  body(resource: OpenApiResource, mediaTypes: readonly string[], isPatch: boolean): Schema;
  response(resource: OpenApiResource): Schema;
}

type Action = 'get' | 'list' | 'post' | 'put' | 'patch' | 'delete' | 'deletecollection';

const writeParameters = ['dryRun', 'fieldManager', 'fieldValidation'];
const listParameters = ['continue', 'fieldSelector', 'labelSelector', 'limit', 'resourceVersion', 'watch'];
const parametersOf: Readonly<Record<Action, readonly string[]>> = {
  get: [],
  list: listParameters,
  post: writeParameters,
  put: writeParameters,
  patch: [...writeParameters, 'force'],
  delete: ['dryRun', 'gracePeriodSeconds', 'propagationPolicy'],
  deletecollection: [...listParameters, 'dryRun', 'gracePeriodSeconds', 'propagationPolicy'],
};
const booleans = new Set(['force', 'watch']);
const integers = new Set(['limit', 'gracePeriodSeconds']);
const jsonTypes = ['application/json', 'application/yaml'];
const patchTypes = [
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
  'application/apply-patch+yaml',
];

/** kubectl asks here whether it may send a strategic merge: what has no field table cannot take one. */
function patchTypesOf({ schema }: OpenApiResource): readonly string[] {
  return schema === undefined ? patchTypes : patchTypes.filter((type) => !type.includes('strategic'));
}

export function pathsOf(resources: readonly OpenApiResource[], style: BodyStyle): Readonly<Record<string, Schema>> {
  const paths: Record<string, Schema> = {};
  for (const resource of resources) {
    const base = resource.group === '' ? `/api/${resource.version}` : `/apis/${resource.group}/${resource.version}`;
    const scope = resource.namespaced ? '/namespaces/{namespace}' : '';
    const collection = `${base}${scope}/${resource.name}`;
    if (resource.createOnly === true) {
      paths[collection] = pathItem(resource, style, [], { post: 'post' });
      continue;
    }
    if (resource.namespaced) paths[`${base}/${resource.name}`] = pathItem(resource, style, [], { get: 'list' });
    paths[collection] = pathItem(resource, style, [], { get: 'list', post: 'post', delete: 'deletecollection' });
    const item = `${collection}/{name}`;
    paths[item] = pathItem(resource, style, ['name'], { get: 'get', put: 'put', patch: 'patch', delete: 'delete' });
    if (resource.subresources?.includes('status') === true)
      paths[`${item}/status`] = pathItem(resource, style, ['name'], { get: 'get', put: 'put', patch: 'patch' });
  }
  return paths;
}

function pathItem(
  resource: OpenApiResource,
  style: BodyStyle,
  names: readonly string[],
  actions: Readonly<Partial<Record<'get' | 'post' | 'put' | 'patch' | 'delete', Action>>>,
): Schema {
  const inPath = [...names, ...(resource.namespaced && (names.length > 0 || 'post' in actions) ? ['namespace'] : [])];
  return {
    ...Object.fromEntries(
      Object.entries(actions).map(([method, action]) => [method, operation(resource, style, action)]),
    ),
    parameters: inPath.map((name) => style.parameter(name, 'string', 'path')),
  };
}

function operation(resource: OpenApiResource, style: BodyStyle, action: Action): Schema {
  const isPatch = action === 'patch';
  const hasBody = isPatch || action === 'post' || action === 'put';
  const body = hasBody ? style.body(resource, isPatch ? patchTypesOf(resource) : jsonTypes, isPatch) : {};
  const { parameters: bodyParameters = [], ...rest } = body as { readonly parameters?: readonly Schema[] };
  const query = parametersOf[action].map((name) =>
    style.parameter(name, booleans.has(name) ? 'boolean' : integers.has(name) ? 'integer' : 'string', 'query'),
  );
  return {
    operationId: `${action}${resource.kind}In${resource.group === '' ? 'core' : resource.group}${resource.version}`,
    parameters: [...bodyParameters, ...query],
    ...rest,
    responses: { '200': style.response(resource) },
    'x-kubernetes-action': action,
    'x-kubernetes-group-version-kind': identityOf(resource),
  };
}
