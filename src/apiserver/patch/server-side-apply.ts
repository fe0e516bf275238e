// Server-side apply: a configuration names the fields it wants; its manager owns them from then on. Fields it no longer
// names go, unless somebody else owns them; fields that another manager owns with another value are a conflict.
// https://kubernetes.io/docs/reference/using-api/server-side-apply/
import { encodeGoJson, formatTime, type KubernetesObject, StatusError } from '../../api/index.ts';
import { isObject, type JsonObject, own } from '../schema/json.ts';
import { splitResourceKey } from '../schema/types.ts';
import { badPatch } from './errors.ts';
import {
  emptySet,
  type FieldSet,
  fieldSet,
  intersect,
  isEmptySet,
  leafSet,
  pathsOf,
  sameSet,
  union,
  without,
} from './field-set.ts';
import {
  apiVersionOf,
  type Manager,
  managersBeforeApply,
  ownable,
  readManagers,
  withManagers,
} from './managed-fields.ts';
import type { PatchOptions } from './patch.ts';
import { type Structure, structureOfResource } from './structure.ts';
import { difference, fieldsIn, findDuplicate, mergeConfiguration, withoutFields } from './typed-values.ts';

const lastAppliedAnnotation = 'kubectl.kubernetes.io/last-applied-configuration';

/** The object after the apply; for `current` undefined the object to create. Throws StatusError Conflict. */
export function serverSideApply(
  current: KubernetesObject | undefined,
  patch: unknown,
  options: PatchOptions,
): KubernetesObject {
  const configuration = readConfiguration(patch, options);
  const structure = options.structure ?? structureOfResource(options.resourceKey);
  const duplicate = findDuplicate(structure, configuration);
  if (duplicate !== undefined) throw badPatch(`failed to create typed patch object: ${duplicate}`);
  const managers =
    current === undefined ? [] : managersBeforeApply(current, readManagers(current), options.resourceKey, structure);
  const mine = managers.find((entry) => isMine(entry, options));
  const others = managers.filter((entry) => !isMine(entry, options));
  // Nobody owns the object itself: who names nothing has nothing.
  const wanted: FieldSet = { ...fieldsIn(structure, ownable(asObject(configuration))), self: false };
  const merged = mergeConfiguration(structure, current, configuration) as KubernetesObject;
  const next = withMetadata(prune(merged, structure, mine?.fields ?? emptySet, wanted, others));
  const { changed, removed } = difference(structure, current === undefined ? {} : ownable(current), ownable(next));
  if (options.force !== true) refuseConflicts(others, without(changed, lastApplied(current, structure, options)));
  const touched = union(changed, removed);
  const isUnchanged = mine !== undefined && isEmptySet(touched) && sameSet(mine.fields, wanted);
  const entry: Manager = {
    manager: options.fieldManager,
    operation: 'Apply',
    apiVersion: apiVersionOf(options.resourceKey),
    subresource: options.subresource,
    time: isUnchanged ? mine.time : formatTime(options.now),
    fields: wanted,
  };
  const managed = others.map((other) => ({ ...other, fields: without(other.fields, touched) }));
  return withManagers(withLastApplied(next, configuration, options), [...managed, entry]);
}

/** The record of `kubectl apply` without --server-side is kept up, so that one can go back to it (lastappliedupdater.go). */
function withLastApplied(
  object: KubernetesObject,
  configuration: JsonObject,
  { fieldManager }: PatchOptions,
): KubernetesObject {
  const { annotations } = object.metadata;
  if (fieldManager !== 'kubectl' || (annotations?.[lastAppliedAnnotation] ?? '') === '') return object;
  const { annotations: given, ...metadata } = asObject(configuration).metadata;
  const { [lastAppliedAnnotation]: _, ...others } = given ?? {};
  const kept = Object.keys(others).length === 0 ? metadata : { ...metadata, annotations: others };
  const text = `${encodeGoJson({ ...configuration, metadata: kept })}\n`;
  return {
    ...object,
    metadata: { ...object.metadata, annotations: { ...annotations, [lastAppliedAnnotation]: text } },
  };
}

/** A configuration that names none makes an object whose name is the URL's. */
function withMetadata(object: KubernetesObject): KubernetesObject {
  return isObject(object.metadata) ? object : { ...object, metadata: {} };
}

