// Field sets of values: which fields a value has, in which two values differ, how a configuration merges into an
// object, and how fields are taken out of one (structured-merge-diff's typed package).
import { isObject, type JsonObject, own, setOwn } from '../schema/json.ts';
import { emptySet, type FieldSet, fieldSet, isEmptySet, leafSet } from './field-set.ts';
import { entrySegment, partsOf, resolve, sameValue, type Structure, valueSegment } from './structure.ts';

/** The fields a configuration names: its leaves, and its list entries themselves. */
export function fieldsIn(structure: Structure, value: unknown): FieldSet {
  const resolved = resolve(structure, value);
  const parts = partsOf(resolved, value);
  if (parts.size === 0) return leafSet;
  const isNamed = resolved.is === 'entries';
  return fieldSet(
    false,
    [...parts].map(([segment, [child, part]]) => {
      const inside = fieldsIn(child, part);
      return [segment, isNamed ? { ...inside, self: true } : inside] as const;
    }),
  );
}

/** The same for what was not there before, its containers included: all of it is its writer's. */
function addedIn(structure: Structure, value: unknown): FieldSet {
  const parts = partsOf(resolve(structure, value), value);
  return fieldSet(
    true,
    [...parts].map(([segment, [child, part]]) => [segment, addedIn(child, part)] as const),
  );
}

export interface Difference {
  /** New or with another value. */
  readonly changed: FieldSet;
  readonly removed: FieldSet;
}

export function difference(structure: Structure, before: unknown, after: unknown): Difference {
  if (sameValue(structure, before, after)) return { changed: emptySet, removed: emptySet };
  if (before === undefined) return { changed: addedIn(structure, after), removed: emptySet };
  if (after === undefined) return { changed: emptySet, removed: addedIn(structure, before) };
  const old = partsOf(structure, before);
  const next = partsOf(structure, after);
  if (old.size === 0 || next.size === 0) {
    // A leaf, or something that was or became empty: what was in it is gone, it stays whose it was.
    const removed = old.size === 0 ? emptySet : inside(addedIn(structure, before));
    const added = next.size === 0 ? emptySet : inside(addedIn(structure, after));
    return { changed: old.size === 0 && next.size === 0 ? leafSet : added, removed };
  }
  const changed: (readonly [string, FieldSet])[] = [];
  const removed: (readonly [string, FieldSet])[] = [];
  for (const segment of new Set([...old.keys(), ...next.keys()])) {
    const [child] = (next.get(segment) ?? old.get(segment))!;
    const part = difference(child, old.get(segment)?.[1], next.get(segment)?.[1]);
    changed.push([segment, part.changed]);
    removed.push([segment, part.removed]);
  }
  return { changed: fieldSet(false, changed), removed: fieldSet(false, removed) };
}

function inside(set: FieldSet): FieldSet {
  return { ...set, self: false };
}

/** The live value with the configuration's fields set. */
export function mergeConfiguration(structure: Structure, live: unknown, configuration: unknown): unknown {
  if (live === undefined) return configuration;
  // Another spelling of the same amount is no change.
  if (sameValue(structure, live, configuration)) return live;
  const resolved = resolve(structure, configuration);
  if (resolved.is === 'leaf' || resolved.is === 'deduced' || resolve(structure, live).is === 'leaf')
    return configuration;
  if (resolved.is === 'fields') {
    const result: Record<string, unknown> = { ...(live as JsonObject) };
    for (const [name, value] of Object.entries(configuration as JsonObject))
      setOwn(result, name, mergeConfiguration(resolved.child(name), own(live as JsonObject, name), value));
    return result;
  }
  const before = partsOf(resolved, live);
  const wanted = partsOf(resolved, configuration);
  return mergedOrder([...before.keys()], [...wanted.keys()]).map((segment) => {
    const [child, mine] = wanted.get(segment) ?? [resolved, undefined];
    const theirs = before.get(segment)?.[1];
    return mine === undefined ? theirs : mergeConfiguration(child, theirs, mine);
  });
}

