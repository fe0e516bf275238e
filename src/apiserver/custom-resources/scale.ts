// The scale of a custom object, found by the paths of its definition: `.spec.replicas`, `.status.replicas`.
import type { KubernetesObject } from '../../api/index.ts';
import { type ScaleAccess } from '../resources/scale.ts';
import { isObject, type JsonObject, own, withKey } from '../schema/json.ts';
import type { ScalePaths } from './types.ts';

export function scaleAccess({ specReplicasPath, statusReplicasPath, labelSelectorPath = '' }: ScalePaths): ScaleAccess {
  const [wanted, present, selector] = [specReplicasPath, statusReplicasPath, labelSelectorPath].map(segmentsOf);
  return {
    wanted: (object) => numberAt(object, wanted!),
    present: (object) => numberAt(object, present!) ?? 0,
    selector(object) {
      const found = selector!.length === 0 ? undefined : valueAt(object, selector!);
      return typeof found === 'string' ? found : undefined;
    },
    withWanted: (object, replicas) =>
      withValue(object as unknown as JsonObject, wanted!, replicas) as unknown as KubernetesObject,
  };
}

function segmentsOf(path: string): readonly string[] {
  return path.split('.').filter((part) => part !== '');
}

function valueAt(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((part, key) => (isObject(part) ? own(part, key) : undefined), value);
}

function numberAt(value: unknown, path: readonly string[]): number | undefined {
  const found = valueAt(value, path);
  return typeof found === 'number' ? found : undefined;
}

function withValue(object: JsonObject, [key, ...rest]: readonly string[], value: unknown): JsonObject {
  if (key === undefined) return object;
  const inner = own(object, key);
  return withKey(object, key, rest.length === 0 ? value : withValue(isObject(inner) ? inner : {}, rest, value));
}
