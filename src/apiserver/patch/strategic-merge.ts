// Strategic merge patch: a merge patch that knows which lists are keyed (schema/merge-keys.ts) and obeys directives:
// $patch, $retainKeys, $setElementOrder/LIST, $deleteFromPrimitiveList/LIST (apimachinery util/strategicpatch).
import { isObject, type JsonObject, own, setOwn } from '../schema/json.ts';
import { mergeRule, type MergeRule } from '../schema/merge-keys.ts';
import type { FieldType, StructType } from '../schema/types.ts';
import { badPatch, goText } from './errors.ts';
import { mergeLists, orderLike, withoutValues } from './merge-lists.ts';

export const directive = {
  patch: '$patch',
  retainKeys: '$retainKeys',
  setElementOrder: '$setElementOrder/',
  deleteFromPrimitiveList: '$deleteFromPrimitiveList/',
} as const;

/** What the schema says of one field: its type, when it is known, and how it merges. */
interface FieldShape {
  readonly type: FieldType | undefined;
  readonly rule: MergeRule;
}

/** Looks a field up. Structs have fields, maps one shape for every key, and of unknown things nothing is known. */
type Shape = (field: string) => FieldShape;

const unknownShape: Shape = () => ({ type: undefined, rule: {} });

function structShape(struct: StructType): Shape {
  return (field) => ({ type: struct.fields.get(field)?.type, rule: mergeRule(struct.key, field) });
}

function shapeOf(type: FieldType | undefined): Shape {
  if (type?.is === 'struct') return structShape(type.struct);
  return type?.is === 'map' ? () => ({ type: type.value, rule: {} }) : unknownShape;
}

/** The patched object; shares what did not change with `target`. Throws StatusError BadRequest for a bad directive. */
export function strategicMerge(target: JsonObject, patch: JsonObject, struct: StructType): JsonObject {
  return mergeObjects(target, patch, structShape(struct));
}

function mergeObjects(target: JsonObject, patch: JsonObject, shape: Shape): JsonObject {
  const kind = own(patch, directive.patch);
  if (kind === 'replace') return withoutDirectives(patch) as JsonObject;
  if (kind === 'delete') return {};
  if (kind !== undefined && kind !== 'merge')
    throw badPatch(`unknown patch type: ${goText(kind)} in map: ${goText(patch)}`);
  const result: Record<string, unknown> = { ...retained(target, patch) };
  const ordered = new Map<string, readonly unknown[]>();
  for (const key of Object.keys(patch)) {
    if (key === directive.patch || key === directive.retainKeys) continue;
    const value = patch[key];
    if (key.startsWith(directive.setElementOrder)) {
      ordered.set(key.slice(directive.setElementOrder.length), listOf(key, value));
    } else if (key.startsWith(directive.deleteFromPrimitiveList)) {
      const field = key.slice(directive.deleteFromPrimitiveList.length);
      const list = own(result, field);
      if (Array.isArray(list)) setOwn(result, field, withoutValues(list, listOf(key, value)));
    } else if (value === null) {
      delete result[key];
    } else {
      setOwn(result, key, mergeField(own(result, key), value, shape(key), key));
    }
  }
  for (const [field, order] of ordered) {
    const list = own(result, field);
    if (!Array.isArray(list)) continue;
    const before = own(target, field);
    const server = Array.isArray(before) ? before : [];
    setOwn(result, field, orderLike(list, order, server, shape(field).rule.mergeKey));
  }
  return result;
}

function mergeField(target: unknown, patch: unknown, { type, rule }: FieldShape, key: string): unknown {
  if (isObject(target) && isObject(patch))
    return rule.replaces === true ? withoutDirectives(patch) : mergeObjects(target, patch, shapeOf(type));
  if (Array.isArray(target) && Array.isArray(patch) && (rule.mergeKey !== undefined || rule.mergesValues === true)) {
    const entry = shapeOf(type?.is === 'list' ? type.item : undefined);
    return mergeLists(target, patch, rule.mergeKey, key, (before, change) => mergeObjects(before, change, entry));
  }
  return withoutDirectives(patch);
}

/** $retainKeys: of the target only these fields stay; the patch may not set others. */
function retained(target: JsonObject, patch: JsonObject): JsonObject {
  const keys = own(patch, directive.retainKeys);
  if (keys === undefined) return target;
  const keep = new Set(listOf(directive.retainKeys, keys));
  for (const key of Object.keys(patch)) {
    if (!key.startsWith('$') && patch[key] !== null && !keep.has(key))
      throw badPatch(`invalid patch format of ${directive.retainKeys}: it does not name ${JSON.stringify(key)}`);
  }
  return Object.fromEntries(Object.entries(target).filter(([key]) => keep.has(key)));
}

function listOf(key: string, value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw badPatch(`expected a list for ${key}, got ${JSON.stringify(value)}`);
  return value;
}

/** A value that the patch brings in whole: no directives, no nulls, no entries that only say "delete". */
export function withoutDirectives(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value
      .filter((entry) => !isObject(entry) || own(entry, directive.patch) !== 'delete')
      .map(withoutDirectives)
      .filter((entry, index) => !isMarker(value[index]) || !isObject(entry) || Object.keys(entry).length > 0);
  }
  if (!isObject(value)) return value;
  const result: Record<string, unknown> = {};
  for (const key of Object.keys(value)) {
    const isDirective =
      key === directive.patch ||
      key === directive.retainKeys ||
      key.startsWith(directive.setElementOrder) ||
      key.startsWith(directive.deleteFromPrimitiveList);
    if (!isDirective && value[key] !== null) setOwn(result, key, withoutDirectives(value[key]));
  }
  return result;
}

/** `{$patch: replace}` standing alone in a list. */
function isMarker(entry: unknown): boolean {
  return isObject(entry) && own(entry, directive.patch) === 'replace';
}
