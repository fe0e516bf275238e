// Who depends on whom, by UID: the picture that garbage collection decides on. Every change costs O(owners of the
// object); nothing is ever searched.
import type { KubernetesObject, OwnerReference, Resource } from '../../api/index.ts';

/** What garbage collection keeps of an object. */
export interface OwnedObject {
  readonly resource: Resource;
  readonly namespace: string | undefined;
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly owners: readonly OwnerReference[];
  readonly finalizers: readonly string[];
  /** deletionTimestamp is set. */
  readonly deleting: boolean;
}

const none: readonly never[] = [];

export function projectOwned(resource: Resource, { metadata }: KubernetesObject): OwnedObject {
  return {
    resource,
    namespace: metadata.namespace,
    name: metadata.name ?? '',
    uid: metadata.uid ?? '',
    resourceVersion: metadata.resourceVersion ?? '',
    owners: metadata.ownerReferences ?? none,
    finalizers: metadata.finalizers ?? none,
    deleting: metadata.deletionTimestamp !== undefined,
  };
}

interface Dependents {
  readonly uids: Set<string>;
  /** How many of them have blockOwnerDeletion. */
  blocking: number;
}

export interface OwnerGraph {
  get(uid: string): OwnedObject | undefined;
  /** Adds the object or replaces what was known of it. */
  apply(object: OwnedObject): void;
  remove(object: OwnedObject): void;
  /** Objects with an owner reference of this UID, whether or not the owner is known. */
  dependentsOf(ownerUid: string): IteratorObject<OwnedObject>;
  hasDependents(ownerUid: string): boolean;
  /** Whether a dependent with blockOwnerDeletion is still there. */
  isBlocked(ownerUid: string): boolean;
}

export function createOwnerGraph(): OwnerGraph {
  const objects = new Map<string, OwnedObject>();
  const dependents = new Map<string, Dependents>();

  const link = ({ uid, owners }: OwnedObject) => {
    for (const owner of owners) {
      const of = dependents.get(owner.uid) ?? { uids: new Set(), blocking: 0 };
      dependents.set(owner.uid, of);
      of.uids.add(uid);
      if (owner.blockOwnerDeletion === true) of.blocking++;
    }
  };

  const unlink = ({ uid, owners }: OwnedObject) => {
    for (const owner of owners) {
      const of = dependents.get(owner.uid);
      if (of === undefined) continue;
      of.uids.delete(uid);
      if (owner.blockOwnerDeletion === true) of.blocking--;
      if (of.uids.size === 0) dependents.delete(owner.uid);
    }
  };

  const remove = (object: OwnedObject) => {
    const known = objects.get(object.uid);
    if (known === undefined) return;
    unlink(known);
    objects.delete(object.uid);
  };

  return {
    get: (uid) => objects.get(uid),
    apply(object) {
      const known = objects.get(object.uid);
      objects.set(object.uid, object);
      // References seldom change; an object that is only updated keeps its edges.
      if (known?.owners === object.owners) return;
      if (known !== undefined) unlink(known);
      link(object);
    },
    remove,
    *dependentsOf(ownerUid) {
      for (const uid of dependents.get(ownerUid)?.uids ?? none) {
        const object = objects.get(uid);
        if (object !== undefined) yield object;
      }
    },
    hasDependents: (ownerUid) => dependents.has(ownerUid),
    isBlocked: (ownerUid) => (dependents.get(ownerUid)?.blocking ?? 0) > 0,
  };
}
