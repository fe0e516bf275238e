// metadata.managedFields: who owns which field. Kept from an object's first write on that names its manager: a client
// that does not say who it is never asks, and every pod would carry twice its size for nothing. What was there before
// is treated as upstream treats objects without managers, as written by "before-first-apply" (docs/decisions/0003).
import { formatTime, type KubernetesObject } from '../../api/index.ts';
import { isObject, type JsonObject, own } from '../schema/json.ts';
import { splitResourceKey } from '../schema/types.ts';
import { type FieldSet, fieldSet, fromFieldsV1, isEmptySet, toFieldsV1, union, without } from './field-set.ts';
import { emptyObject, type Structure, structureOfResource } from './structure.ts';
import { difference, fieldsIn } from './typed-values.ts';

export interface Manager {
  readonly manager: string;
  readonly operation: 'Apply' | 'Update';
  readonly apiVersion: string;
  readonly subresource: string | undefined;
  readonly time: string | undefined;
  readonly fields: FieldSet;
}

/** Managers beyond this many (oldest updates first) are merged into one, as upstream does. */
const updateManagersMax = 10;
const mergedManager = 'ancient-changes';

export function readManagers(object: KubernetesObject): readonly Manager[] {
  return (object.metadata.managedFields ?? []).filter(isObject).map((entry) => ({
    manager: textOf(entry, 'manager') ?? '',
    operation: own(entry, 'operation') === 'Apply' ? 'Apply' : 'Update',
    apiVersion: textOf(entry, 'apiVersion') ?? '',
    subresource: textOf(entry, 'subresource'),
    time: textOf(entry, 'time'),
    fields: fromFieldsV1(own(entry, 'fieldsV1')),
  }));
}

