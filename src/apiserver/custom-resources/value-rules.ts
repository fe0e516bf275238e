// Whether a custom object is what its schema wants: types, formats, ranges, sets and keyed lists, in the words of
// kube-apiserver (go-openapi validate and apiextensions schema/listtype, schema/objectmeta). Cost is bounded by the
// size of schema times object: patterns match in linear time, uniqueness is a set.
import { FieldErrors } from '../schema/validation/field-errors.ts';
import { isObject, type JsonObject, own } from '../schema/json.ts';
import { hasFormat } from './formats.ts';
import { compilePattern, type Pattern } from './pattern.ts';
import type { SchemaProps } from './types.ts';

const patterns = new WeakMap<SchemaProps, Pattern>();

function patternOf(schema: SchemaProps, source: string): Pattern {
  const known = patterns.get(schema);
  if (known !== undefined) return known;
  const compiled = compilePattern(source);
  patterns.set(schema, compiled);
  return compiled;
}

/** Reports everything about `value` that the schema does not allow. `path` is '' for the object itself. */
export function validateValue(errors: FieldErrors, schema: SchemaProps, value: unknown, path: string): void {
  if (value === null && schema.nullable === true) return;
  const found = typeOf(value);
  if (!hasType(schema, value)) {
    const wanted = schema['x-kubernetes-int-or-string'] === true ? 'integer,string' : (schema.type ?? '');
    errors.typeInvalid(path, found, `${path} in body must be of type ${wanted}: ${JSON.stringify(found)}`);
    return;
  }
  if (schema.enum !== undefined && !isListed(schema.enum, value))
    errors.notSupported(
      path,
      value,
      schema.enum.map((one) => (typeof one === 'string' ? one : JSON.stringify(one))),
    );
  if (typeof value === 'string') validateText(errors, schema, value, path);
  else if (typeof value === 'number') validateNumber(errors, schema, value, path);
  else if (Array.isArray(value)) validateList(errors, schema, value, path);
  else if (isObject(value)) validateObject(errors, schema, value, path);
  validateCombinations(errors, schema, value, path);
}

function typeOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  return typeof value;
}

function hasType(schema: SchemaProps, value: unknown): boolean {
  const found = typeOf(value);
  if (schema['x-kubernetes-int-or-string'] === true) return found === 'integer' || found === 'string';
  // Inside allOf and the like there is no type; neither has a field that takes anything.
  if (schema.type === undefined || schema.type === '') return true;
  return schema.type === found || (schema.type === 'number' && found === 'integer');
}

function isListed(values: readonly unknown[], value: unknown): boolean {
  const text = keyOf(value);
  return values.some((one) => keyOf(one) === text);
}

function validateText(errors: FieldErrors, schema: SchemaProps, value: string, path: string): void {
  const { minLength, maxLength, pattern, format } = schema;
  if (minLength !== undefined || maxLength !== undefined) {
    const { length } = Array.from(value);
    if (maxLength !== undefined && length > maxLength) errors.tooLong(path, maxLength);
    if (minLength !== undefined && length < minLength)
      errors.invalid(path, value, `${path} in body should be at least ${minLength} chars long`);
  }
  if (pattern !== undefined && !patternOf(schema, pattern)(value))
    errors.invalid(path, value, `${path} in body should match '${pattern}'`);
  if (format !== undefined && !hasFormat(format, value))
    errors.typeInvalid(path, value, `${path} in body must be of type ${format}: ${JSON.stringify(value)}`);
}

function validateNumber(errors: FieldErrors, schema: SchemaProps, value: number, path: string): void {
  const { minimum, maximum, multipleOf, exclusiveMinimum = false, exclusiveMaximum = false } = schema;
  const wrong = (why: string) => errors.invalid(path, value, `${path} in body should be ${why}`);
  if (schema.format === 'int32' && (value < -(2 ** 31) || value >= 2 ** 31))
    errors.invalid(path, value, `${path} in body must be of type int32: ${JSON.stringify(typeOf(value))}`);
  if (minimum !== undefined && (exclusiveMinimum ? value <= minimum : value < minimum))
    wrong(exclusiveMinimum ? `greater than ${minimum}` : `greater than or equal to ${minimum}`);
  if (maximum !== undefined && (exclusiveMaximum ? value >= maximum : value > maximum))
    wrong(exclusiveMaximum ? `less than ${maximum}` : `less than or equal to ${maximum}`);
  if (multipleOf !== undefined && !Number.isInteger(value / multipleOf)) wrong(`a multiple of ${multipleOf}`);
}

