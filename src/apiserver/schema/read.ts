// Reading fields of objects that prepare() has checked: the types are known to be right, only absence is a question.
import type { JsonObject } from './json.ts';

const nothing: JsonObject = {};
const noEntries: readonly never[] = [];

/** A string field, '' when absent: Go does not tell the two apart. */
export function text(object: JsonObject, field: string): string {
  return (object[field] as string | undefined) ?? '';
}

export function number(object: JsonObject, field: string): number | undefined {
  return object[field] as number | undefined;
}

/** A struct or map field; empty when absent. */
export function struct(object: JsonObject, field: string): JsonObject {
  return (object[field] as JsonObject | undefined) ?? nothing;
}

/** A struct or map field; undefined when absent. */
export function optional(object: JsonObject, field: string): JsonObject | undefined {
  return object[field] as JsonObject | undefined;
}

/** A list of structs; empty when absent. */
export function list(object: JsonObject, field: string): readonly JsonObject[] {
  return (object[field] as readonly JsonObject[] | undefined) ?? noEntries;
}

/** A list of strings; empty when absent. */
export function texts(object: JsonObject, field: string): readonly string[] {
  return (object[field] as readonly string[] | undefined) ?? noEntries;
}

/** A map of strings as pairs. */
export function pairs(object: JsonObject, field: string): readonly (readonly [string, string])[] {
  const map = object[field] as Readonly<Record<string, string>> | undefined;
  return map === undefined ? noEntries : Object.entries(map);
}
