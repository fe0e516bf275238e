// The roles and bindings that every cluster starts with (plugin/pkg/auth/authorizer/rbac/bootstrappolicy/policy.go):
// for people, for everybody who is somebody, for nodes. What the cluster's own parts hold is component-roles.ts.
// https://kubernetes.io/docs/reference/access-authn-authz/rbac/#default-roles-and-role-bindings
import { componentBindings, componentRoles } from './component-roles.ts';
import { binding, reading, type Role, role, rule, writing } from './roles.ts';

const everything = [rule(['*'], ['*'], ['*']), { verbs: ['*'], nonResourceURLs: ['*'] }];

const discoveryPaths = ['/api', '/api/*', '/apis', '/apis/*', '/openapi', '/openapi/*'];
const publicPaths = ['/healthz', '/livez', '/readyz', '/version', '/version/'];

/** What namespaces hold, and may be seen and changed by those who work in them. */
const contents: Readonly<Record<string, readonly string[]>> = {
  '': ['configmaps', 'persistentvolumeclaims', 'pods', 'replicationcontrollers', 'serviceaccounts', 'services'],
  apps: ['daemonsets', 'deployments', 'replicasets', 'statefulsets'],
  autoscaling: ['horizontalpodautoscalers'],
  batch: ['cronjobs', 'jobs'],
  'networking.k8s.io': ['ingresses', 'networkpolicies'],
  policy: ['poddisruptionbudgets'],
};
const aggregateTo = (name: string) => `rbac.authorization.k8s.io/aggregate-to-${name}`;
const aggregated = (name: string): Role =>
  role(name, [], {
    labels: name === 'admin' ? {} : { [aggregateTo(name === 'view' ? 'edit' : 'admin')]: 'true' },
    aggregates: aggregateTo(name),
  });

const withoutStatus = new Set(['configmaps', 'networkpolicies', 'serviceaccounts']);

const view = [
  ...Object.entries(contents).map(([group, resources]) =>
    rule(reading, [group], [...resources, ...statusesOf(resources)]),
  ),
  rule(reading, [''], ['bindings', 'events', 'limitranges', 'namespaces', 'namespaces/status', 'pods/log']),
  rule(reading, [''], ['resourcequotas', 'resourcequotas/status']),
  rule(reading, ['events.k8s.io'], ['events']),
  // What leads traffic somewhere, and what a DaemonSet was, are their controllers' to write.
  rule(reading, [''], ['endpoints']),
  rule(reading, ['discovery.k8s.io'], ['endpointslices']),
  rule(reading, ['apps'], ['controllerrevisions']),
  rule(reading, [''], ['replicationcontrollers/scale']),
  rule(reading, ['apps'], ['deployments/scale', 'replicasets/scale', 'statefulsets/scale']),
];
const edit = [
  ...Object.entries(contents).map(([group, resources]) => rule(writing, [group], resources)),
  rule([...reading, ...writing], [''], ['secrets']),
  rule(['get', 'list', 'watch', ...writing], [''], ['pods/attach', 'pods/exec', 'pods/portforward', 'pods/proxy']),
  rule(['create'], [''], ['pods/eviction', 'serviceaccounts/token']),
  rule(['impersonate'], [''], ['serviceaccounts']),
  rule(writing, ['', 'events.k8s.io'], ['events']),
  rule(writing, [''], ['replicationcontrollers/scale']),
  rule(writing, ['apps'], ['deployments/scale', 'replicasets/scale', 'statefulsets/scale']),
  rule(['get', 'list', 'watch', ...writing], ['coordination.k8s.io'], ['leases']),
];
const admin = [
  rule(['create'], ['authorization.k8s.io'], ['localsubjectaccessreviews']),
  rule([...reading, ...writing], ['rbac.authorization.k8s.io'], ['rolebindings', 'roles']),
];

export const clusterRoles: readonly Role[] = [
  role('cluster-admin', everything),
  role('system:discovery', [{ verbs: ['get'], nonResourceURLs: [...publicPaths, ...discoveryPaths] }]),
  role('system:public-info-viewer', [{ verbs: ['get'], nonResourceURLs: publicPaths }]),
  role('system:monitoring', [{ verbs: ['get'], nonResourceURLs: ['/metrics', '/metrics/slis', ...publicPaths] }]),
  role('system:basic-user', [
    rule(['create'], ['authorization.k8s.io'], ['selfsubjectaccessreviews', 'selfsubjectrulesreviews']),
    rule(['create'], ['authentication.k8s.io'], ['selfsubjectreviews']),
  ]),
  role('system:auth-delegator', [
    rule(['create'], ['authentication.k8s.io'], ['tokenreviews']),
    rule(['create'], ['authorization.k8s.io'], ['subjectaccessreviews']),
  ]),
  aggregated('view'),
  aggregated('edit'),
  aggregated('admin'),
  role('system:aggregate-to-view', view, { labels: { [aggregateTo('view')]: 'true' } }),
  role('system:aggregate-to-edit', [...view, ...edit], { labels: { [aggregateTo('edit')]: 'true' } }),
  role('system:aggregate-to-admin', [...view, ...edit, ...admin], { labels: { [aggregateTo('admin')]: 'true' } }),
  ...componentRoles,
];

export const clusterRoleBindings = [
  binding('cluster-admin', 'cluster-admin', { kind: 'Group', name: 'system:masters' }),
  binding('system:discovery', 'system:discovery', { kind: 'Group', name: 'system:authenticated' }),
  binding('system:basic-user', 'system:basic-user', { kind: 'Group', name: 'system:authenticated' }),
  binding('system:public-info-viewer', 'system:public-info-viewer', { kind: 'Group', name: 'system:authenticated' }),
  binding('system:monitoring', 'system:monitoring', { kind: 'Group', name: 'system:monitoring' }),
  ...componentBindings,
];

function statusesOf(resources: readonly string[]): readonly string[] {
  return resources.filter((name) => !withoutStatus.has(name)).map((name) => `${name}/status`);
}
