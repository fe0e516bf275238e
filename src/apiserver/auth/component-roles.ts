// What each part of the cluster itself may do, and no more: every controller is a service account of kube-system with
// a role of its own (bootstrappolicy/controller_policy.go). A part that needs another verb gets it here.
import { binding, reading, type Role, role, rule } from './roles.ts';

const events = rule(['create', 'patch', 'update'], ['', 'events.k8s.io'], ['events']);
const podStatus = rule(['patch', 'update'], [''], ['pods/status']);

/** By the component's name in the process; the account and the role are named as upstream names them. */
const components = {
  'daemonset-controller': {
    account: 'daemon-set-controller',
    rules: [
      rule(reading, ['apps'], ['daemonsets']),
      rule(['patch', 'update'], ['apps'], ['daemonsets/status']),
      rule(['update'], ['apps'], ['daemonsets/finalizers']),
      rule([...reading, 'create', 'delete', 'patch', 'update'], ['apps'], ['controllerrevisions']),
      rule([...reading, 'create', 'delete', 'patch'], [''], ['pods']),
      rule(reading, [''], ['nodes']),
      rule(reading, ['everynode.dev'], ['rolloutpolicies']),
      rule(['update'], ['everynode.dev'], ['rolloutpolicies/status']),
      events,
    ],
  },
  'default-scheduler': {
    account: 'kube-scheduler',
    rules: [
      rule(reading, [''], ['nodes', 'namespaces']),
      rule([...reading, 'delete'], [''], ['pods']),
      rule(['create'], [''], ['pods/binding']),
      rule(reading, ['policy'], ['poddisruptionbudgets']),
      rule(reading, ['scheduling.k8s.io'], ['priorityclasses']),
      podStatus,
      events,
    ],
  },
  'generic-garbage-collector': {
    account: 'generic-garbage-collector',
    rules: [rule([...reading, 'patch', 'update', 'delete'], ['*'], ['*']), events],
  },
  'namespace-controller': {
    account: 'namespace-controller',
    rules: [
      rule([...reading, 'delete'], [''], ['namespaces']),
      rule(['update'], [''], ['namespaces/finalize', 'namespaces/status']),
      rule(['get', 'list', 'delete', 'deletecollection'], ['*'], ['*']),
      events,
    ],
  },
  'node-controller': {
    account: 'node-controller',
    rules: [
      rule([...reading, 'delete', 'patch', 'update'], [''], ['nodes']),
      rule(['patch', 'update'], [''], ['nodes/status']),
      rule([...reading, 'delete'], [''], ['pods']),
      rule(reading, ['coordination.k8s.io'], ['leases']),
      podStatus,
      events,
    ],
  },
  'pod-garbage-collector': {
    account: 'pod-garbage-collector',
    rules: [rule([...reading, 'delete'], [''], ['pods']), rule(reading, [''], ['nodes']), podStatus, events],
  },
  'serviceaccount-controller': {
    account: 'service-account-controller',
    rules: [
      rule([...reading, 'create'], [''], ['serviceaccounts']),
      rule(reading, [''], ['namespaces']),
      // kube-root-ca.crt, which upstream gives to a controller of its own.
      rule([...reading, 'create', 'update'], [''], ['configmaps']),
      events,
    ],
  },
  'disruption-controller': {
    account: 'disruption-controller',
    rules: [
      rule(reading, [''], ['pods']),
      rule(reading, ['apps'], ['deployments', 'replicasets', 'daemonsets']),
      rule(reading, ['policy'], ['poddisruptionbudgets']),
      rule(['update', 'patch'], ['policy'], ['poddisruptionbudgets/status']),
      events,
    ],
  },
  /** Plays all simulated nodes at once, hence no single node's rights. */
  kubelet: {
    account: 'simulated-nodes',
    rules: [
      rule([...reading, 'create', 'patch', 'update'], [''], ['nodes']),
      rule(['patch', 'update'], [''], ['nodes/status']),
      rule([...reading, 'delete'], [''], ['pods']),
      rule([...reading, 'create', 'patch', 'update'], ['coordination.k8s.io'], ['leases']),
      rule(['create'], [''], ['configmaps']),
      rule(['get', 'update'], [''], ['configmaps'], ['everynode-simulated-nodes']),
      podStatus,
      events,
    ],
  },
} as const;

export type Component = keyof typeof components;

/** `system:serviceaccount:kube-system:node-controller` for 'node-controller'. */
export function componentUser(component: Component): { readonly name: string; readonly groups: readonly string[] } {
  return {
    name: `system:serviceaccount:kube-system:${components[component].account}`,
    groups: ['system:serviceaccounts', 'system:serviceaccounts:kube-system', 'system:authenticated'],
  };
}

const entries = Object.values(components);
const roleName = (account: string) => `system:controller:${account}`;
export const componentRoles: readonly Role[] = entries.map(({ account, rules }) => role(roleName(account), rules));
export const componentBindings = entries.map(({ account }) =>
  binding(roleName(account), roleName(account), { kind: 'ServiceAccount', name: account }),
);
