// The field table as OpenAPI schemas: types, required fields, and Kubernetes' extensions for patching. No sentences.
import { isAtomicStruct, mergeRule } from '../merge-keys.ts';
import { type FieldType, structForResource, structOf, type StructType } from '../types.ts';

export type Schema = Readonly<Record<string, unknown>>;

/** What the documents need to know of a served resource; one entry per resource and version. */
export interface OpenApiResource {
  readonly group: string;
  readonly version: string;
  /** Plural name of the URL. */
  readonly name: string;
  readonly kind: string;
  readonly namespaced: boolean;
  readonly subresources?: readonly string[];
  /** Objects that are answered and not kept: reviews. */
  readonly createOnly?: boolean;
  readonly listKind?: string;
  /** Of a kind that the field table does not know. */
  readonly schema?: Schema;
}

/** Versions 2 and 3 differ in where definitions live and in how a value of two types is written. */
export interface Dialect {
  readonly refPrefix: string;
  readonly intOrString: Schema;
  readonly version: 2 | 3;
}

const quantity = 'io.k8s.apimachinery.pkg.api.resource.Quantity';
const intOrString = 'io.k8s.apimachinery.pkg.util.intstr.IntOrString';
const metaPackage = 'io.k8s.apimachinery.pkg.apis.meta.v1';
const time = `${metaPackage}.Time`;
const microTime = `${metaPackage}.MicroTime`;

/** Every group answers with these. */
const sharedStructs = ['meta/v1.DeleteOptions', 'meta/v1.Status', 'meta/v1.ListMeta'].map((key) => structOf(key)!);

/** `apps/v1.DaemonSet` → `io.k8s.api.apps.v1.DaemonSet`, as Kubernetes' own documents name it. */
function definitionName(struct: StructType): string {
  const [pack = '', rest = ''] = struct.key.split('/');
  if (pack.startsWith('apiextensions')) return `io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.${rest}`;
  if (pack === 'meta') return `${metaPackage}.${struct.name}`;
  return `io.k8s.api.${pack.replace(/\..*$/, '')}.${rest}`;
}

/** The schemas of all kinds of these resources, their lists, and what they are made of. */
export function definitionsOf(
  resources: readonly OpenApiResource[],
  dialect: Dialect,
): Readonly<Record<string, Schema>> {
  const definitions: Record<string, Schema> = {
    [quantity]: { type: 'string' },
    [intOrString]: dialect.intOrString,
    [time]: { type: 'string', format: 'date-time' },
    [microTime]: { type: 'string', format: 'date-time' },
  };
  const kinds = kindsByStruct(resources);
  const queue = [...kinds.keys(), ...sharedStructs, structOf('meta/v1.ObjectMeta')!];
  for (let struct = queue.pop(); struct !== undefined; struct = queue.pop()) {
    const name = definitionName(struct);
    if (definitions[name] !== undefined) continue;
    const identities = kinds.get(struct) ?? [];
    definitions[name] = structSchema(struct, identities, dialect);
    for (const identity of identities) definitions[`${name}List`] = listSchema(name, identity, dialect);
    for (const field of struct.fields.values()) queue.push(...structsIn(field.type));
  }
  for (const resource of resources) {
    if (resource.schema === undefined) continue;
    const name = customName(resource);
    definitions[name] = customDefinition(resource, resource.schema, dialect);
    definitions[`${name}List`] = listSchema(name, identityOf(resource), dialect, resource.listKind);
  }
  return definitions;
}

/** The schema of a resource's kind by reference; undefined for kinds that have none. */
export function referenceTo(resource: OpenApiResource, dialect: Dialect): Schema | undefined {
  if (resource.schema !== undefined) return { $ref: dialect.refPrefix + customName(resource) };
  const struct = structForResource(resourceKeyOf(resource));
  return struct === undefined ? undefined : { $ref: dialect.refPrefix + definitionName(struct) };
}

