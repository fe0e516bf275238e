// How apply sees a value: as a leaf owned whole, as named fields, as keyed entries, or as a set of plain values
// (structured-merge-diff's schema). Made from the field table and the merge rules.
import { sameQuantity } from '../../api/index.ts';
import { sameJson } from '../same-json.ts';
import { isObject, type JsonObject, own } from '../schema/json.ts';
import { isAtomicStruct, type MergeRule, mergeRule } from '../schema/merge-keys.ts';
import { valueStructs } from '../schema/value-structs.ts';
import { type FieldType, structForResource, structOf, type StructType } from '../schema/types.ts';

export type Structure =
  /** `isQuantity`: two spellings of one amount are the same value. */
  | { readonly is: 'leaf'; readonly isQuantity?: boolean }
  | {
      readonly is: 'fields';
      readonly child: (name: string) => Structure;
      /** Whether a field is one of the type's own; absent: none is, as in a map. */
      readonly isDeclared?: (name: string) => boolean;
    }
  | {
      readonly is: 'entries';
      readonly keys: readonly string[];
      readonly entry: Structure;
      /** Keys that have a default take part in an entry's name even when they are not written. */
      readonly keyDefaults?: JsonObject;
    }
  | { readonly is: 'values' }
  /** No schema: objects have fields, all else is a leaf. */
  | { readonly is: 'deduced' };

const leaf: Structure = { is: 'leaf' };
const quantity: Structure = { is: 'leaf', isQuantity: true };
const deduced: Structure = { is: 'deduced' };
const values: Structure = { is: 'values' };
/** Of built-in kinds. */
const keyDefaults: JsonObject = { protocol: 'TCP' };

export function structureOfResource(resourceKey: string): Structure {
  const struct = structForResource(resourceKey);
  return struct === undefined ? deduced : fieldsOf(struct);
}

const empties = new Map<string, JsonObject>();

/**
 * What Go writes of an object with nothing in it: the structs it holds by value, and lists that have to be there, as
 * null. Whoever creates an object does not own these themselves, only what is in them.
 */
export function emptyObject(resourceKey: string): JsonObject {
  const known = empties.get(resourceKey);
  if (known !== undefined) return known;
  const struct = structForResource(resourceKey);
  const empty = { ...(struct === undefined ? {} : emptyStruct(struct)), metadata: {} };
  empties.set(resourceKey, empty);
  return empty;
}

function emptyStruct({ key, fields }: StructType): JsonObject {
  const lists = [...fields.values()].filter(({ required, type }) => required && type.is === 'list');
  const structs = (valueStructs.get(key) ?? []).map((name) => {
    const type = fields.get(name)?.type;
    return [name, type?.is === 'struct' ? emptyStruct(type.struct) : {}];
  });
  return Object.fromEntries([...lists.map(({ name }) => [name, null]), ...structs]) as JsonObject;
}

/** Of every object's metadata. */
export const metadataStructure: Structure = fieldsOf(structOf('meta/v1.ObjectMeta')!);

function fieldsOf(struct: StructType): Structure {
  return {
    is: 'fields',
    isDeclared: (name) => struct.fields.has(name),
    child: (name) => {
      const field = struct.fields.get(name);
      return field === undefined ? deduced : structureOf(field.type, mergeRule(struct.key, name));
    },
  };
}

function structureOf(type: FieldType, rule: MergeRule): Structure {
  if (type.is === 'scalar') return type.scalar === 'quantity' ? quantity : leaf;
  if (rule.applyAtomic === true) return leaf;
  if (type.is === 'struct') return isAtomicStruct(type.struct.key) ? leaf : fieldsOf(type.struct);
  if (type.is === 'map') return { is: 'fields', child: () => structureOf(type.value, {}) };
  if (rule.applySet === true) return values;
  if (rule.applyKeys === undefined) return leaf;
  return { is: 'entries', keys: rule.applyKeys, entry: structureOf(type.item, {}), keyDefaults };
}

/** The structure a given value really has: what is not of the declared shape is a leaf. */
export function resolve(structure: Structure, value: unknown): Structure {
  if (structure.is === 'deduced') return isObject(value) ? { is: 'fields', child: () => deduced } : leaf;
  if (structure.is === 'fields') return isObject(value) ? structure : leaf;
  if (structure.is === 'entries') return Array.isArray(value) && value.every(isObject) ? structure : leaf;
  return structure.is === 'values' && !Array.isArray(value) ? leaf : structure;
}

/** The same value, as this structure sees it. */
export function sameValue(structure: Structure, a: unknown, b: unknown): boolean {
  if (sameJson(a, b)) return true;
  if (structure.is !== 'leaf' || structure.isQuantity !== true) return false;
  return isAmount(a) && isAmount(b) && sameQuantity(a, b);
}

function isAmount(value: unknown): value is string | number {
  return typeof value === 'string' || typeof value === 'number';
}

/** `k:{"containerPort":80,"protocol":"TCP"}` */
export function entrySegment(entry: JsonObject, { keys, keyDefaults = {} }: Structure & { is: 'entries' }): string {
  const named = keys.toSorted().flatMap((key) => {
    const value = own(entry, key) ?? own(keyDefaults, key);
    return value === undefined ? [] : [[key, value] as const];
  });
  return `k:${JSON.stringify(Object.fromEntries(named))}`;
}

export function valueSegment(value: unknown): string {
  return `v:${JSON.stringify(value)}`;
}

/** The parts of a value by segment; empty for leaves. */
export function partsOf(structure: Structure, value: unknown): ReadonlyMap<string, readonly [Structure, unknown]> {
  const resolved = resolve(structure, value);
  const parts = new Map<string, readonly [Structure, unknown]>();
  if (resolved.is === 'fields') {
    for (const name of Object.keys(value as JsonObject))
      parts.set(`f:${name}`, [resolved.child(name), (value as JsonObject)[name]]);
  } else if (resolved.is === 'entries') {
    for (const entry of value as readonly JsonObject[])
      parts.set(entrySegment(entry, resolved), [resolved.entry, entry]);
  } else if (resolved.is === 'values') {
    for (const entry of value as readonly unknown[]) parts.set(valueSegment(entry), [leaf, entry]);
  }
  return parts;
}
