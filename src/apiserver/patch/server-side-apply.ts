// Server-side apply.
import { type KubernetesObject, StatusError } from '../../api/index.ts';
import type { PatchOptions } from './patch.ts';

export function serverSideApply(
  current: KubernetesObject | undefined,
  patch: unknown,
  options: PatchOptions,
): KubernetesObject {
  void current;
  void patch;
  void options;
  throw new StatusError('UnsupportedMediaType', 'server-side apply is not served');
}
