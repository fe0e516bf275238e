// One patch applied to one object, by content type.
import type { KubernetesObject } from '../../api/index.ts';
import type { PatchContentType } from '../request.ts';

export interface PatchOptions {
  /** `apiVersion/Kind`: the schema strategic merge and apply go by. */
  readonly resourceKey: string;
  /** Who writes; apply requires it. */
  readonly fieldManager: string;
  /** Apply only: take fields over from other managers instead of failing with a Conflict. */
  readonly force?: boolean;
  /** Milliseconds since the epoch, for managedFields. */
  readonly now: number;
  readonly subresource?: string;
}

/**
 * The patched object, not yet prepared or validated; `current` is never changed. For an apply patch `current` may be
 * undefined: the result is then the object to create. Throws StatusError.
 */
export function applyPatch(
  patchType: PatchContentType,
  current: KubernetesObject | undefined,
  patch: unknown,
  options: PatchOptions,
): KubernetesObject {
  void patchType;
  void patch;
  void options;
  return current as KubernetesObject;
}
