// Roles and bindings (rbac.authorization.k8s.io): nobody writes into them what he does not hold.
import { preventBindingEscalation, preventRoleEscalation } from '../auth/escalation.ts';
import type { Role, RoleBinding } from '../auth/rbac-rules.ts';
import { createdAtColumn, nameColumn } from '../printing/columns/common.ts';
import { roleBindingColumns } from '../printing/columns/core.ts';
import type { ResourceEntry, Strategy } from './definition.ts';

const group = 'rbac.authorization.k8s.io';
const version = 'v1';

const roleStrategy: Strategy<Role> = {
  prepareForCreate(role, context) {
    preventRoleEscalation(role, undefined, context);
    return role;
  },
  prepareForUpdate(next, before, context) {
    preventRoleEscalation(next, before, context);
    return next;
  },
};

const bindingStrategy: Strategy<RoleBinding> = {
  prepareForCreate(binding, context) {
    preventBindingEscalation(binding, undefined, context);
    return binding;
  },
  prepareForUpdate(next, before, context) {
    preventBindingEscalation(next, before, context);
    return next;
  },
};

const role = {
  group,
  version,
  createsOnUpdate: true,
  columns: [nameColumn, createdAtColumn],
  strategy: roleStrategy,
} as const;
const binding = { group, version, createsOnUpdate: true, strategy: bindingStrategy } as const;

export const roleEntries: readonly ResourceEntry<Role>[] = [
  { ...role, name: 'roles', kind: 'Role', namespaced: true },
  { ...role, name: 'clusterroles', kind: 'ClusterRole', namespaced: false },
];
export const roleBindingEntries: readonly ResourceEntry<RoleBinding>[] = [
  { ...binding, name: 'rolebindings', kind: 'RoleBinding', namespaced: true, columns: roleBindingColumns as never },
  {
    ...binding,
    name: 'clusterrolebindings',
    kind: 'ClusterRoleBinding',
    namespaced: false,
    columns: roleBindingColumns as never,
  },
];
