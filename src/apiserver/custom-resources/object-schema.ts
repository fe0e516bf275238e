// The schema of one version of a custom resource, as the verbs use it: pruning and defaulting on the way in, validation
// before it is stored. Metadata is the same as of every object.
import { type KubernetesObject, StatusError } from '../../api/index.ts';
import type { ObjectSchema, PrepareOptions, Prepared } from '../schema/index.ts';
import { isObject, type JsonObject } from '../schema/json.ts';
import { splitResourceKey, structOf } from '../schema/types.ts';
import { walk } from '../schema/walk.ts';
import { FieldErrors } from '../schema/validation/field-errors.ts';
import { metadataOf, validateObjectMeta, validateObjectMetaUpdate } from '../schema/validation/meta.ts';
import { dnsSubdomain } from '../schema/validation/names.ts';
import { normalize } from './normalize.ts';
import type { SchemaProps } from './types.ts';
import { validateValue } from './value-rules.ts';

const objectMeta = structOf('meta/v1.ObjectMeta')!;

export function customSchema(resourceKey: string, schema: SchemaProps): ObjectSchema {
  // Metadata has been checked by its own rules; what the schema says of it can only narrow the name.
  const validate = (errors: FieldErrors, object: KubernetesObject) => validateValue(errors, schema, object, '');
  return {
    prepare: (object, options) => prepare(resourceKey, schema, object, options),
    validateCreate(object) {
      const errors = new FieldErrors();
      validateObjectMeta(errors, metadataOf(object as unknown as JsonObject), dnsSubdomain);
      validate(errors, object);
      errors.throwIfAny(resourceKey, object.metadata.name ?? object.metadata.generateName ?? '');
    },
    validateUpdate(next, before) {
      const errors = new FieldErrors();
      const [metadata, old] = [next, before].map((object) => metadataOf(object as unknown as JsonObject));
      validateObjectMetaUpdate(errors, metadata!, old!, dnsSubdomain);
      validate(errors, next);
      if (errors.isEmpty) return;
      // A fault that the stored object has just so is no fault of this write (CRDValidationRatcheting, KEP-4008).
      const standing = new FieldErrors();
      validate(standing, before);
      errors.forgive(standing);
      errors.throwIfAny(resourceKey, before.metadata.name ?? '');
    },
  };
}

function prepare(resourceKey: string, schema: SchemaProps, given: unknown, options: PrepareOptions): Prepared {
  const { version, kind } = splitResourceKey(resourceKey);
  const refuse = (why: string) =>
    new StatusError('BadRequest', `${kind} in version "${version}" cannot be handled as a ${kind}: ${why}`);
  if (!isObject(given)) throw refuse('the body is not a JSON object');
  const meta = walk(objectMeta, isObject(given['metadata']) ? given['metadata'] : {}, new Map());
  if (meta.mismatch !== undefined) throw refuse(meta.mismatch);
  const { value, unknown } = normalize(schema, given);
  const complaints = [
    ...(options.duplicates ?? []).map((path) => `duplicate field ${JSON.stringify(path)}`),
    ...unknown.map((path) => `unknown field ${JSON.stringify(path)}`),
    ...meta.unknown.map((path) => `unknown field ${JSON.stringify(`metadata.${path}`)}`),
  ];
  if (options.fieldValidation === 'Strict' && complaints.length > 0)
    throw refuse(`strict decoding error: ${complaints.join(', ')}`);
  const object = value as JsonObject;
  return {
    object: (object['metadata'] === meta.object
      ? object
      : { ...object, metadata: meta.object }) as unknown as KubernetesObject,
    warnings: options.fieldValidation === 'Warn' ? complaints : [],
    unknown: [...unknown, ...meta.unknown.map((path) => `metadata.${path}`)],
  };
}
