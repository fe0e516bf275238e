// Is a schema structural: does it say of every field what type it has, so that pruning, defaulting and apply know what
// they see (apiextensions schema.NewStructural, validation.go)? Logical combinations may only narrow, never add types.
// https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#specifying-a-structural-schema
import type { FieldErrors } from '../schema/validation/field-errors.ts';
import { FieldErrors as Collector } from '../schema/validation/field-errors.ts';
import { normalize } from './normalize.ts';
import { compilePattern } from './pattern.ts';
import type { SchemaProps } from './types.ts';
import { validateValue } from './value-rules.ts';

/** Deeper schemas than this are refused before they cost anything. */
const schemaDepthMax = 64;
const types = ['array', 'boolean', 'integer', 'number', 'object', 'string'];
const unsupported = ['$ref', 'definitions', 'dependencies', 'patternProperties', 'additionalItems', 'id'] as const;
/** Must stand in the structural part, not in a combination. */
const structuralOnly = [
  'type',
  'title',
  'description',
  'additionalProperties',
  'default',
  'nullable',
  'x-kubernetes-preserve-unknown-fields',
  'x-kubernetes-embedded-resource',
  'x-kubernetes-int-or-string',
  'x-kubernetes-list-type',
  'x-kubernetes-list-map-keys',
  'x-kubernetes-map-type',
] as const;

type Place = 'root' | 'field' | 'item';

export function validateStructural(errors: FieldErrors, schema: SchemaProps, path: string): void {
  const isResource = true;
  if (schema.type === undefined || schema.type === '') errors.required(`${path}.type`, 'must not be empty at the root');
  else if (schema.type !== 'object') errors.invalid(`${path}.type`, schema.type, 'must be object at the root');
  validateMetadata(errors, schema.properties?.['metadata'], `${path}.properties[metadata]`);
  validateNode(errors, schema, path, 'root', 0, isResource);
}

function validateNode(
  errors: FieldErrors,
  schema: SchemaProps,
  path: string,
  place: Place,
  depth: number,
  isResource: boolean,
): void {
  if (depth > schemaDepthMax) {
    errors.forbidden(path, `must not be nested more than ${schemaDepthMax} levels deep`);
    return;
  }
  validateType(errors, schema, path, place);
  validateUnsupported(errors, schema, path);
  validatePattern(errors, schema, path);
  const { properties, additionalProperties, items } = schema;
  const isEmbedded = schema['x-kubernetes-embedded-resource'] === true;
  if (properties !== undefined && additionalProperties !== undefined && additionalProperties !== false)
    errors.forbidden(`${path}.additionalProperties`, 'additionalProperties and properties are mutual exclusive');
  for (const [name, child] of Object.entries(properties ?? {})) {
    // The server knows these itself; the schema may only narrow the name.
    if ((isResource || isEmbedded) && name === 'metadata') continue;
    validateNode(errors, child, `${path}.properties[${name}]`, 'field', depth + 1, false);
  }
  if (typeof additionalProperties === 'object')
    validateNode(errors, additionalProperties, `${path}.additionalProperties`, 'field', depth + 1, false);
  if (items !== undefined) validateNode(errors, items, `${path}.items`, 'item', depth + 1, false);
  validateLists(errors, schema, path);
  if (isEmbedded) validateEmbedded(errors, schema, path);
  for (const [part, at] of combinationsOf(schema, path)) validateNarrowing(errors, part, at, schema, depth + 1);
  validateDefault(errors, schema, path, isEmbedded);
}

