// What a node may do: touch itself, the pods bound to it, and what those refer to, and nothing else
// (plugin/pkg/auth/authorizer/node/node_authorizer.go). What it may change of them is node-restriction.ts.
// https://kubernetes.io/docs/reference/access-authn-authz/node/
import type { Pod } from '../../api/index.ts';
import type { Store } from '../../store/index.ts';
import type { User } from '../request.ts';
import { keyOf, prefixOf, stored } from '../storage.ts';
import type { Authorizer, Decision, ResourceAttributes } from './authorize.ts';
import { podRefersTo, type ReferredKind } from './pod-references.ts';
import { type PolicyRule, ruleAllows } from './rbac-rules.ts';

const nodePrefix = 'system:node:';
const nodesGroup = 'system:nodes';
const leaseNamespace = 'kube-node-lease';
const pods = { storage: 'pods', namespaced: true } as const;

/** `worker-1` for `system:node:worker-1` in group system:nodes; undefined for everybody else. */
export function nodeNameOf(user: User): string | undefined {
  if (!user.groups.includes(nodesGroup) || !user.name.startsWith(nodePrefix)) return undefined;
  return user.name.slice(nodePrefix.length);
}

/** What every node may do whatever it is called (plugin/pkg/auth/authorizer/rbac/bootstrappolicy NodeRules). */
const common: readonly PolicyRule[] = [
  { verbs: ['create'], apiGroups: ['authentication.k8s.io'], resources: ['tokenreviews'] },
  {
    verbs: ['create'],
    apiGroups: ['authorization.k8s.io'],
    resources: ['subjectaccessreviews', 'localsubjectaccessreviews'],
  },
  { verbs: ['get', 'list', 'watch'], apiGroups: [''], resources: ['services'] },
  { verbs: ['create'], apiGroups: [''], resources: ['nodes'] },
  { verbs: ['create', 'update', 'patch'], apiGroups: ['', 'events.k8s.io'], resources: ['events'] },
  // Which pods they are is looked at when they are written: node-restriction.ts.
  { verbs: ['create', 'delete'], apiGroups: [''], resources: ['pods'] },
  { verbs: ['update', 'patch'], apiGroups: [''], resources: ['pods/status'] },
  { verbs: ['create'], apiGroups: [''], resources: ['pods/eviction'] },
];

const ownNode = new Set(['get', 'list', 'watch', 'update', 'patch']);
const ownLease = new Set(['get', 'create', 'update', 'patch', 'delete']);
const referred: Readonly<Record<string, ReferredKind>> = {
  secrets: 'secret',
  configmaps: 'configMap',
  persistentvolumeclaims: 'claim',
};
const reading = new Set(['get', 'list', 'watch']);

const yes: Decision = { allowed: true, reason: '' };
const notANode: Decision = { allowed: false, reason: '' };
const no = (reason: string): Decision => ({ allowed: false, reason });

export function createNodeAuthorizer(store: Store): Authorizer {
  return (attributes) => {
    const node = nodeNameOf(attributes.user);
    if (node === undefined || 'path' in attributes) return notANode;
    const { group, resource, subresource, verb, name } = attributes;
    if (common.some((rule) => ruleAllows(rule, attributes))) return yes;
    if (group === 'coordination.k8s.io' && resource === 'leases') return ownLeaseOnly(node, attributes);
    if (group !== '') return no('');
    if (resource === 'nodes' && ownNode.has(verb) && (subresource === undefined || subresource === 'status'))
      return name === node ? yes : no(`node '${node}' cannot ${verb} another node, or all nodes`);
    if (resource === 'pods' && subresource === undefined && reading.has(verb))
      return readsPods(store, node, attributes);
    const kind = Object.hasOwn(referred, resource) ? referred[resource] : undefined;
    if (kind !== undefined && subresource === undefined && reading.has(verb))
      return related(store, node, attributes, kind);
    if (resource === 'serviceaccounts' && subresource === 'token' && verb === 'create')
      return related(store, node, attributes, 'serviceAccount');
    return no('');
  };
}

function ownLeaseOnly(node: string, { verb, namespace, name, subresource }: ResourceAttributes): Decision {
  if (subresource !== undefined || !ownLease.has(verb))
    return no('can only get, create, update, patch, or delete a node lease');
  if (namespace !== leaseNamespace) return no(`can only access leases in the "${leaseNamespace}" system namespace`);
  // A create names its object in the body: node-restriction.ts looks there.
  if (verb !== 'create' && name !== node)
    return no('can only access node lease with the same name as the requesting node');
  return yes;
}

/** One pod when it is bound here; many when the selector says `spec.nodeName=` this node (KEP-4601). */
async function readsPods(store: Store, node: string, attributes: ResourceAttributes): Promise<Decision> {
  const { name, namespace, verb, nodeName } = attributes;
  if (verb !== 'get') return nodeName === node ? yes : no(`can only list/watch pods with spec.nodeName field selector`);
  const entry = await store.get(keyOf(pods, namespace, name ?? ''));
  const pod = entry === undefined ? undefined : (stored(entry.value) as Pod);
  return pod?.spec.nodeName === node ? yes : unrelated(node);
}

/** Some pod of the namespace that is bound to this node refers to it. Nodes ask rarely: no index is kept for it. */
async function related(
  store: Store,
  node: string,
  { name, namespace }: ResourceAttributes,
  kind: ReferredKind,
): Promise<Decision> {
  if (name === undefined || namespace === undefined) return no(`No Object name found`);
  const { entries } = await store.range(prefixOf(pods, namespace));
  const found = entries.some(({ value }) => {
    const pod = stored(value) as Pod;
    return pod.spec.nodeName === node && podRefersTo(pod, kind, name);
  });
  return found ? yes : unrelated(node);
}

function unrelated(node: string): Decision {
  return no(`no relationship found between node '${node}' and this object`);
}