function readConfiguration(
  patch: unknown,
  { resourceKey, subresource, hasStatusSubresource = true }: PatchOptions,
): JsonObject {
  if (!isObject(patch)) throw badPatch('error decoding YAML: the configuration is not an object');
  const { kind: expected } = splitResourceKey(resourceKey);
  const [apiVersion, kind] = [own(patch, 'apiVersion') ?? '', own(patch, 'kind') ?? ''];
  if (apiVersion !== apiVersionOf(resourceKey) || kind !== expected)
    throw badPatch(
      `invalid object type: ${fullVersion(apiVersion)}, Kind=${typeof kind === 'string' ? kind : JSON.stringify(kind)}`,
    );
  const metadata = own(patch, 'metadata');
  if (
    isObject(metadata) &&
    Array.isArray(own(metadata, 'managedFields')) &&
    (metadata['managedFields'] as unknown[]).length > 0
  )
    throw badPatch('metadata.managedFields must be nil');
  const whole = withoutNulls(patch) as JsonObject;
  if (!hasStatusSubresource) return whole;
  const { status, ...rest } = whole;
  // The object's writer cannot set its status, the status's writer nothing else.
  if (subresource !== 'status') return rest;
  const names = isObject(metadata) ? { name: metadata['name'], namespace: metadata['namespace'] } : {};
  return {
    apiVersion: rest['apiVersion'],
    kind: rest['kind'],
    metadata: withoutNulls(names),
    ...(status === undefined ? {} : { status }),
  };
}

/** `apps/v1`, `/v1`: as Go prints a group and version. */
function fullVersion(apiVersion: unknown): string {
  const text = typeof apiVersion === 'string' ? apiVersion : JSON.stringify(apiVersion);
  return text.includes('/') ? text : `/${text}`;
}

/** null in a configuration says nothing. */
function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, part]) => part !== null && part !== undefined)
      .map(([key, part]) => [key, withoutNulls(part)]),
  );
}

function asObject(configuration: JsonObject): KubernetesObject {
  return { metadata: {}, ...configuration };
}

function isMine(entry: Manager, { fieldManager, subresource }: PatchOptions): boolean {
  return entry.operation === 'Apply' && entry.manager === fieldManager && entry.subresource === subresource;
}

const objectMetadata = fieldSet(false, [['f:metadata', leafSet]]);

/** Takes out what the manager named last time, does not name now, and nobody else owns. */
function prune(
  object: KubernetesObject,
  structure: Structure,
  owned: FieldSet,
  wanted: FieldSet,
  others: readonly Manager[],
): KubernetesObject {
  const claimed = others.map((entry) => entry.fields).reduce(union, union(wanted, objectMetadata));
  const gone = without(owned, claimed);
  if (isEmptySet(gone)) return object;
  const pruned = withoutFields(structure, object, gone, claimed) as KubernetesObject | undefined;
  return pruned ?? object;
}

function refuseConflicts(others: readonly Manager[], changed: FieldSet): void {
  const conflicts = others.flatMap((entry) => {
    const paths = pathsOf(intersect(entry.fields, changed));
    return paths.length === 0 ? [] : [{ who: describe(entry), paths }];
  });
  const count = conflicts.reduce((sum, { paths }) => sum + paths.length, 0);
  if (count === 0) return;
  const sentences = conflicts
    .toSorted((a, b) => (a.who < b.who ? -1 : 1))
    .map(({ who, paths }) =>
      count === 1
        ? `conflict with ${who}: ${paths[0]}`
        : `conflicts with ${who}:\n${paths.map((path) => `- ${path}`).join('\n')}`,
    );
  throw new StatusError(
    'Conflict',
    `Apply failed with ${count} conflict${count === 1 ? '' : 's'}: ${sentences.join('\n')}`,
    {
      causes: conflicts.flatMap(({ who, paths }) =>
        paths.map((field) => ({ reason: 'FieldManagerConflict', message: `conflict with ${who}`, field })),
      ),
    },
  );
}

/** An applier stays the same in whichever version it applies (managedfields/internal printManager). */
function describe({ manager, subresource, apiVersion, operation }: Manager): string {
  const part = subresource === undefined ? '' : ` with subresource ${JSON.stringify(subresource)}`;
  const version = operation === 'Apply' ? '' : ` using ${apiVersion}`;
  return `${JSON.stringify(manager)}${part}${version}`;
}

/**
 * What `kubectl apply` without --server-side set and nobody has changed since: no conflict for `kubectl apply
 * --server-side`, whoever is said to own it (managedfields lastapplied manager).
 */
function lastApplied(
  current: KubernetesObject | undefined,
  structure: Structure,
  { fieldManager }: PatchOptions,
): FieldSet {
  const text = current?.metadata.annotations?.[lastAppliedAnnotation];
  if (current === undefined || fieldManager !== 'kubectl' || text === undefined) return emptySet;
  const configuration = parseObject(text);
  if (configuration === undefined) return emptySet;
  const named = ownable(asObject(configuration));
  const live = ownable(current);
  return without(
    fieldsIn(structure, named),
    difference(structure, live, mergeConfiguration(structure, live, named)).changed,
  );
}

/** Anybody may write an annotation; one that is no object names no fields. */
function parseObject(text: string): JsonObject | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    return isObject(parsed) ? parsed : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
