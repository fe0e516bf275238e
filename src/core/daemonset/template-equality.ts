// Do two pod templates mean the same? Bytes differ between API versions and spellings (an empty struct or none, null or
// absent, 0.1 or 100m, the order of a set); none of that is a reason to restart a pod. Upstream compares bytes.
import { sameQuantity } from '../../api/index.ts';

type Json = unknown;

/** Fields whose empty object says something: a choice by presence, or a pointer with defaults behind it. */
const meaningfulWhenEmpty = new Set([
  'emptyDir',
  'podAffinity',
  'podAntiAffinity',
  'nodeAffinity',
  'labelSelector',
  'namespaceSelector',
  // Of the claim of an ephemeral volume.
  'selector',
  'httpGet',
  'tcpSocket',
  'exec',
  'grpc',
  'sleep',
]);
/** Lists that are sets: their order means nothing. */
const sets = new Set(['values', 'finalizers', 'drop', 'add']);
/** Objects whose values are quantities, and fields that are one, with the object around them: labels may be named so. */
const quantityMaps = new Set(['limits', 'requests', 'overhead']);
const quantityFields = new Set(['emptyDir.sizeLimit', 'resourceFieldRef.divisor']);

/** Whether the two mean the same template. Both are plain JSON as the API serves it. */
export function sameTemplate(a: Json, b: Json): boolean {
  return a === b || same(a, b, '', '');
}

/** @param field the name under which the values stand; @param parent the name of the object around them */
function same(a: Json, b: Json, field: string, parent: string): boolean {
  if (a === b) return true;
  if (isVoid(a, field) || isVoid(b, field)) return isVoid(a, field) && isVoid(b, field);
  if (quantityMaps.has(parent) || quantityFields.has(`${parent}.${field}`))
    return isAmount(a) && isAmount(b) && sameQuantity(a, b);
  if (Array.isArray(a) || Array.isArray(b)) return Array.isArray(a) && Array.isArray(b) && sameList(a, b, field);
  if (!isObject(a) || !isObject(b)) return false;
  for (const key of Object.keys(a)) if (!same(a[key], b[key], key, field)) return false;
  for (const key of Object.keys(b)) if (!Object.hasOwn(a, key) && !isVoid(b[key], key)) return false;
  return true;
}

function sameList(a: readonly Json[], b: readonly Json[], field: string): boolean {
  if (a.length !== b.length) return false;
  if (sets.has(field)) {
    const others = new Set(b);
    return new Set(a).size === others.size && a.every((entry) => others.has(entry));
  }
  return a.every((entry, index) => same(entry, b[index], '', field));
}

/** Says nothing: absent, null, an empty list, an empty object (but for fields where presence is a choice). */
function isVoid(value: Json, field: string): boolean {
  if (value === undefined || value === null) return true;
  if (Array.isArray(value)) return value.length === 0;
  if (!isObject(value) || meaningfulWhenEmpty.has(field) || field === '') return false;
  return Object.entries(value).every(([key, inner]) => isVoid(inner, key));
}

function isAmount(value: Json): value is string | number {
  return typeof value === 'string' || typeof value === 'number';
}

function isObject(value: Json): value is Readonly<Record<string, Json>> {
  return typeof value === 'object' && value !== null;
}