function validateType(errors: FieldErrors, schema: SchemaProps, path: string, place: Place): void {
  const { type = '' } = schema;
  if (schema['x-kubernetes-int-or-string'] === true) {
    if (type !== '') errors.forbidden(`${path}.type`, 'must be empty if x-kubernetes-int-or-string is true');
  } else if (type !== '') {
    if (!types.includes(type)) errors.notSupported(`${path}.type`, type, types);
    if (type === 'array' && schema.items === undefined) errors.required(`${path}.items`, 'must be specified');
  } else if (place !== 'root' && schema['x-kubernetes-preserve-unknown-fields'] !== true)
    errors.required(
      `${path}.type`,
      `must not be empty for specified ${place === 'item' ? 'array items' : 'object fields'}`,
    );
  if (schema['x-kubernetes-preserve-unknown-fields'] === true && type !== '' && type !== 'object')
    errors.invalid(`${path}.type`, type, 'must be object if x-kubernetes-preserve-unknown-fields is true');
}

function validateUnsupported(errors: FieldErrors, schema: SchemaProps, path: string): void {
  for (const field of unsupported)
    if (Object.hasOwn(schema, field)) errors.forbidden(`${path}.${field}`, `${field} is not supported`);
  if (schema.uniqueItems === true)
    errors.forbidden(
      `${path}.uniqueItems`,
      'uniqueItems cannot be set to true since the runtime complexity becomes quadratic',
    );
}

function validatePattern(errors: FieldErrors, { pattern }: SchemaProps, path: string): void {
  if (pattern === undefined || pattern === '') return;
  try {
    compilePattern(pattern);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    errors.invalid(`${path}.pattern`, pattern, `must be a valid regular expression, but isn't: ${error.message}`);
  }
}

function validateLists(errors: FieldErrors, schema: SchemaProps, path: string): void {
  const listType = schema['x-kubernetes-list-type'];
  const mapType = schema['x-kubernetes-map-type'];
  const keys = schema['x-kubernetes-list-map-keys'] ?? [];
  if (listType !== undefined) {
    const at = `${path}.x-kubernetes-list-type`;
    if (!['atomic', 'set', 'map'].includes(listType)) errors.notSupported(at, listType, ['atomic', 'set', 'map']);
    if (schema.type !== 'array')
      errors.invalid(`${path}.type`, schema.type ?? '', `must be array if x-kubernetes-list-type is ${listType}`);
  }
  if (mapType !== undefined) {
    if (!['atomic', 'granular'].includes(mapType))
      errors.notSupported(`${path}.x-kubernetes-map-type`, mapType, ['atomic', 'granular']);
    if (schema.type !== 'object')
      errors.invalid(`${path}.type`, schema.type ?? '', 'must be object if x-kubernetes-map-type is specified');
  }
  if (keys.length > 0 && listType !== 'map')
    errors.invalid(
      `${path}.x-kubernetes-list-type`,
      listType ?? '',
      'must be map if x-kubernetes-list-map-keys is non-empty',
    );
  if (listType === 'set' && schema.items !== undefined && !isAtom(schema.items))
    errors.invalid(
      `${path}.items.type`,
      schema.items.type ?? '',
      'must be a scalar, an atomic list or an atomic map if x-kubernetes-list-type of the parent is set',
    );
  if (listType !== 'map') return;
  if (keys.length === 0)
    errors.required(`${path}.x-kubernetes-list-map-keys`, 'must not be empty if x-kubernetes-list-type is map');
  if (schema.items?.type !== 'object')
    errors.invalid(
      `${path}.items.type`,
      schema.items?.type ?? '',
      "must be object if parent array's x-kubernetes-list-type is map",
    );
  for (const [index, key] of keys.entries()) {
    const property = schema.items?.properties?.[key];
    if (property === undefined)
      errors.invalid(
        `${path}.x-kubernetes-list-map-keys[${index}]`,
        key,
        'entries must all be names of item properties',
      );
    else if (schema.items?.required?.includes(key) !== true && property.default === undefined)
      errors.required(
        `${path}.items.properties[${key}].default`,
        `this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property`,
      );
  }
}

function isAtom(schema: SchemaProps): boolean {
  if (schema.type === 'array') return (schema['x-kubernetes-list-type'] ?? 'atomic') === 'atomic';
  return schema.type !== 'object' || schema['x-kubernetes-map-type'] === 'atomic';
}

