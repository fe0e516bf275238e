// Lists in a strategic merge: merged by key or as sets of plain values, and put in the order the patch asks for while
// the entries that only the server has keep their place (strategicpatch mergeSlice, normalizeElementOrder).
import { isObject, type JsonObject, own } from '../schema/json.ts';
import { badPatch, goText } from './errors.ts';

type MergeEntries = (before: JsonObject, change: JsonObject) => JsonObject;

/** Merges `patch` into `target`; `mergeKey` undefined means plain values. `field` is for messages. */
export function mergeLists(
  target: readonly unknown[],
  patch: readonly unknown[],
  mergeKey: string | undefined,
  field: string,
  merge: MergeEntries,
): readonly unknown[] {
  if (mergeKey === undefined) return orderLike([...new Set([...target, ...patch])], patch, target, undefined);
  const plain: JsonObject[] = [];
  const deleted = new Set<unknown>();
  let replaced = false;
  for (const entry of patch) {
    if (!isObject(entry)) throw badPatch(`entries of ${field} are objects, got ${JSON.stringify(entry)}`);
    const kind = own(entry, '$patch');
    if (kind === 'replace') replaced = true;
    else if (kind === 'merge' && !Object.hasOwn(entry, mergeKey)) continue;
    else if (!Object.hasOwn(entry, mergeKey))
      throw badPatch(`map: ${goText(entry)} does not contain declared merge key: ${mergeKey}`);
    else if (kind === 'delete') deleted.add(own(entry, mergeKey));
    else plain.push(entry);
  }
  if (replaced) return plain.map((entry) => merge({}, entry));
  const merged: unknown[] = target.filter((entry) => !isObject(entry) || !deleted.has(own(entry, mergeKey)));
  // By identity: a search through the list for each entry would cost the square of a long patch.
  const places = new Map<unknown, number>();
  for (const [index, entry] of merged.entries())
    if (isObject(entry) && !places.has(own(entry, mergeKey))) places.set(own(entry, mergeKey), index);
  for (const entry of plain) {
    const name = own(entry, mergeKey);
    const index = places.get(name);
    if (index === undefined) places.set(name, merged.push(merge({}, entry)) - 1);
    else merged[index] = merge(merged[index] as JsonObject, entry);
  }
  return orderLike(merged, plain, target, mergeKey);
}

/**
 * `list` with the entries named in `order` in that order. Entries not named there keep their server order and go before
 * a named one only when the server had them before it.
 */
export function orderLike(
  list: readonly unknown[],
  order: readonly unknown[],
  server: readonly unknown[],
  mergeKey: string | undefined,
): readonly unknown[] {
  const rank = ranks(order, mergeKey);
  const place = ranks(server, mergeKey);
  const at = (map: ReadonlyMap<unknown, number>, entry: unknown) => map.get(identity(entry, mergeKey)) ?? -1;
  const named = list.filter((entry) => at(rank, entry) !== -1).toSorted((a, b) => at(rank, a) - at(rank, b));
  const others = list.filter((entry) => at(rank, entry) === -1).toSorted((a, b) => at(place, a) - at(place, b));
  const result: unknown[] = [];
  let next = 0;
  for (const entry of others) {
    const position = at(place, entry);
    while (next < named.length && !(position < at(place, named[next]) && at(place, named[next]) !== -1)) {
      result.push(named[next]);
      next++;
    }
    result.push(entry);
  }
  return [...result, ...named.slice(next)];
}

/** Position by identity; of entries with the same one the first counts. */
function ranks(list: readonly unknown[], mergeKey: string | undefined): ReadonlyMap<unknown, number> {
  const positions = new Map<unknown, number>();
  for (const [index, entry] of list.entries()) {
    const name = identity(entry, mergeKey);
    if (!positions.has(name)) positions.set(name, index);
  }
  return positions;
}

function identity(entry: unknown, mergeKey: string | undefined): unknown {
  return mergeKey !== undefined && isObject(entry) ? own(entry, mergeKey) : entry;
}

export function withoutValues(list: readonly unknown[], values: readonly unknown[]): readonly unknown[] {
  const gone = new Set(values);
  return list.filter((value) => !gone.has(value));
}
