// The metadata that only the server may write, and the bookkeeping around it (apiserver registry/rest BeforeCreate and
// BeforeUpdate).
import { formatTime, type KubernetesObject, type ObjectMeta, StatusError } from '../../api/index.ts';
import { conflict, modified } from '../errors.ts';
import type { ResourceDefinition, WriteContext } from '../resources/definition.ts';
import { sameJson } from '../same-json.ts';
import { keyOf } from '../storage.ts';

/** Names are at most 63 characters in most places; the suffix needs five (names.SimpleNameGenerator). */
const generatedBaseLengthMax = 58;
const suffixLength = 5;
/** No vowels, no look-alikes: no words come out by chance (apimachinery util/rand). */
const suffixAlphabet = 'bcdfghjklmnpqrstvwxz2456789';

export function generateName(base: string, context: WriteContext): string {
  const { random } = context.server;
  const letters = Array.from({ length: suffixLength }, () =>
    suffixAlphabet.charAt(Math.floor(random.next() * suffixAlphabet.length)),
  );
  return base.slice(0, generatedBaseLengthMax) + letters.join('');
}

/** A new object's metadata: identity and times are the server's, whatever the client sent. */
export function metadataForCreate(object: KubernetesObject, context: WriteContext): ObjectMeta {
  const {
    uid: _uid,
    generation: _generation,
    creationTimestamp: _created,
    deletionTimestamp: _deleted,
    deletionGracePeriodSeconds: _grace,
    selfLink: _link,
    resourceVersion,
    ...rest
  } = object.metadata as ObjectMeta & { readonly selfLink?: string };
  if ((resourceVersion ?? '') !== '')
    throw new StatusError('BadRequest', 'resourceVersion should not be set on objects to be created');
  return {
    ...rest,
    uid: context.server.random.uuid(),
    ...(context.definition.countsGenerations ? { generation: 1 } : {}),
    creationTimestamp: formatTime(context.now),
  };
}

/**
 * The metadata of `next` as an update of `before` may have it. Throws Conflict when the writer saw another version or
 * another object of that name.
 */
export function metadataForUpdate(next: KubernetesObject, before: KubernetesObject, context: WriteContext): ObjectMeta {
  const { definition } = context;
  const name = before.metadata.name ?? '';
  const { uid = '', resourceVersion = '' } = next.metadata;
  if (uid !== '' && uid !== before.metadata.uid)
    throw conflict(
      definition,
      name,
      // Upstream shows its store's own error, key and all.
      `StorageError: invalid object, Code: 4, Key: /registry/${keyOf(definition, before.metadata.namespace, name)}, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in precondition: ${uid}, UID in object meta: ${before.metadata.uid}`,
    );
  if (resourceVersion !== '' && resourceVersion !== '0' && resourceVersion !== before.metadata.resourceVersion)
    throw modified(definition, name);
  const {
    creationTimestamp,
    deletionTimestamp,
    deletionGracePeriodSeconds,
    generation,
    generateName: base,
  } = before.metadata;
  const {
    deletionTimestamp: _deleted,
    deletionGracePeriodSeconds: _grace,
    generation: _generation,
    generateName: _base,
    ...rest
  } = next.metadata;
  return {
    ...rest,
    ...(base === undefined ? {} : { generateName: base }),
    uid: before.metadata.uid!,
    resourceVersion: before.metadata.resourceVersion!,
    ...(generation === undefined ? {} : { generation }),
    creationTimestamp: creationTimestamp!,
    ...(deletionTimestamp === undefined ? {} : { deletionTimestamp }),
    ...(deletionGracePeriodSeconds === undefined ? {} : { deletionGracePeriodSeconds }),
  };
}

/** metadata.generation moves when anything outside metadata does, and the status where it is written apart. */
export function withGeneration(
  next: KubernetesObject,
  before: KubernetesObject,
  definition: ResourceDefinition,
): KubernetesObject {
  if (!definition.countsGenerations || sameDesire(next, before, definition)) return next;
  return { ...next, metadata: { ...next.metadata, generation: (before.metadata.generation ?? 0) + 1 } };
}

function sameDesire(
  next: KubernetesObject,
  before: KubernetesObject,
  { statusSubresource }: ResourceDefinition,
): boolean {
  const apart = statusSubresource ? { metadata: undefined, status: undefined } : { metadata: undefined };
  const desire = (object: KubernetesObject) => ({ ...object, ...apart });
  return sameJson(desire(next), desire(before));
}
