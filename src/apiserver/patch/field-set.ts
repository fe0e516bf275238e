// Sets of fields of an object, as server-side apply keeps them for each manager, and their wire form FieldsV1:
// `f:NAME` a field, `k:{KEYS}` a keyed list entry, `v:VALUE` an entry of a set, `.` the thing itself.
// Sets are immutable; operations return new ones and share what they can.
import { isObject, type JsonObject, setOwn } from '../schema/json.ts';

export interface FieldSet {
  /** The thing at this path itself is in the set. */
  readonly self: boolean;
  readonly children: ReadonlyMap<string, FieldSet>;
}

const noChildren: ReadonlyMap<string, FieldSet> = new Map();
export const emptySet: FieldSet = { self: false, children: noChildren };
export const leafSet: FieldSet = { self: true, children: noChildren };
/** Managers' sets come from clients too: deeper than any object, and they are cut off. */
const fieldSetDepthMax = 64;

export function isEmptySet(set: FieldSet): boolean {
  return !set.self && set.children.size === 0;
}

/** Empty children are left out. */
export function fieldSet(self: boolean, children: Iterable<readonly [string, FieldSet]>): FieldSet {
  const kept = new Map<string, FieldSet>();
  for (const [segment, child] of children) if (!isEmptySet(child)) kept.set(segment, child);
  return { self, children: kept };
}

/** In both. */
export function intersect(a: FieldSet, b: FieldSet): FieldSet {
  const children = [...a.children].flatMap(([segment, child]) => {
    const other = b.children.get(segment);
    return other === undefined ? [] : [[segment, intersect(child, other)] as const];
  });
  return fieldSet(a.self && b.self, children);
}

/** In either. */
export function union(a: FieldSet, b: FieldSet): FieldSet {
  if (isEmptySet(a) || isEmptySet(b)) return isEmptySet(a) ? b : a;
  const children = new Map(a.children);
  for (const [segment, child] of b.children) children.set(segment, union(children.get(segment) ?? emptySet, child));
  return { self: a.self || b.self, children };
}

/** In `a` but not in `b`. */
export function without(a: FieldSet, b: FieldSet): FieldSet {
  if (isEmptySet(b)) return a;
  const children = [...a.children].map(([segment, child]) => {
    const other = b.children.get(segment);
    return [segment, other === undefined ? child : without(child, other)] as const;
  });
  return fieldSet(a.self && !b.self, children);
}

export function sameSet(a: FieldSet, b: FieldSet): boolean {
  if (a.self !== b.self || a.children.size !== b.children.size) return false;
  return [...a.children].every(([segment, child]) => {
    const other = b.children.get(segment);
    return other !== undefined && sameSet(child, other);
  });
}

/** A leaf is `{}`; something with parts that is itself in the set has a `.` beside them. */
export function toFieldsV1(set: FieldSet): JsonObject {
  const fields: Record<string, unknown> = set.self && set.children.size > 0 ? { '.': {} } : {};
  for (const segment of [...set.children.keys()].toSorted())
    setOwn(fields, segment, toFieldsV1(set.children.get(segment)!));
  return fields;
}

export function fromFieldsV1(fields: unknown, depth = 0): FieldSet {
  if (!isObject(fields) || depth > fieldSetDepthMax) return emptySet;
  const segments = Object.keys(fields).filter((segment) => segment !== '.');
  const self = depth > 0 && (segments.length === 0 || Object.hasOwn(fields, '.'));
  return fieldSet(
    self,
    segments.map((segment) => [segment, fromFieldsV1(fields[segment], depth + 1)] as const),
  );
}

/** Every member as a path in words, as conflicts name them: `.spec.template.spec.containers[name="a"].image`. */
export function pathsOf(set: FieldSet, prefix = ''): readonly string[] {
  const own = set.self && prefix !== '' ? [prefix] : [];
  return [...own, ...[...set.children].flatMap(([segment, child]) => pathsOf(child, prefix + segmentText(segment)))];
}

function segmentText(segment: string): string {
  const rest = segment.slice(2);
  if (segment.startsWith('f:')) return `.${rest}`;
  if (!segment.startsWith('k:')) return `[${segment.startsWith('v:') ? '=' : ''}${rest}]`;
  const keys = JSON.parse(rest) as JsonObject;
  return `[${Object.keys(keys)
    .map((key) => `${key}=${JSON.stringify(keys[key])}`)
    .join(',')}]`;
}
