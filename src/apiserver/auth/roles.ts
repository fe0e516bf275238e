// Writing bootstrap roles down in few words.
import type { KubernetesObject } from '../../api/index.ts';
import type { PolicyRule, Role, RoleBinding, Subject } from './rbac-rules.ts';

export type { Role, RoleBinding } from './rbac-rules.ts';

export const rbacGroup = 'rbac.authorization.k8s.io';
/** Roles that a newer version of this server may add rules to, unless the administrator says "false". */
export const autoUpdateAnnotation = `${rbacGroup}/autoupdate`;
const bootstrapLabel = 'kubernetes.io/bootstrapping';

export const reading = ['get', 'list', 'watch'] as const;
export const writing = ['create', 'delete', 'deletecollection', 'patch', 'update'] as const;

export function rule(
  verbs: readonly string[],
  apiGroups: readonly string[],
  resources: readonly string[],
  resourceNames?: readonly string[],
): PolicyRule {
  return { verbs, apiGroups, resources, ...(resourceNames === undefined ? {} : { resourceNames }) };
}

interface RoleExtras {
  readonly labels?: Readonly<Record<string, string>>;
  /** Label key: the rules of cluster roles with it are this role's too. */
  readonly aggregates?: string;
}

export function role(name: string, rules: readonly PolicyRule[], { labels, aggregates }: RoleExtras = {}): Role {
  return {
    metadata: metadataOf(name, labels),
    rules,
    ...(aggregates === undefined
      ? {}
      : { aggregationRule: { clusterRoleSelectors: [{ matchLabels: { [aggregates]: 'true' } }] } }),
  };
}

/** A cluster role binding; a service account's namespace is kube-system. */
export function binding(
  name: string,
  roleName: string,
  { kind, name: subject }: Pick<Subject, 'kind' | 'name'>,
): RoleBinding {
  return {
    metadata: metadataOf(name),
    roleRef: { apiGroup: rbacGroup, kind: 'ClusterRole', name: roleName },
    subjects: [
      kind === 'ServiceAccount'
        ? { kind, name: subject, namespace: 'kube-system' }
        : { kind, apiGroup: rbacGroup, name: subject },
    ],
  };
}

function metadataOf(name: string, labels: Readonly<Record<string, string>> = {}): KubernetesObject['metadata'] {
  return {
    name,
    labels: { [bootstrapLabel]: 'rbac-defaults', ...labels },
    annotations: { [autoUpdateAnnotation]: 'true' },
  };
}