export interface Identity {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

export function identityOf({ group, version, kind }: OpenApiResource): Identity {
  return { group, version, kind };
}

function resourceKeyOf({ group, version, kind }: OpenApiResource): string {
  return group === '' ? `${version}/${kind}` : `${group}/${version}/${kind}`;
}

function kindsByStruct(resources: readonly OpenApiResource[]) {
  const kinds = new Map<StructType, Identity[]>();
  for (const resource of resources) {
    if (resource.schema !== undefined) continue;
    const struct = structForResource(resourceKeyOf(resource));
    if (struct !== undefined) kinds.set(struct, [...(kinds.get(struct) ?? []), identityOf(resource)]);
  }
  return kinds;
}

function structsIn(type: FieldType): readonly StructType[] {
  if (type.is === 'struct') return [type.struct];
  if (type.is === 'list') return structsIn(type.item);
  return type.is === 'map' ? structsIn(type.value) : [];
}

function structSchema(struct: StructType, identities: readonly Identity[], dialect: Dialect): Schema {
  const fields = [...struct.fields.values()];
  const required = fields.filter((field) => field.required).map((field) => field.name);
  const properties = Object.fromEntries(
    fields.map((field) => [
      field.name,
      { ...fieldSchema(struct, field.type, dialect), ...patchExtensions(struct, field.name, field.type) },
    ]),
  );
  return {
    type: 'object',
    ...(required.length === 0 ? {} : { required }),
    properties,
    ...(isAtomicStruct(struct.key) ? { 'x-kubernetes-map-type': 'atomic' } : {}),
    ...identityExtension(identities),
  };
}

function identityExtension(identities: readonly Identity[]): Schema {
  if (identities.length === 0) return {};
  return {
    'x-kubernetes-group-version-kind': identities.map(({ group, kind, version }) => ({ group, kind, version })),
  };
}

/** `com.example.stable.v1.CronTab` */
function customName({ group, version, kind }: OpenApiResource): string {
  return [...group.split('.').toReversed(), version, kind].join('.');
}

/** What the definition says, with the fields that every object has. */
function customDefinition(resource: OpenApiResource, schema: Schema, dialect: Dialect): Schema {
  const own = dialect.version === 2 ? secondVersion(schema) : schema;
  return {
    ...own,
    type: 'object',
    properties: {
      ...(own['properties'] as Schema | undefined),
      apiVersion: { type: 'string' },
      kind: { type: 'string' },
      metadata: { $ref: `${dialect.refPrefix}${metaPackage}.ObjectMeta` },
    },
    ...identityExtension([identityOf(resource)]),
  };
}

const notInSecondVersion = new Set(['nullable', 'oneOf', 'anyOf', 'not', 'default', 'x-kubernetes-validations']);

/** Version 2 cannot say everything; what it cannot must not be said wrongly (apiextensions openapi/v2 ToStructuralOpenAPIV2). */
function secondVersion(schema: Schema): Schema {
  if (schema['x-kubernetes-preserve-unknown-fields'] === true || schema['x-kubernetes-int-or-string'] === true)
    return typeof schema['description'] === 'string' ? { description: schema['description'] } : {};
  const result: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(schema)) {
    if (notInSecondVersion.has(key)) continue;
    if (key === 'properties')
      result[key] = Object.fromEntries(
        Object.entries(value as Readonly<Record<string, Schema>>).map(([name, part]) => [name, secondVersion(part)]),
      );
    else if ((key === 'items' || key === 'additionalProperties') && typeof value === 'object')
      result[key] = secondVersion(value as Schema);
    else result[key] = value;
  }
  // A null would be of the wrong type for the clients that read this version.
  if (schema['nullable'] === true) delete result['type'];
  return result;
}

function listSchema(
  name: string,
  { group, version, kind }: Identity,
  dialect: Dialect,
  listKind = `${kind}List`,
): Schema {
  return {
    type: 'object',
    required: ['items'],
    properties: {
      apiVersion: { type: 'string' },
      items: { type: 'array', items: { $ref: dialect.refPrefix + name } },
      kind: { type: 'string' },
      metadata: { $ref: `${dialect.refPrefix}${metaPackage}.ListMeta` },
    },
    ...identityExtension([{ group, version, kind: listKind }]),
  };
}

function patchExtensions(struct: StructType, field: string, type: FieldType): Schema {
  const rule = mergeRule(struct.key, field);
  const strategies = [
    ...(rule.mergeKey !== undefined || rule.mergesValues === true ? ['merge'] : []),
    ...(rule.replaces === true ? ['replace'] : []),
    ...(rule.retainsKeys === true ? ['retainKeys'] : []),
  ];
  return {
    ...(strategies.length === 0 ? {} : { 'x-kubernetes-patch-strategy': strategies.join(',') }),
    ...(rule.mergeKey === undefined ? {} : { 'x-kubernetes-patch-merge-key': rule.mergeKey }),
    ...listExtensions(type, rule.applyKeys, rule.applySet === true),
    ...(type.is === 'map' && rule.applyAtomic === true ? { 'x-kubernetes-map-type': 'atomic' } : {}),
  };
}

function listExtensions(type: FieldType, keys: readonly string[] | undefined, isSet: boolean): Schema {
  if (type.is !== 'list') return {};
  if (keys !== undefined) return { 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': keys };
  return { 'x-kubernetes-list-type': isSet ? 'set' : 'atomic' };
}

/** Raw extensions are objects; the JSON inside a definition's schema may be anything. */
function fieldSchema(struct: StructType, type: FieldType, dialect: Dialect): Schema {
  const item = type.is === 'list' ? type.item : type;
  const isJson = item.is === 'scalar' && item.scalar === 'any' && struct.key.startsWith('apiextensions');
  if (!isJson) return typeSchema(type, dialect);
  return type.is === 'list' ? { type: 'array', items: {} } : {};
}

function typeSchema(type: FieldType, dialect: Dialect): Schema {
  switch (type.is) {
    case 'struct':
      return { $ref: dialect.refPrefix + definitionName(type.struct) };
    case 'list':
      return { type: 'array', items: typeSchema(type.item, dialect) };
    case 'map':
      return { type: 'object', additionalProperties: typeSchema(type.value, dialect) };
    case 'scalar':
      return scalarSchemas(dialect)[type.scalar];
  }
}

function scalarSchemas({ refPrefix }: Dialect) {
  return {
    string: { type: 'string' },
    int32: { type: 'integer', format: 'int32' },
    int64: { type: 'integer', format: 'int64' },
    double: { type: 'number', format: 'double' },
    boolean: { type: 'boolean' },
    bytes: { type: 'string', format: 'byte' },
    any: { type: 'object' },
    time: { $ref: refPrefix + time },
    microTime: { $ref: refPrefix + microTime },
    quantity: { $ref: refPrefix + quantity },
    intOrString: { $ref: refPrefix + intOrString },
  };
}
