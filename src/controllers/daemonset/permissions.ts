// What the controller does with the API, as RBAC names it: for the check at its start, and for whoever grants it.

export interface Permission {
  readonly group: string;
  /** The plural, with its subresource if any. */
  readonly resource: string;
  readonly verbs: readonly string[];
}

/** Without these nothing works, not even looking. */
export const readPermissions: readonly Permission[] = [
  { group: '', resource: 'nodes', verbs: ['list', 'watch'] },
  { group: '', resource: 'pods', verbs: ['get', 'list', 'watch'] },
  { group: 'apps', resource: 'daemonsets', verbs: ['get', 'list', 'watch'] },
  { group: 'apps', resource: 'controllerrevisions', verbs: ['get', 'list', 'watch'] },
];

/** In the whole cluster. */
export const writePermissions: readonly Permission[] = [
  { group: '', resource: 'pods', verbs: ['create', 'delete', 'patch'] },
  { group: 'apps', resource: 'daemonsets/status', verbs: ['update'] },
  { group: 'apps', resource: 'controllerrevisions', verbs: ['create', 'delete', 'patch', 'update'] },
  { group: '', resource: 'events', verbs: ['create', 'patch'] },
];

/** In the namespace of the lease: for leader election, and for the preflight's probe. */
export const leasePermissions: readonly Permission[] = [
  { group: 'coordination.k8s.io', resource: 'leases', verbs: ['create', 'get', 'update'] },
];
export const preflightPermissions: readonly Permission[] = [
  { group: 'apps', resource: 'daemonsets', verbs: ['create', 'delete'] },
];
