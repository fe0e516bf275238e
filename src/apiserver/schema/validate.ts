// May this object be stored? Throws StatusError Invalid with one cause for each broken rule.
import type { KubernetesObject } from '../../api/index.ts';

export interface ValidationContext {
  /** 'status' checks the status and leaves the spec alone; others are checked like the object itself. */
  readonly subresource?: string;
}

/** Throws StatusError Invalid (422) when the prepared object may not be created. */
export function validateCreate(resourceKey: string, object: KubernetesObject, context: ValidationContext = {}): void {
  void resourceKey;
  void object;
  void context;
}

/** Throws StatusError Invalid (422) when `next` may not replace `before`. */
export function validateUpdate(
  resourceKey: string,
  next: KubernetesObject,
  before: KubernetesObject,
  context: ValidationContext = {},
): void {
  void resourceKey;
  void next;
  void before;
  void context;
}
