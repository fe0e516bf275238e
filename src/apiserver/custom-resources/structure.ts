// How apply sees a custom object: the list and map types of its schema.
// https://kubernetes.io/docs/reference/using-api/server-side-apply/#merge-strategy
import { metadataStructure, type Structure } from '../patch/index.ts';
import type { SchemaProps } from './types.ts';

const leaf: Structure = { is: 'leaf' };
const deduced: Structure = { is: 'deduced' };
const resourceFields: Readonly<Record<string, Structure>> = {
  apiVersion: leaf,
  kind: leaf,
  metadata: metadataStructure,
};

export function structureOfSchema(schema: SchemaProps, isResource = true): Structure {
  if (schema['x-kubernetes-map-type'] === 'atomic') return leaf;
  if (schema.type === 'array') return structureOfList(schema);
  const { properties = {}, additionalProperties } = schema;
  const inherited = isResource || schema['x-kubernetes-embedded-resource'] === true ? resourceFields : {};
  if (schema.type !== 'object') return schema['x-kubernetes-preserve-unknown-fields'] === true ? deduced : leaf;
  // Worked out when asked for: an object names few of its schema's fields.
  const known = new Map<string, Structure>();
  const child = (name: string): Structure => {
    if (Object.hasOwn(inherited, name)) return inherited[name]!;
    if (Object.hasOwn(properties, name)) return structureOfSchema(properties[name]!, false);
    return typeof additionalProperties === 'object' ? structureOfSchema(additionalProperties, false) : deduced;
  };
  return {
    is: 'fields',
    isDeclared: (name) => Object.hasOwn(inherited, name) || Object.hasOwn(properties, name),
    child(name) {
      const found = known.get(name) ?? child(name);
      if (Object.hasOwn(properties, name)) known.set(name, found);
      return found;
    },
  };
}

function structureOfList(schema: SchemaProps): Structure {
  const listType = schema['x-kubernetes-list-type'];
  if (listType === 'set') return { is: 'values' };
  if (listType !== 'map' || schema.items === undefined) return leaf;
  const keys = schema['x-kubernetes-list-map-keys'] ?? [];
  const defaults = keys.flatMap((key) => {
    const value = schema.items?.properties?.[key]?.default;
    return value === undefined ? [] : [[key, value] as const];
  });
  return {
    is: 'entries',
    keys,
    entry: structureOfSchema(schema.items, false),
    keyDefaults: Object.fromEntries(defaults),
  };
}
