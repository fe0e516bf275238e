// A custom object brought into the shape of its schema: fields that the schema does not have are dropped, nulls that a
// default replaces too, and defaults are filled in (apiextensions schema/pruning, schema/defaulting). Checks nothing:
// a value of the wrong type passes, validation names it. Copies only what changes.
// https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#field-pruning
import { isObject, type JsonObject, own, setOwn } from '../schema/json.ts';
import type { SchemaProps } from './types.ts';

/** More dropped fields than this are not named. */
const unknownFieldsMax = 100;
const resourceFields: ReadonlySet<string> = new Set(['apiVersion', 'kind', 'metadata']);

export interface Normalized {
  readonly value: unknown;
  /** Paths of what was dropped: `spec.containers[0].foo`. */
  readonly unknown: readonly string[];
}

/** `isResource`: apiVersion, kind and metadata are fields though the schema does not say so. */
export function normalize(schema: SchemaProps, value: unknown, isResource = true): Normalized {
  const unknown: string[] = [];
  const walk = (type: SchemaProps, part: unknown, path: string, resource: boolean): unknown => {
    if (Array.isArray(part)) return type.items === undefined ? part : walkList(type.items, part, path);
    return isObject(part) ? walkObject(type, part, path, resource) : part;
  };
  const walkList = (items: SchemaProps, list: readonly unknown[], path: string): readonly unknown[] => {
    let copy: unknown[] | undefined;
    for (const [index, before] of list.entries()) {
      const after = walk(items, before, `${path}[${index}]`, items['x-kubernetes-embedded-resource'] === true);
      if (after === before) continue;
      copy ??= [...list];
      copy[index] = after;
    }
    return copy ?? list;
  };
  const walkObject = (type: SchemaProps, object: JsonObject, path: string, resource: boolean): JsonObject => {
    let copy: Record<string, unknown> | undefined;
    const set = (key: string, after: unknown) => {
      copy ??= { ...object };
      if (after === undefined) delete copy[key];
      else setOwn(copy, key, after);
    };
    for (const key of Object.keys(object)) {
      const before = object[key];
      const at = path === '' ? key : `${path}.${key}`;
      // Every object's own fields: what the schema says of them only narrows.
      if (resource && resourceFields.has(key)) continue;
      const child = schemaOf(type, key);
      if (child === undefined) {
        if (keepsUnknown(type)) continue;
        if (unknown.length < unknownFieldsMax) unknown.push(at);
        set(key, undefined);
      } else if (before === null && child.default !== undefined && child.nullable !== true) {
        set(key, undefined);
      } else {
        const after = walk(child, before, at, child['x-kubernetes-embedded-resource'] === true);
        if (after !== before) set(key, after);
      }
    }
    for (const [key, child] of Object.entries(type.properties ?? {})) {
      if (child.default === undefined || own(copy ?? object, key) !== undefined) continue;
      if (resource && resourceFields.has(key)) continue;
      set(key, walk(child, child.default, path, false));
    }
    return copy ?? object;
  };
  return { value: walk(schema, value, '', isResource), unknown };
}

/** The schema of a field; undefined when the schema says nothing about it. */
function schemaOf({ properties, additionalProperties }: SchemaProps, key: string): SchemaProps | undefined {
  if (properties !== undefined && Object.hasOwn(properties, key)) return properties[key];
  return typeof additionalProperties === 'object' ? additionalProperties : undefined;
}

function keepsUnknown(schema: SchemaProps): boolean {
  return schema['x-kubernetes-preserve-unknown-fields'] === true || schema.additionalProperties === true;
}
