// Who owns an object, and who controls it.
import type { KubernetesObject, ObjectMeta, OwnerReference } from './meta.ts';
import { apiVersionOf, type Resource } from './resource.ts';

/** The one owner that manages the object, if any. */
export function controllerOf(metadata: ObjectMeta): OwnerReference | undefined {
  return metadata.ownerReferences?.find((reference) => reference.controller === true);
}

/** The reference a controller puts on what it makes (metav1.NewControllerRef). */
export function controllerReference(resource: Resource, owner: KubernetesObject): OwnerReference {
  return {
    apiVersion: apiVersionOf(resource),
    kind: resource.kind,
    name: owner.metadata.name ?? '',
    uid: owner.metadata.uid ?? '',
    controller: true,
    blockOwnerDeletion: true,
  };
}
