// What garbage collection does with one object. Pure: the object, the state of its owners and of its dependents in, one
// action out. The rules are kube-controller-manager's (pkg/controller/garbagecollector, attemptToDeleteItem).
// https://kubernetes.io/docs/concepts/architecture/garbage-collection/
import type { OwnerReference } from '../../api/index.ts';
import type { OwnedObject } from './owner-graph.ts';

export const foregroundFinalizer = 'foregroundDeletion';
export const orphanFinalizer = 'orphan';

/**
 * present: keeps its dependents alive (also while it is being deleted in any other way than foreground);
 * waiting: deleted in the foreground, waits for its dependents to go first; absent: gone for good.
 */
export type OwnerState = 'present' | 'waiting' | 'absent';

export interface OwnerFact {
  readonly reference: OwnerReference;
  readonly state: OwnerState;
}

export type Decision =
  | { readonly action: 'nothing'; readonly reason: 'no-owners' | 'owned' | 'already-deleting' | 'waits-for-dependents' }
  | {
      readonly action: 'delete';
      readonly policy: 'Background' | 'Foreground' | 'Orphan';
      readonly reason: 'owners-gone' | 'owner-waits';
    }
  /** Some owners remain: the others' references go. */
  | { readonly action: 'drop-references'; readonly uids: readonly string[]; readonly reason: 'other-owners-remain' }
  /** Two objects that own each other, both deleted in the foreground, would wait for each other for ever. */
  | { readonly action: 'unblock-owners'; readonly reason: 'circle' }
  | { readonly action: 'orphan-dependents'; readonly reason: 'orphan-finalizer' }
  | { readonly action: 'remove-finalizer'; readonly finalizer: string; readonly reason: 'dependents-gone' };

export interface Dependency {
  readonly owners: readonly OwnerFact[];
  readonly hasDependents: boolean;
  /** A dependent with blockOwnerDeletion is still there. */
  readonly isBlocked: boolean;
  /** A dependent is itself deleted in the foreground and waits for its dependents. */
  readonly dependentWaits: boolean;
}

export function decide(
  object: OwnedObject,
  { owners, hasDependents, isBlocked, dependentWaits }: Dependency,
): Decision {
  if (object.deleting) {
    if (object.finalizers.includes(orphanFinalizer)) return { action: 'orphan-dependents', reason: 'orphan-finalizer' };
    if (!object.finalizers.includes(foregroundFinalizer)) return { action: 'nothing', reason: 'already-deleting' };
    if (isBlocked) return { action: 'nothing', reason: 'waits-for-dependents' };
    return { action: 'remove-finalizer', finalizer: foregroundFinalizer, reason: 'dependents-gone' };
  }
  if (owners.length === 0) return { action: 'nothing', reason: 'no-owners' };
  const leaving = owners.filter(({ state }) => state !== 'present');
  if (leaving.length === 0) return { action: 'nothing', reason: 'owned' };
  if (leaving.length < owners.length)
    return {
      action: 'drop-references',
      uids: leaving.map(({ reference }) => reference.uid),
      reason: 'other-owners-remain',
    };
  // What waits on an owner that is deleted in the foreground goes the same way, so that the whole tree goes leaf first.
  const waits = owners.some(({ state }) => state === 'waiting');
  if (waits && dependentWaits && object.owners.some(({ blockOwnerDeletion }) => blockOwnerDeletion === true))
    return { action: 'unblock-owners', reason: 'circle' };
  if (waits && hasDependents) return { action: 'delete', policy: 'Foreground', reason: 'owner-waits' };
  // Finalizers that are there before the deletion say how it is to be done.
  if (object.finalizers.includes(orphanFinalizer)) return { action: 'delete', policy: 'Orphan', reason: 'owners-gone' };
  if (object.finalizers.includes(foregroundFinalizer))
    return { action: 'delete', policy: 'Foreground', reason: 'owners-gone' };
  return { action: 'delete', policy: 'Background', reason: waits ? 'owner-waits' : 'owners-gone' };
}

/** Whether the object is deleted in the foreground and not gone yet: its dependents must go. */
export function isWaitingForDependents(object: OwnedObject): boolean {
  return object.deleting && object.finalizers.includes(foregroundFinalizer);
}
