// The one walk over an object along its type: checks types as Go's decoder does, drops nulls, unknown fields and empty
// optional lists and maps (`omitempty`), spells quantities and times canonically, and lets each type fill in its
// defaults. Copies only what changes: an object that is already right comes back as it is.
import { formatMicroTime, formatTime, parseTime } from '../../api/index.ts';
import { isObject, type JsonObject, setOwn } from './json.ts';
import { canonicalQuantity, quantityFormatMessage } from './quantity.ts';
import type { FieldType, Scalar, StructType } from './types.ts';
import { valueStructs } from './value-structs.ts';

/** Fills in the defaults of one struct; returns the same object when there is nothing to fill. */
export type Defaulter = (object: JsonObject) => JsonObject;

export interface WalkResult {
  readonly object: JsonObject;
  /** Paths of fields the type does not have, in order: `spec.containers[0].foo`. At most `unknownFieldsMax`. */
  readonly unknown: readonly string[];
  /** The first value of a wrong type, in Go's words; the object is of no use then. */
  readonly mismatch: string | undefined;
}

/** More unknown fields than this are dropped without being named. */
const unknownFieldsMax = 100;

interface Walk {
  readonly defaults: ReadonlyMap<string, Defaulter>;
  readonly unknown: string[];
  /** Where we are, as path segments: `spec`, `containers`, `[0]`. */
  readonly path: string[];
  mismatch: string | undefined;
}

export function walk(type: StructType, value: JsonObject, defaults: ReadonlyMap<string, Defaulter>): WalkResult {
  const state: Walk = { defaults, unknown: [], path: [], mismatch: undefined };
  const object = walkStruct(state, type, value);
  return { object, unknown: state.unknown, mismatch: state.mismatch };
}

function walkStruct(state: Walk, type: StructType, given: JsonObject): JsonObject {
  const value = withValueStructs(type, given);
  let copy: Record<string, unknown> | undefined;
  for (const key of Object.keys(value)) {
    const before = value[key];
    const field = type.fields.get(key);
    let after: unknown;
    if (field === undefined) {
      if (state.unknown.length < unknownFieldsMax) state.unknown.push(pathText([...state.path, key]));
    } else if (before !== null && before !== undefined) {
      state.path.push(key);
      after = walkValue(state, type, field.type, before);
      state.path.pop();
      if (!field.required && isEmptyCollection(field.type, after)) after = undefined;
    }
    if (after === before) continue;
    copy ??= { ...value };
    if (after === undefined) delete copy[key];
    else copy[key] = after;
  }
  const walked = copy ?? value;
  const defaulter = state.defaults.get(type.key);
  return defaulter === undefined || state.mismatch !== undefined ? walked : defaulter(walked);
}

/** Structs that Go holds by value are there even when the body leaves them out, and have their defaults. */
function withValueStructs(type: StructType, given: JsonObject): JsonObject {
  let value = given;
  for (const field of valueStructs.get(type.key) ?? [])
    if (value[field] === undefined || value[field] === null) value = { ...value, [field]: {} };
  return value;
}

function isEmptyCollection(type: FieldType, value: unknown): boolean {
  if (type.is === 'list') return (value as readonly unknown[] | undefined)?.length === 0;
  if (type.is !== 'map' || value === undefined) return false;
  for (const _ in value as JsonObject) return false;
  return true;
}

function walkValue(state: Walk, parent: StructType, type: FieldType, value: unknown): unknown {
  switch (type.is) {
    case 'scalar':
      return walkScalar(state, parent, type.scalar, value);
    case 'struct':
      return isObject(value) ? walkStruct(state, type.struct, value) : fail(state, parent, value, goType(type));
    case 'list':
      return Array.isArray(value)
        ? walkList(state, parent, type.item, value)
        : fail(state, parent, value, goType(type));
    case 'map':
      return isObject(value) ? walkMap(state, parent, type.value, value) : fail(state, parent, value, goType(type));
  }
}

function walkList(state: Walk, parent: StructType, item: FieldType, value: readonly unknown[]): readonly unknown[] {
  let copy: unknown[] | undefined;
  for (let index = 0; index < value.length; index++) {
    const before = value[index];
    state.path.push(`[${index}]`);
    const after = before === null ? zeroOf(state, item) : walkValue(state, parent, item, before);
    state.path.pop();
    if (state.mismatch !== undefined) return value;
    if (after === before) continue;
    copy ??= [...value];
    copy[index] = after;
  }
  return copy ?? value;
}