function validateList(errors: FieldErrors, schema: SchemaProps, value: readonly unknown[], path: string): void {
  const { minItems, maxItems, items } = schema;
  if (maxItems !== undefined && value.length > maxItems) errors.tooMany(path, value.length, maxItems);
  if (minItems !== undefined && value.length < minItems)
    errors.invalid(path, value.length, `${path} in body should have at least ${minItems} items`);
  if (items !== undefined)
    for (const [index, entry] of value.entries()) validateValue(errors, items, entry, `${path}[${index}]`);
  const listType = schema['x-kubernetes-list-type'];
  if (listType !== 'set' && listType !== 'map') return;
  const keys = schema['x-kubernetes-list-map-keys'] ?? [];
  const seen = new Set<string>();
  for (const [index, entry] of value.entries()) {
    const name = listType === 'set' ? entry : namedBy(entry, keys);
    const key = keyOf(name);
    if (seen.has(key)) errors.duplicate(`${path}[${index}]`, name);
    seen.add(key);
  }
}

function namedBy(entry: unknown, keys: readonly string[]): unknown {
  if (!isObject(entry)) return entry;
  return Object.fromEntries(keys.map((key) => [key, own(entry, key)]));
}

function validateObject(errors: FieldErrors, schema: SchemaProps, value: JsonObject, path: string): void {
  const { properties = {}, additionalProperties, required = [], minProperties, maxProperties } = schema;
  const at = (key: string) => (path === '' ? key : `${path}.${key}`);
  for (const key of required) if (own(value, key) === undefined) errors.required(at(key));
  for (const [key, part] of Object.entries(value)) {
    // Callers inside the process may send what JSON cannot say.
    if (part === undefined) continue;
    if (Object.hasOwn(properties, key)) validateValue(errors, properties[key]!, part, at(key));
    else if (typeof additionalProperties === 'object') validateValue(errors, additionalProperties, part, at(key));
  }
  const count = Object.keys(value).length;
  if (maxProperties !== undefined && count > maxProperties) errors.tooMany(path, count, maxProperties);
  if (minProperties !== undefined && count < minProperties)
    errors.invalid(path, count, `${path} in body should have at least ${minProperties} properties`);
  if (schema['x-kubernetes-embedded-resource'] === true)
    for (const key of ['apiVersion', 'kind'])
      if (typeof value[key] !== 'string' || value[key] === '') errors.required(at(key), 'must not be empty');
}

function validateCombinations(errors: FieldErrors, schema: SchemaProps, value: unknown, path: string): void {
  const wrong = (why: string) => errors.invalid(path, value, why);
  const named = JSON.stringify(path);
  for (const part of schema.allOf ?? []) validateValue(errors, part, value, path);
  if (schema.anyOf !== undefined && schema.anyOf.length > 0 && !schema.anyOf.some((part) => accepts(part, value)))
    wrong(`${named} must validate at least one schema (anyOf)`);
  if (schema.oneOf !== undefined && schema.oneOf.length > 0) {
    const count = schema.oneOf.filter((part) => accepts(part, value)).length;
    if (count !== 1)
      wrong(
        `${named} must validate one and only one schema (oneOf). Found ${count === 0 ? 'none' : String(count)} valid`,
      );
  }
  if (schema.not !== undefined && accepts(schema.not, value)) wrong(`${named} must not validate the schema (not)`);
}

function accepts(schema: SchemaProps, value: unknown): boolean {
  const errors = new FieldErrors();
  validateValue(errors, schema, value, '');
  return errors.isEmpty;
}

/** The same text for the same value, whatever the order of its fields. */
function keyOf(value: unknown): string {
  return (
    JSON.stringify(value, (_, part: unknown) =>
      isObject(part) ? Object.fromEntries(Object.entries(part).toSorted(([a], [b]) => (a < b ? -1 : 1))) : part,
    ) ?? ''
  );
}
