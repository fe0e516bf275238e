// Is an answer what was asked for? A proxy's page, another kind, a list of no version: whatever else comes than the
// objects that were asked for is an error of the answer, retried like any other, and never a reason to act. What an object
// says is not judged here; only whether those who read it can.
import { apiVersionOf, type KubernetesObject, misfit, type PartialFields, type Resource } from '../api/index.ts';

type Json = Readonly<Record<string, unknown>>;

const metadataFields: PartialFields = {
  1: ['name', 'string'],
  3: ['namespace', 'string'],
  5: ['uid', 'string'],
  6: ['resourceVersion', 'string'],
  7: ['generation', 'integer'],
  9: ['deletionTimestamp', 'time'],
  11: ['labels', 'labels'],
  12: ['annotations', 'labels'],
  13: ['ownerReferences', [{ 1: ['kind', 'string'], 4: ['uid', 'string'], 6: ['controller', 'boolean'] }]],
  14: ['finalizers', 'strings'],
};
const objectFields: PartialFields = { 1: ['metadata', metadataFields] };
const listFields: PartialFields = {
  1: [
    'metadata',
    { 2: ['resourceVersion', 'string'], 3: ['continue', 'string'], 4: ['remainingItemCount', 'integer'] },
  ],
};
const eventTypes: ReadonlySet<unknown> = new Set(['ADDED', 'MODIFIED', 'DELETED', 'BOOKMARK']);

/** How an answer is read. */
export interface Reading {
  /** The only fields that are; absent: all. */
  readonly fields?: PartialFields | undefined;
  /** The wire says which type each has (protobuf). */
  readonly isTyped: boolean;
}

const whole: Reading = { isTyped: false };

/** @throws Error that says what it is instead. */
export function requireObject(
  resource: Resource,
  object: unknown,
  { fields, isTyped }: Reading = whole,
  isStored = true,
): void {
  const found = isTyped
    ? undefined
    : (misfit(object, objectFields) ?? (fields === undefined ? undefined : misfit(object, fields)));
  if (found !== undefined) throw new Error(`a ${resource.kind} that is none: ${found}`);
  requireKind(resource.kind, resource, object as Json);
  const metadata = (object as { readonly metadata?: Json | null }).metadata ?? {};
  for (const field of fields === undefined ? identity : identityIn(fields))
    if ((metadata[field] ?? '') === '' && (isStored || field !== 'resourceVersion'))
      throw new Error(`a ${resource.kind} without metadata.${field}`);
}

const identity = ['name', 'uid', 'resourceVersion'] as const;
const identities = new WeakMap<PartialFields, readonly string[]>();

/** What of an object's identity is read. */
function identityIn(fields: PartialFields): readonly string[] {
  const known = identities.get(fields);
  if (known !== undefined) return known;
  const metadata = Object.values(fields).find(([name]) => name === 'metadata')?.[1];
  const names = typeof metadata === 'object' ? Object.values(metadata as PartialFields).map(([name]) => name) : [];
  const found = identity.filter((field) => names.includes(field));
  identities.set(fields, found);
  return found;
}

/**
 * What a write is answered with. A review is not stored: sent without a name, it comes back without one. What a dry run
 * makes has no version.
 */
export function requireWritten(
  resource: Resource,
  sent: KubernetesObject | undefined,
  object: unknown,
  reading: Reading,
  dryRun = false,
) {
  if (sent === undefined || (sent.metadata.name ?? sent.metadata.generateName ?? '') !== '')
    return requireObject(resource, object, reading, !dryRun);
  const found = misfit(object, objectFields);
  if (found !== undefined) throw new Error(`a ${resource.kind} that is none: ${found}`);
  requireKind(resource.kind, resource, object as Json);
}

/** Go writes an empty list as null in JSON, and not at all in protobuf. @throws Error that says what it is instead. */
export function requireList(resource: Resource, list: unknown, reading: Reading): void {
  const kind = `${resource.kind}List`;
  const found = misfit(list, listFields);
  if (found !== undefined) throw new Error(`a ${kind} that is none: ${found}`);
  const { items, metadata } = list as { readonly items?: unknown; readonly metadata?: Json | null };
  requireKind(kind, resource, list as Json);
  // Without one nobody knows what the list has seen, nor where to watch from.
  if ((metadata?.['resourceVersion'] ?? '') === '') throw new Error(`a ${kind} without metadata.resourceVersion`);
  if (items === undefined || items === null) return;
  if (!Array.isArray(items)) throw new Error(`a ${kind} whose items are no list`);
  for (const item of items) requireObject(resource, item, reading);
}

/** @throws Error that says what it is instead. */
export function requireEvent(resource: Resource, type: unknown, object: unknown, reading: Reading): void {
  if (!eventTypes.has(type)) throw new Error(`an event of type ${JSON.stringify(type)?.slice(0, 40)}`);
  if (type !== 'BOOKMARK') return requireObject(resource, object, reading);
  const found = misfit(object, objectFields);
  if (found !== undefined) throw new Error(`a bookmark that is none: ${found}`);
  requireKind(resource.kind, resource, object as Json);
  const { resourceVersion } = (object as { readonly metadata?: Json | null }).metadata ?? {};
  if ((resourceVersion ?? '') === '') throw new Error('a bookmark without metadata.resourceVersion');
}

/** What stands in a list says neither kind nor apiVersion. */
function requireKind(kind: string, resource: Resource, object: Json): void {
  for (const [field, expected] of [
    ['kind', kind],
    ['apiVersion', apiVersionOf(resource)],
  ] as const) {
    const value = object[field] ?? '';
    if (value !== '' && value !== expected)
      throw new Error(`${JSON.stringify(value).slice(0, 80)} as ${field} where ${expected} was asked for`);
  }
}