function walkMap(state: Walk, parent: StructType, item: FieldType, value: JsonObject): JsonObject {
  let copy: Record<string, unknown> | undefined;
  for (const key of Object.keys(value)) {
    const before = value[key];
    state.path.push(`[${key}]`);
    const after = before === null ? zeroOf(state, item) : walkValue(state, parent, item, before);
    state.path.pop();
    if (state.mismatch !== undefined) return value;
    if (after === before) continue;
    copy ??= { ...value };
    setOwn(copy, key, after);
  }
  return copy ?? value;
}

/** What Go decodes a null list element or map value to; a struct has its defaults then as ever. */
function zeroOf(state: Walk, type: FieldType): unknown {
  if (type.is === 'struct') return walkStruct(state, type.struct, {});
  if (type.is === 'map') return {};
  if (type.is === 'list') return [];
  if (type.scalar === 'boolean') return false;
  if (type.scalar === 'int32' || type.scalar === 'int64' || type.scalar === 'double') return 0;
  if (type.scalar === 'quantity') return '0';
  return type.scalar === 'any' ? null : '';
}

function walkScalar(state: Walk, parent: StructType, scalar: Scalar, value: unknown): unknown {
  switch (scalar) {
    case 'any':
      return value;
    case 'string':
      return typeof value === 'string' ? value : fail(state, parent, value, 'string');
    case 'boolean':
      return typeof value === 'boolean' ? value : fail(state, parent, value, 'bool');
    case 'double':
      return typeof value === 'number' ? value : fail(state, parent, value, 'float64');
    case 'int32':
      return isInteger(value, 2 ** 31) ? value : fail(state, parent, value, 'int32');
    case 'int64':
      return isInteger(value, 2 ** 63) ? value : fail(state, parent, value, 'int64');
    case 'intOrString':
      if (typeof value === 'string' || isInteger(value, 2 ** 31)) return value;
      return fail(state, parent, value, 'int32');
    case 'bytes':
      if (typeof value !== 'string') return fail(state, parent, value, '[]uint8');
      return isBase64(value) ? value : failWith(state, 'illegal base64 data');
    case 'quantity':
      if (typeof value !== 'string' && typeof value !== 'number') return failWith(state, quantityFormatMessage);
      return canonicalQuantity(value) ?? failWith(state, quantityFormatMessage);
    case 'time':
    case 'microTime':
      return walkTime(state, parent, scalar, value);
  }
}

const canonicalTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;
const canonicalMicroTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/;
const rfc3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;

function walkTime(state: Walk, parent: StructType, scalar: 'time' | 'microTime', value: unknown): unknown {
  if (typeof value !== 'string') return fail(state, parent, value, 'string');
  const ms = rfc3339.test(value) ? parseTime(value) : undefined;
  if (ms === undefined)
    return failWith(state, `parsing time ${JSON.stringify(value)} as "2006-01-02T15:04:05Z07:00": cannot parse`);
  if (scalar === 'time') return canonicalTime.test(value) ? value : formatTime(ms);
  return canonicalMicroTime.test(value) ? value : formatMicroTime(ms);
}

function isInteger(value: unknown, limit: number): boolean {
  return Number.isInteger(value) && (value as number) >= -limit && (value as number) < limit;
}

const base64 = /^[A-Za-z0-9+/\r\n]*={0,2}[\r\n]*$/;

function isBase64(text: string): boolean {
  return base64.test(text) && text.replaceAll(/[\r\n]/g, '').length % 4 === 0;
}

/** encoding/json's wording: the struct's name, then the path without list indices and map keys. */
function fail(state: Walk, parent: StructType, value: unknown, wanted: string): undefined {
  const path = state.path.filter((segment) => !segment.startsWith('[')).join('.');
  const found = typeof value === 'number' && wanted.startsWith('int') ? `number ${value}` : jsonType(value);
  state.mismatch ??= `json: cannot unmarshal ${found} into Go struct field ${parent.name}.${path} of type ${wanted}`;
  return undefined;
}

function failWith(state: Walk, message: string): undefined {
  state.mismatch ??= `${pathText(state.path)}: ${message}`;
  return undefined;
}

function pathText(segments: readonly string[]): string {
  return segments.join('.').replaceAll('.[', '[');
}

function jsonType(value: unknown): string {
  if (Array.isArray(value)) return 'array';
  return typeof value === 'boolean' ? 'bool' : typeof value;
}

function goType(type: FieldType): string {
  switch (type.is) {
    case 'scalar':
      return { boolean: 'bool', double: 'float64', any: 'interface {}' }[type.scalar as string] ?? type.scalar;
    case 'struct':
      return type.struct.key.slice(type.struct.key.lastIndexOf('/') + 1);
    case 'list':
      return `[]${goType(type.item)}`;
    case 'map':
      return `map[string]${goType(type.value)}`;
  }
}