function validateEmbedded(errors: FieldErrors, schema: SchemaProps, path: string): void {
  if (schema.type !== 'object')
    errors.invalid(`${path}.type`, schema.type ?? '', 'must be object if x-kubernetes-embedded-resource is true');
  if (schema.properties === undefined && schema['x-kubernetes-preserve-unknown-fields'] !== true)
    errors.required(
      `${path}.properties`,
      'must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields',
    );
  validateMetadata(errors, schema.properties?.['metadata'], `${path}.properties[metadata]`);
}

function validateMetadata(errors: FieldErrors, schema: SchemaProps | undefined, path: string): void {
  const names = Object.keys(schema?.properties ?? {});
  if (names.every((name) => name === 'name' || name === 'generateName')) return;
  errors.forbidden(
    path,
    'must not specify anything other than name and generateName, but metadata is implicitly specified',
  );
}

function combinationsOf(schema: SchemaProps, path: string): readonly (readonly [SchemaProps, string])[] {
  const lists = (['allOf', 'anyOf', 'oneOf'] as const).flatMap((field) =>
    (schema[field] ?? []).map((part, index) => [part, `${path}.${field}[${index}]`] as const),
  );
  return schema.not === undefined ? lists : [...lists, [schema.not, `${path}.not`]];
}

/** `outer`: what the structural part says of the same value; a combination names no field that it does not have. */
function validateNarrowing(
  errors: FieldErrors,
  schema: SchemaProps,
  path: string,
  outer: SchemaProps | undefined,
  depth: number,
): void {
  if (depth > schemaDepthMax) {
    errors.forbidden(path, `must not be nested more than ${schemaDepthMax} levels deep`);
    return;
  }
  // The usual way to write int-or-string.
  const isIntOrString = outer?.['x-kubernetes-int-or-string'] === true;
  for (const field of structuralOnly) {
    if (!Object.hasOwn(schema, field) || (isIntOrString && field === 'type')) continue;
    errors.forbidden(`${path}.${field}`, 'must be empty to be structural');
  }
  validateUnsupported(errors, schema, path);
  validatePattern(errors, schema, path);
  for (const [name, child] of Object.entries(schema.properties ?? {})) {
    const known =
      outer?.properties?.[name] ??
      (typeof outer?.additionalProperties === 'object' ? outer.additionalProperties : undefined);
    if (known === undefined && outer !== undefined && outer['x-kubernetes-preserve-unknown-fields'] !== true)
      errors.required(
        `${path.replace(/\.(?:allOf|anyOf|oneOf)\[\d+\].*$|\.not.*$/, '')}.properties[${name}]`,
        `because it is defined in ${path.slice(path.search(/\.(?:allOf|anyOf|oneOf|not)/) + 1)}.properties[${name}]`,
      );
    validateNarrowing(errors, child, `${path}.properties[${name}]`, known, depth + 1);
  }
  if (schema.items !== undefined) validateNarrowing(errors, schema.items, `${path}.items`, outer?.items, depth + 1);
  for (const [part, at] of combinationsOf(schema, path)) validateNarrowing(errors, part, at, outer, depth + 1);
}

/** A default is a value that the schema takes as it is. */
function validateDefault(errors: FieldErrors, schema: SchemaProps, path: string, isEmbedded: boolean): void {
  if (schema.default === undefined) return;
  const { unknown, value } = normalize(schema, schema.default, isEmbedded);
  if (unknown.length > 0)
    errors.invalid(`${path}.default`, schema.default, `must not have unknown fields: ${unknown.join(', ')}`);
  const found = new Collector();
  try {
    validateValue(found, schema, value, `${path}.default`);
  } catch (error) {
    // A pattern that is no pattern was reported above.
    if (!(error instanceof SyntaxError)) throw error;
  }
  for (const { field = path, message = '' } of found.causes)
    errors.invalid(field, schema.default, message.replace(/^Invalid value: [^:]*: /, ''));
}