function textOf(entry: JsonObject, field: string): string | undefined {
  const value = own(entry, field);
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** The object with these managers; those without a field are left out. */
export function withManagers(object: KubernetesObject, managers: readonly Manager[]): KubernetesObject {
  const known = limited(managers.filter(({ fields }) => !isEmptySet(fields)));
  const managedFields = known.toSorted(inOrder).map((entry) => ({
    apiVersion: entry.apiVersion,
    fieldsType: 'FieldsV1',
    fieldsV1: toFieldsV1(entry.fields),
    manager: entry.manager,
    operation: entry.operation,
    ...(entry.subresource === undefined ? {} : { subresource: entry.subresource }),
    ...(entry.time === undefined ? {} : { time: entry.time }),
  }));
  const { managedFields: _, ...metadata } = object.metadata;
  return { ...object, metadata: managedFields.length === 0 ? metadata : { ...metadata, managedFields } };
}

/** Appliers first, then by time (managedfields/internal sortEncodedManagedFields). */
function inOrder(a: Manager, b: Manager): number {
  for (const key of ['operation', 'time', 'manager', 'apiVersion', 'subresource'] as const) {
    const [left = '', right = ''] = [a[key], b[key]];
    if (left !== right) return left < right ? -1 : 1;
  }
  return 0;
}

function limited(managers: readonly Manager[]): readonly Manager[] {
  const updates = managers.filter(({ operation }) => operation === 'Update');
  if (updates.length <= updateManagersMax) return managers;
  const oldest = new Set(
    updates
      .toSorted((a, b) => ((a.time ?? '') < (b.time ?? '') ? -1 : 1))
      .slice(0, updates.length - updateManagersMax + 1),
  );
  const [first] = oldest;
  const fields = [...oldest].map((entry) => entry.fields).reduce(union);
  return [...managers.filter((entry) => !oldest.has(entry)), { ...first!, manager: mergedManager, fields }];
}

export interface ManagedFieldsUpdate {
  /** `apiVersion/Kind`. */
  readonly resourceKey: string;
  readonly structure?: Structure;
  readonly manager: string;
  /** The request said so itself; a name out of its user agent does not begin the record. */
  readonly isNamed: boolean;
  readonly now: number;
  readonly subresource?: string;
}

/**
 * `next` with metadata.managedFields brought up to date after a create, an update or a patch that was not an apply: the
 * fields that changed belong to `manager` (operation Update) and to nobody else.
 */
export function updateManagedFields(
  before: KubernetesObject | undefined,
  next: KubernetesObject,
  {
    resourceKey,
    structure = structureOfResource(resourceKey),
    manager,
    isNamed,
    now,
    subresource,
  }: ManagedFieldsUpdate,
): KubernetesObject {
  if (isReset(next.metadata.managedFields)) return withManagers(next, []);
  const known = knownManagers(before, next);
  if (known.length === 0 && !isNamed) return next.metadata.managedFields === undefined ? next : withManagers(next, []);
  const empty = emptyObject(resourceKey);
  const { changed, removed } = difference(structure, before === undefined ? empty : { ...empty, ...ownable(before) }, {
    ...empty,
    ...ownable(next),
  });
  if (isEmptySet(changed) && isEmptySet(removed)) return withManagers(next, known);
  const old = before === undefined ? known : managersBeforeApply(before, known, resourceKey, structure);
  const apiVersion = apiVersionOf(resourceKey);
  const isMine = (entry: Manager) =>
    entry.manager === manager &&
    entry.operation === 'Update' &&
    entry.apiVersion === apiVersion &&
    entry.subresource === subresource;
  const mine = old.find(isMine);
  const others = old
    .filter((entry) => !isMine(entry))
    .map((entry) => ({ ...entry, fields: without(without(entry.fields, changed), removed) }));
  const fields = without(union(mine?.fields ?? fieldSet(false, []), changed), removed);
  // Whoever only takes away has taken nothing over: the time stays (managedFieldsUpdater).
  const time = mine !== undefined && isEmptySet(changed) ? mine.time : formatTime(now);
  return withManagers(next, [...others, { manager, operation: 'Update', apiVersion, subresource, time, fields }]);
}

/** A writer may rewrite the record (kubectl does when it changes over to --server-side); most just leave it out. */
function knownManagers(before: KubernetesObject | undefined, next: KubernetesObject): readonly Manager[] {
  const written = readManagers(next);
  return written.length > 0 || before === undefined ? written : readManagers(before);
}

/** One empty entry is how a client has the list forgotten; writers that leave the list out mean no harm. */
function isReset(entries: readonly unknown[] | undefined): boolean {
  return entries?.length === 1 && isObject(entries[0]) && Object.keys(entries[0]).length === 0;
}

export function apiVersionOf(resourceKey: string): string {
  const { group, version } = splitResourceKey(resourceKey);
  return group === '' ? version : `${group}/${version}`;
}

/** metadata that belongs to the server or names the object. */
const unownedMetadata = new Set([
  'name',
  'namespace',
  'uid',
  'creationTimestamp',
  'resourceVersion',
  'generation',
  'managedFields',
  'selfLink',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
]);

/** The object without the fields that nobody owns. */
export function ownable(object: KubernetesObject): JsonObject {
  const { apiVersion: _apiVersion, kind: _kind, metadata, ...rest } = object;
  const labels = Object.fromEntries(Object.entries(metadata).filter(([field]) => !unownedMetadata.has(field)));
  return Object.keys(labels).length === 0 ? rest : { ...rest, metadata: labels };
}

/** `known`, or the one manager that stands for all who wrote before anybody kept a record. */
export function managersBeforeApply(
  object: KubernetesObject,
  known: readonly Manager[],
  resourceKey: string,
  structure: Structure,
): readonly Manager[] {
  if (known.length > 0) return known;
  const fields = fieldsIn(structure, ownable(object));
  const time = object.metadata.creationTimestamp;
  const apiVersion = apiVersionOf(resourceKey);
  return [{ manager: 'before-first-apply', operation: 'Update', apiVersion, subresource: undefined, time, fields }];
}
