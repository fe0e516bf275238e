// metadata: names, labels, annotations, owner references, finalizers (apimachinery api/validation/objectmeta.go).
import { sameJson } from '../../same-json.ts';
import type { JsonObject } from '../json.ts';
import { list, number, pairs, struct, text, texts } from '../read.ts';
import type { FieldErrors } from './field-errors.ts';
import { dnsLabel, labelValue, type NameRule, qualifiedName } from './names.ts';

/** All keys and values of an object's annotations together. */
export const annotationsBytesMax = 256 * 1024;

const standardFinalizers = new Set(['kubernetes', 'orphan', 'foregroundDeletion']);

export function validateObjectMeta(errors: FieldErrors, metadata: JsonObject, nameRule: NameRule): void {
  const name = text(metadata, 'name');
  const generateName = text(metadata, 'generateName');
  if (generateName !== '') {
    // What comes after the prefix is alphanumeric, so a trailing dash is fine.
    check(errors, 'metadata.generateName', generateName, (prefix) => nameRule(prefix.replace(/-$/, 'a')));
  }
  if (name === '') {
    if (generateName === '') errors.required('metadata.name', 'name or generateName is required');
  } else check(errors, 'metadata.name', name, nameRule);
  const namespace = text(metadata, 'namespace');
  if (namespace !== '') check(errors, 'metadata.namespace', namespace, dnsLabel);
  validateNonNegative(errors, 'metadata.generation', number(metadata, 'generation'));
  validateLabels(errors, 'metadata.labels', metadata, 'labels');
  validateAnnotations(errors, 'metadata.annotations', metadata);
  validateOwnerReferences(errors, list(metadata, 'ownerReferences'));
  validateFinalizers(errors, 'metadata.finalizers', texts(metadata, 'finalizers'));
}

const immutableFields = ['name', 'namespace', 'uid', 'creationTimestamp'] as const;

export function validateObjectMetaUpdate(
  errors: FieldErrors,
  metadata: JsonObject,
  before: JsonObject,
  nameRule: NameRule,
): void {
  for (const field of immutableFields) {
    const value = metadata[field];
    // A caller that does not name a field means the stored one; the API server fills it in.
    if (value !== undefined && before[field] !== undefined)
      validateImmutable(errors, `metadata.${field}`, value, before[field]);
  }
  if (before['deletionTimestamp'] !== undefined) {
    const known = new Set(texts(before, 'finalizers'));
    const added = texts(metadata, 'finalizers').filter((finalizer) => !known.has(finalizer));
    if (added.length > 0)
      errors.forbidden(
        'metadata.finalizers',
        `no new finalizers can be added if the object is being deleted, found new finalizers ${JSON.stringify(added)}`,
      );
  }
  const { name = before['name'], ...rest } = metadata;
  validateObjectMeta(errors, { ...rest, name }, nameRule);
}

/** Keys are qualified names, values label values. */
export function validateLabels(errors: FieldErrors, path: string, object: JsonObject, field: string): void {
  for (const [key, value] of pairs(object, field)) {
    check(errors, path, key, qualifiedName);
    check(errors, path, value, labelValue);
  }
}

export function validateAnnotations(errors: FieldErrors, path: string, metadata: JsonObject): void {
  let size = 0;
  for (const [key, value] of pairs(metadata, 'annotations')) {
    check(errors, path, key, (name) => qualifiedName(name.toLowerCase()));
    size += Buffer.byteLength(key) + Buffer.byteLength(value);
  }
  if (size > annotationsBytesMax) errors.tooLong(path, annotationsBytesMax);
}

function validateOwnerReferences(errors: FieldErrors, references: readonly JsonObject[]): void {
  let controller: string | undefined;
  // Upstream does not say which one.
  const path = 'metadata.ownerReferences';
  for (const reference of references) {
    const apiVersion = text(reference, 'apiVersion');
    if (apiVersion === '') errors.invalid(`${path}.apiVersion`, '', 'version must not be empty');
    for (const field of ['kind', 'name', 'uid'])
      if (text(reference, field) === '') errors.invalid(`${path}.${field}`, '', 'must not be empty');
    // Events are for reading; upstream forbids them as owners.
    if (apiVersion === 'v1' && reference['kind'] === 'Event')
      errors.invalid(path, reference, '/v1, Kind=Event is disallowed from being an owner');
    if (reference['controller'] !== true) continue;
    const name = text(reference, 'name');
    if (controller === undefined) controller = name;
    else
      errors.invalid(
        path,
        references,
        `Only one reference can have Controller set to true. Found "true" in references for ${controller} and ${name}`,
      );
  }
}

export function validateFinalizers(errors: FieldErrors, path: string, finalizers: readonly string[]): void {
  for (const [index, finalizer] of finalizers.entries()) {
    check(errors, path, finalizer, qualifiedName);
    if (!finalizer.includes('/') && !standardFinalizers.has(finalizer))
      errors.invalid(
        `${path}[${index}]`,
        finalizer,
        'name is neither a standard finalizer name nor is it fully qualified',
      );
  }
  if (finalizers.includes('orphan') && finalizers.includes('foregroundDeletion'))
    errors.invalid(path, finalizers, 'finalizer orphan and foregroundDeletion cannot be both set');
}

/** Reports what a name rule finds wrong. */
export function check(errors: FieldErrors, path: string, value: string, rule: NameRule): void {
  const wrong = rule(value);
  for (const sentence of typeof wrong === 'string' ? [wrong] : (wrong ?? [])) errors.invalid(path, value, sentence);
}

export function validateNonNegative(errors: FieldErrors, path: string, value: number | undefined): void {
  if (value !== undefined && value < 0) errors.invalid(path, value, 'must be greater than or equal to 0');
}

export function validateImmutable(errors: FieldErrors, path: string, value: unknown, before: unknown): void {
  if (!sameJson(value, before)) errors.invalid(path, value, 'field is immutable');
}

/** The metadata of an object or a pod template. */
export function metadataOf(object: JsonObject): JsonObject {
  return struct(object, 'metadata');
}
