// Between Kubernetes objects and the store: keys, and resourceVersion, which lives in the store's revisions and not in
// its values. One object per stored revision is handed to every reader, by reference.
import type { KubernetesObject } from '../api/index.ts';
import type { StoredValue } from '../store/index.ts';

/** What a key is made of; resources that share a storage share their objects. */
interface Place {
  readonly storage: string;
  readonly namespaced: boolean;
}

/** `daemonsets.apps/kube-system/fluentd`, `nodes/node-1`. Names never contain a slash (requestName checks). */
export function keyOf(place: Place, namespace: string | undefined, name: string): string {
  return place.namespaced ? `${place.storage}/${namespace ?? ''}/${name}` : `${place.storage}/${name}`;
}

/** Every key of the resource, or of the resource in one namespace. */
export function prefixOf(place: Place, namespace: string | undefined): string {
  return place.namespaced && namespace !== undefined ? `${place.storage}/${namespace}/` : `${place.storage}/`;
}

const views = new WeakMap<StoredValue, KubernetesObject>();

/** The stored value as readers see it. The same object every time for the same value and revision. */
export function objectAt(value: StoredValue, revision: number): KubernetesObject {
  const resourceVersion = String(revision);
  const seen = views.get(value);
  if (seen?.metadata.resourceVersion === resourceVersion) return seen;
  const object = withResourceVersion(stored(value), resourceVersion);
  // A deleted object is shown once more, at the revision of its deletion: the first view stays the cached one.
  if (seen === undefined) views.set(value, object);
  return object;
}

/** The value's own object, which has no resourceVersion: enough for selectors and admission. */
export function stored(value: StoredValue): KubernetesObject {
  return value as unknown as KubernetesObject;
}

/** What goes into the store. */
export function toValue(object: KubernetesObject): StoredValue {
  if (object.metadata.resourceVersion === undefined) return object as unknown as StoredValue;
  const { resourceVersion: _, ...metadata } = object.metadata;
  return { ...object, metadata };
}

function withResourceVersion(object: KubernetesObject, resourceVersion: string): KubernetesObject {
  return { ...object, metadata: { ...object.metadata, resourceVersion } };
}
