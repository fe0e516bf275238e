// Patches for the fake client: merge patch in full, JSON patch and strategic merge as far as controllers use them.
// The embedded API server has the real ones (apiserver/patch); this file must stay small and is for unit tests only.
import { StatusError } from '../api/index.ts';
import type { PatchType } from './client.ts';

type Json = Readonly<Record<string, unknown>>;

export function applyFakePatch(type: PatchType, current: unknown, patch: unknown): unknown {
  if (type === 'json') return (patch as readonly Operation[]).reduce(operate, current);
  return merge(current, patch, type === 'strategic');
}

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** RFC 7386; with `strategic`, lists of objects merge by their key and `$patch` directives are honoured. */
function merge(current: unknown, patch: unknown, strategic: boolean): unknown {
  if (!isObject(patch)) return patch;
  const base: Json = isObject(current) && !(strategic && patch['$patch'] === 'replace') ? current : {};
  const result: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(patch)) {
    if (strategic && key === '$patch') continue;
    if (strategic && key.startsWith('$deleteFromPrimitiveList/')) {
      const field = key.slice(key.indexOf('/') + 1);
      result[field] = ((base[field] as unknown[] | undefined) ?? []).filter(
        (entry) => !(value as unknown[]).includes(entry),
      );
    } else if (strategic && key.startsWith('$setElementOrder/')) continue;
    else if (value === null) delete result[key];
    else if (strategic && Array.isArray(value)) result[key] = mergeList(key, base[key], value);
    else result[key] = merge(base[key], value, strategic);
  }
  return result;
}

/** The merge keys of Kubernetes' lists that controllers patch; other lists of objects merge by name. */
const mergeKeys: Readonly<Record<string, string>> = { ownerReferences: 'uid', conditions: 'type', addresses: 'type' };
const atomic = new Set(['tolerations', 'taints', 'args', 'command']);

function mergeList(field: string, current: unknown, patch: readonly unknown[]): readonly unknown[] {
  if (!Array.isArray(current) || atomic.has(field)) return patch;
  if (!patch.every(isObject)) return [...new Set([...(current as unknown[]), ...patch])];
  const key = mergeKeys[field] ?? 'name';
  const result = [...(current as Json[])];
  for (const entry of patch) {
    const index = result.findIndex((candidate) => candidate[key] === entry[key]);
    if (entry['$patch'] === 'delete') {
      if (index >= 0) result.splice(index, 1);
    } else if (index >= 0) result[index] = merge(result[index], entry, true) as Json;
    else result.push(merge(undefined, entry, true) as Json);
  }
  return result;
}

interface Operation {
  readonly op: string;
  readonly path: string;
  readonly value?: unknown;
}

/** RFC 6902: add, replace, remove and test. */
function operate(document: unknown, { op, path, value }: Operation): unknown {
  const [head, ...rest] = path
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
  const container: unknown = Array.isArray(document) ? [...(document as unknown[])] : { ...(document as Json) };
  if (head === undefined) return value;
  if (rest.length > 0) {
    const target = container as Record<string, unknown>;
    const escaped = rest.map((part) => part.replaceAll('~', '~0').replaceAll('/', '~1'));
    target[head] = operate(target[head], { op, path: `/${escaped.join('/')}`, value });
    return container;
  }
  if (op === 'test') {
    if (JSON.stringify((container as Json)[head]) !== JSON.stringify(value))
      throw new StatusError('Invalid', `the server rejected our request: test ${path} failed`);
    return document;
  }
  if (Array.isArray(container)) {
    const index = head === '-' ? container.length : Number(head);
    if (op === 'remove') container.splice(index, 1);
    else container.splice(index, op === 'replace' ? 1 : 0, value);
    return container;
  }
  const target = container as Record<string, unknown>;
  if (op === 'remove') delete target[head];
  else target[head] = value;
  return target;
}
