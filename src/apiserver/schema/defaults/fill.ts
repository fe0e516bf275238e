// How defaults are written down: a table of field → value, filled in where the field is absent. An empty string counts
// as absent, because Go cannot tell the two apart.
import { isObject, type JsonObject, withoutKey } from '../json.ts';
import type { Defaulter } from '../walk.ts';

/** The object with the absent fields filled in; the same object when none is. The values are shared, never changed. */
export function fill(object: JsonObject, values: JsonObject): JsonObject {
  let copy: Record<string, unknown> | undefined;
  for (const key of Object.keys(values)) {
    const present = object[key];
    if ((present !== undefined && present !== '') || values[key] === undefined) continue;
    copy ??= { ...object };
    copy[key] = values[key];
  }
  return copy ?? object;
}

/** A defaulter that only fills in constants. */
export function constants(values: JsonObject): Defaulter {
  return (object) => fill(object, values);
}

/** The same for numbers that Go holds by value: zero counts as absent. */
export function numbers(values: JsonObject): Defaulter {
  return (object) => fill(withoutZeros(object, Object.keys(values)), values);
}

export function withoutZeros(object: JsonObject, fields: readonly string[]): JsonObject {
  return fields.filter((field) => object[field] === 0).reduce(withoutKey, object);
}

/** The object with every entry of a list field replaced; the same object when no entry changed. */
export function mapEntries(object: JsonObject, field: string, change: Defaulter): JsonObject {
  const list = object[field];
  if (!Array.isArray(list)) return object;
  const changed = (list as readonly JsonObject[]).map(change);
  return changed.every((entry, index) => entry === list[index]) ? object : { ...object, [field]: changed };
}

/** A struct field, or an empty object when it is absent. */
export function struct(object: JsonObject, field: string): JsonObject {
  const value = object[field];
  return isObject(value) ? value : {};
}
