// One patch applied to one object, by content type.
import { type KubernetesObject, StatusError } from '../../api/index.ts';
import type { PatchContentType } from '../request.ts';
import { isObject, type JsonObject } from '../schema/json.ts';
import { structForResource } from '../schema/types.ts';
import { badPatch, cannotUnmarshal } from './errors.ts';
import { jsonPatch } from './json-patch.ts';
import { mergePatch } from './merge-patch.ts';
import { serverSideApply } from './server-side-apply.ts';
import { strategicMerge } from './strategic-merge.ts';
import type { Structure } from './structure.ts';

export interface PatchOptions {
  /** `apiVersion/Kind`: the schema strategic merge and apply go by. */
  readonly resourceKey: string;
  /** How apply sees the objects of a kind that the field table does not know; strategic merge cannot be had then. */
  readonly structure?: Structure;
  /** Who writes; apply requires it. */
  readonly fieldManager: string;
  /** Apply only: take fields over from other managers instead of failing with a Conflict. */
  readonly force?: boolean;
  /** Milliseconds since the epoch, for managedFields. */
  readonly now: number;
  readonly subresource?: string;
  /** The kind has a status that is written through its subresource alone. */
  readonly hasStatusSubresource?: boolean;
}

/**
 * The patched object, not yet prepared or validated; `current` is never changed. For an apply patch `current` may be
 * undefined: the result is then the object to create. Throws StatusError: BadRequest for a malformed patch, Invalid for
 * one that does not fit, Conflict for fields that another manager applied, UnsupportedMediaType for a strategic merge
 * of a kind that has no schema.
 */
export function applyPatch(
  patchType: PatchContentType,
  current: KubernetesObject | undefined,
  patch: unknown,
  options: PatchOptions,
): KubernetesObject {
  if (patchType === 'application/apply-patch+yaml') return serverSideApply(current, patch, options);
  if (current === undefined) throw new StatusError('NotFound', 'there is no object to patch');
  return patched(patchType, current as unknown as JsonObject, patch, options) as KubernetesObject;
}

function patched(
  patchType: Exclude<PatchContentType, 'application/apply-patch+yaml'>,
  current: JsonObject,
  patch: unknown,
  options: PatchOptions,
): unknown {
  if (patchType === 'application/json-patch+json') {
    const result = jsonPatch(current, patch);
    if (!isObject(result)) throw badPatch('the patch leaves no object');
    return result;
  }
  if (!isObject(patch)) throw badPatch(cannotUnmarshal(patch, 'map[string]interface {}'));
  if (patchType === 'application/merge-patch+json') return mergePatch(current, patch);
  const struct = options.structure === undefined ? structForResource(options.resourceKey) : undefined;
  if (struct === undefined)
    throw new StatusError(
      'UnsupportedMediaType',
      'the body of the request was in an unknown format - accepted media types include: application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml',
    );
  return strategicMerge(current, patch, struct);
}
