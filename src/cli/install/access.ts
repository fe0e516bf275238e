// Who the controller is and what it may do: the permissions that it says it needs, as RBAC objects, and nothing more.
// https://kubernetes.io/docs/reference/access-authn-authz/rbac/
import {
  leasePermissions,
  ownerPermissions,
  type Permission,
  preflightPermissions,
  readPermissions,
  writePermissions,
} from '../../controllers/daemonset/index.ts';
import { clusterMetadata, type InstallObject, labels, leaseName, metadata, name } from './names.ts';
import type { InstallOptions } from './options.ts';

interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
  readonly resourceNames?: readonly string[];
}

const rbac = 'rbac.authorization.k8s.io';
const podSecurity = 'pod-security.kubernetes.io';

export function namespaceObject(options: InstallOptions): InstallObject {
  // https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted
  const standard = { [`${podSecurity}/enforce`]: 'restricted', [`${podSecurity}/enforce-version`]: 'latest' };
  return {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: options.namespace, labels: { ...labels(options), ...standard } },
  };
}

export function accessObjects(options: InstallOptions): readonly InstallObject[] {
  const apiVersion = `${rbac}/v1`;
  const subjects = [{ kind: 'ServiceAccount', name, namespace: options.namespace }];
  const inCluster = clusterMetadata(options);
  const inNamespace = metadata(options);
  return [
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: inNamespace },
    { apiVersion, kind: 'ClusterRole', metadata: inCluster, rules: clusterRules },
    {
      apiVersion,
      kind: 'ClusterRoleBinding',
      metadata: inCluster,
      roleRef: { apiGroup: rbac, kind: 'ClusterRole', name },
      subjects,
    },
    { apiVersion, kind: 'Role', metadata: inNamespace, rules: namespaceRules },
    {
      apiVersion,
      kind: 'RoleBinding',
      metadata: inNamespace,
      roleRef: { apiGroup: rbac, kind: 'Role', name },
      subjects,
    },
  ];
}

const clusterRules = rules([...readPermissions, ...writePermissions, ...ownerPermissions]);
const namespaceRules = rules([...leasePermissions(leaseName), ...preflightPermissions]);

/** One rule for each resource, with all its verbs. */
export function rules(permissions: readonly Permission[]): readonly Rule[] {
  const keyOf = (permission: Permission) => `${permission.group}/${permission.resource}/${permission.name ?? ''}`;
  return [...Map.groupBy(permissions, keyOf).values()].map((same) => {
    const { group, resource, name: only } = same[0]!;
    return {
      apiGroups: [group],
      resources: [resource],
      ...(only === undefined ? {} : { resourceNames: [only] }),
      verbs: [...new Set(same.flatMap(({ verbs }) => verbs))].toSorted(),
    };
  });
}
