// What the controller does with the API, as RBAC names it: for the check at its start, and for whoever grants it.

export interface Permission {
  readonly group: string;
  /** The plural, with its subresource if any. */
  readonly resource: string;
  readonly verbs: readonly string[];
  /** Absent: whatever its name. */
  readonly name?: string;
}

/** Without these nothing works, not even looking. */
export const readPermissions: readonly Permission[] = [
  { group: '', resource: 'nodes', verbs: ['list', 'watch'] },
  { group: '', resource: 'pods', verbs: ['get', 'list', 'watch'] },
  { group: 'apps', resource: 'daemonsets', verbs: ['get', 'list', 'watch'] },
  { group: 'apps', resource: 'controllerrevisions', verbs: ['get', 'list', 'watch'] },
  { group: 'everynode.dev', resource: 'rolloutpolicies', verbs: ['get', 'list', 'watch'] },
];

/** In the whole cluster. */
export const writePermissions: readonly Permission[] = [
  { group: '', resource: 'pods', verbs: ['create', 'delete', 'patch'] },
  { group: 'apps', resource: 'daemonsets/status', verbs: ['update'] },
  { group: 'apps', resource: 'controllerrevisions', verbs: ['create', 'delete', 'patch', 'update'] },
  { group: 'everynode.dev', resource: 'rolloutpolicies/status', verbs: ['update'] },
  { group: '', resource: 'events', verbs: ['create', 'patch'] },
];

/**
 * Never used by a call of ours: pods and revisions name their DaemonSet with blockOwnerDeletion, and a server with the
 * admission plugin OwnerReferencesPermissionEnforcement lets only those write that who may update its finalizers.
 * https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/#ownerreferencespermissionenforcement
 */
export const ownerPermissions: readonly Permission[] = [
  { group: 'apps', resource: 'daemonsets/finalizers', verbs: ['update'] },
];

/** In the namespace of the lease, and of no other lease there: kube-controller-manager's may lie beside it. */
export function leasePermissions(name: string): readonly Permission[] {
  return [
    { group: 'coordination.k8s.io', resource: 'leases', verbs: ['create'] },
    { group: 'coordination.k8s.io', resource: 'leases', verbs: ['get', 'update'], name },
  ];
}

/** In the namespace of the preflight's probe. */
export const preflightPermissions: readonly Permission[] = [
  { group: 'apps', resource: 'daemonsets', verbs: ['create', 'delete'] },
];