/**
 * What both name comes in the configuration's order, what is only there keeps its place before that, and what is new
 * comes as late as the configuration's order allows (structured-merge-diff visitListItems).
 */
function mergedOrder(live: readonly string[], wanted: readonly string[]): readonly string[] {
  const isWanted = new Set(wanted);
  const isLive = new Set(live);
  const shared = wanted.filter((segment) => isLive.has(segment));
  const merged: string[] = [];
  let [there, here, next] = [0, 0, 0];
  while (there < live.length || here < wanted.length) {
    const theirs = live[there];
    const mine = wanted[here];
    if (theirs !== undefined && !isWanted.has(theirs)) {
      merged.push(theirs);
      there++;
    } else if (theirs !== undefined && theirs !== mine && theirs !== shared[next]) {
      // Its turn comes with the configuration's.
      there++;
    } else {
      merged.push(mine!);
      here++;
      if (mine === theirs) there++;
      if (mine === shared[next]) next++;
    }
  }
  return merged;
}

/** The value without the fields of the set; containers that lose their last field go, too, unless they were kept. */
export function withoutFields(structure: Structure, value: unknown, gone: FieldSet, kept: FieldSet): unknown {
  if (isEmptySet(gone)) return value;
  if (gone.children.size === 0) return gone.self && isEmptySet(kept) ? undefined : value;
  const resolved = resolve(structure, value);
  const parts = partsOf(resolved, value);
  if (parts.size === 0) return value;
  const isNamed = resolved.is === 'entries' || resolved.is === 'values';
  const rest = [...parts].flatMap(([segment, [child, part]]) => {
    const lost = gone.children.get(segment) ?? emptySet;
    const claimed = kept.children.get(segment) ?? emptySet;
    // An entry that nobody else has made goes whole, whatever others have in it.
    if (isNamed && lost.self && !claimed.self) return [];
    // A probe that nobody else has a part in goes with all that was filled in.
    if (isDeclaredIn(resolved, segment) && !isEmptySet(lost) && isEmptySet(claimed)) return [];
    const inside = withoutFields(child, part, lost, claimed);
    return inside === undefined ? [] : [[segment, inside] as const];
  });
  const mayBeLeft = kept.self || (resolved.is === 'fields' && kept.children.size > 0);
  if (rest.length === 0 && !mayBeLeft) return undefined;
  // A field that goes itself is taken out whole, unless another manager has something in it.
  if (gone.self && isEmptySet(kept)) return undefined;
  if (resolved.is !== 'fields') return rest.map(([, inside]) => inside);
  const result: Record<string, unknown> = {};
  for (const [segment, inside] of rest) setOwn(result, segment.slice(2), inside);
  return result;
}

function isDeclaredIn(structure: Structure, segment: string): boolean {
  return structure.is === 'fields' && structure.isDeclared?.(segment.slice(2)) === true;
}

/** The same entry twice in a keyed list or a set, in words; undefined when there is none. */
export function findDuplicate(structure: Structure, value: unknown, path = ''): string | undefined {
  const resolved = resolve(structure, value);
  if (resolved.is === 'fields') {
    for (const [name, part] of Object.entries(value as JsonObject)) {
      const found = findDuplicate(resolved.child(name), part, `${path}.${name}`);
      if (found !== undefined) return found;
    }
    return undefined;
  }
  if (resolved.is !== 'entries' && resolved.is !== 'values') return undefined;
  const seen = new Set<string>();
  for (const entry of value as readonly unknown[]) {
    const segment = resolved.is === 'entries' && isObject(entry) ? entrySegment(entry, resolved) : valueSegment(entry);
    if (seen.has(segment)) return `${path}: duplicate entries for key ${segment.slice(2)}`;
    seen.add(segment);
    const found =
      resolved.is === 'entries' ? findDuplicate(resolved.entry, entry, `${path}[${segment.slice(2)}]`) : undefined;
    if (found !== undefined) return found;
  }
  return undefined;
}
