// From a decoded body to the object that may be stored: types checked, unknown fields pruned, defaults filled in.
import { type KubernetesObject, StatusError } from '../../api/index.ts';
import { defaults } from './defaults/index.ts';
import { isObject } from './json.ts';
import { splitResourceKey, structForResource } from './types.ts';
import type { ValidationContext } from './validate.ts';
import { walk } from './walk.ts';

/** The fieldValidation query parameter; kubectl asks for Strict, the server's own default is Warn. */
export type FieldValidation = 'Strict' | 'Warn' | 'Ignore';

export interface PrepareOptions {
  readonly fieldValidation: FieldValidation;
  /** What findDuplicateFields() said of the body's text: parsing has lost them. */
  readonly duplicates?: readonly string[];
}

export interface Prepared {
  /** Typed, pruned, defaulted. Parts that needed no change are shared with the input, which is never changed. */
  readonly object: KubernetesObject;
  /** `unknown field "spec.foo"`, `duplicate field "spec.bar"`, for Warning headers. Empty unless fieldValidation is Warn. */
  readonly warnings: readonly string[];
  /** Paths of the fields that were dropped because the kind has none such, whatever fieldValidation says. */
  readonly unknown: readonly string[];
}

/** What the schema of one resource does; built-in kinds go by the field table, custom ones by their definition. */
export interface ObjectSchema {
  prepare(object: unknown, options: PrepareOptions): Prepared;
  /** Throws StatusError Invalid (422) when the prepared object may not be created. */
  validateCreate(object: KubernetesObject, context?: ValidationContext): void;
  /** Throws StatusError Invalid (422) when `next` may not replace `before`. */
  validateUpdate(next: KubernetesObject, before: KubernetesObject, context?: ValidationContext): void;
}

/**
 * Checks types, drops nulls and unknown fields, fills in defaults. `resourceKey` is `apiVersion/Kind`; kinds without
 * a schema pass through. Throws StatusError BadRequest: a value of the wrong type, or under Strict an unknown field
 * or one that was given twice.
 */
export function prepare(resourceKey: string, object: unknown, options: PrepareOptions): Prepared {
  const { version, kind } = splitResourceKey(resourceKey);
  const refuse = (why: string) =>
    new StatusError('BadRequest', `${kind} in version "${version}" cannot be handled as a ${kind}: ${why}`);
  if (!isObject(object)) throw refuse('the body is not a JSON object');
  const type = structForResource(resourceKey);
  const walked = type === undefined ? undefined : walk(type, object, defaults);
  if (walked?.mismatch !== undefined) throw refuse(walked.mismatch);
  const complaints = [
    ...(options.duplicates ?? []).map((path) => `duplicate field ${JSON.stringify(path)}`),
    ...(walked?.unknown ?? []).map((path) => `unknown field ${JSON.stringify(path)}`),
  ];
  if (options.fieldValidation === 'Strict' && complaints.length > 0)
    throw refuse(`strict decoding error: ${complaints.join(', ')}`);
  const result = walked?.object ?? object;
  // A body may come without metadata, but nobody inside wants to ask whether it is there.
  const needsMetadata = !isObject(result['metadata']) && (type === undefined || type.fields.has('metadata'));
  return {
    object: (needsMetadata ? { ...result, metadata: {} } : result) as unknown as KubernetesObject,
    warnings: options.fieldValidation === 'Warn' ? complaints : [],
    unknown: walked?.unknown ?? [],
  };
}
