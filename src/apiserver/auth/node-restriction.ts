// What a node may change of the objects it may touch (plugin/pkg/admission/noderestriction): the authorizer sees only
// names, this sees objects. Each function does nothing for users that are no nodes.
// https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/#noderestriction
import type { KubernetesObject, Node, Pod } from '../../api/index.ts';
import { forbidden } from '../errors.ts';
import { sameJson } from '../same-json.ts';
import type { User } from '../request.ts';
import { nodeNameOf } from './node-authorizer.ts';

interface Write {
  readonly user: User;
  readonly definition: { readonly group: string; readonly name: string };
}

const mirrorAnnotation = 'kubernetes.io/config.mirror';
/** Labels that an administrator sets to keep workloads away from nodes: no node may give itself one. */
const restrictedDomain = 'node-restriction.kubernetes.io';
/** Labels of Kubernetes' own domains that a kubelet sets. */
const kubeletLabels = new Set([
  'kubernetes.io/hostname',
  'kubernetes.io/os',
  'kubernetes.io/arch',
  'beta.kubernetes.io/os',
  'beta.kubernetes.io/arch',
  'beta.kubernetes.io/instance-type',
  'node.kubernetes.io/instance-type',
  'failure-domain.beta.kubernetes.io/zone',
  'failure-domain.beta.kubernetes.io/region',
  'topology.kubernetes.io/zone',
  'topology.kubernetes.io/region',
]);
const kubeletLabelDomains = ['kubelet.kubernetes.io', 'node.kubernetes.io'];

export function restrictNodeCreate(node: Node, write: Write): void {
  const own = nodeNameOf(write.user);
  if (own === undefined) return;
  requireOwnNode(own, node, write);
  requireAllowedLabels(own, Object.keys(node.metadata.labels ?? {}), node, write);
}

export function restrictNodeUpdate(next: Node, before: Node, write: Write): void {
  const own = nodeNameOf(write.user);
  if (own === undefined) return;
  requireOwnNode(own, next, write);
  // What a node is not wanted for is said by others: taking its own taints off would draw pods to it.
  if (!sameJson(next.spec?.taints ?? [], before.spec?.taints ?? []))
    throw refuse(write, next, `node "${own}" is not allowed to modify taints`);
  if (!sameJson(next.metadata.ownerReferences ?? [], before.metadata.ownerReferences ?? []))
    throw refuse(write, next, `node "${own}" is not allowed to modify its own ownerReferences`);
  const [now, then] = [next.metadata.labels ?? {}, before.metadata.labels ?? {}];
  const changed = [...new Set([...Object.keys(now), ...Object.keys(then)])].filter((key) => now[key] !== then[key]);
  requireAllowedLabels(own, changed, next, write);
}

/** Only mirrors of static pods, bound to the node itself, that give it access to nothing else. */
export function restrictPodCreate(pod: Pod, write: Write): void {
  const own = nodeNameOf(write.user);
  if (own === undefined) return;
  if (pod.metadata.annotations?.[mirrorAnnotation] === undefined)
    throw refuse(
      write,
      pod,
      `pod does not have "${mirrorAnnotation}" annotation, node "${own}" can only create mirror pods`,
    );
  requireOwnPod(own, 'create', pod, write);
  const spec = pod.spec as unknown as Readonly<Record<string, unknown>>;
  if ((spec.serviceAccountName ?? '') !== '')
    throw refuse(write, pod, `node "${own}" can not create pods that reference a service account`);
  const owners = pod.metadata.ownerReferences ?? [];
  if (owners.some(({ kind, name }) => kind !== 'Node' || name !== own))
    throw refuse(write, pod, `node "${own}" can only create pods with an owner reference set to itself`);
}

export function restrictPodStatus(pod: Pod, before: Pod, write: Write): void {
  const own = nodeNameOf(write.user);
  if (own === undefined) return;
  requireOwnPod(own, 'update status for', before, write);
  if (!sameJson(pod.metadata.labels ?? {}, before.metadata.labels ?? {}))
    throw refuse(write, pod, `node "${own}" cannot update labels through pod status`);
}

export function restrictPodDelete(pod: Pod, write: Write): void {
  const own = nodeNameOf(write.user);
  if (own !== undefined) requireOwnPod(own, 'delete', pod, write);
}

export function restrictLeaseCreate(lease: KubernetesObject, write: Write): void {
  const own = nodeNameOf(write.user);
  if (own !== undefined && lease.metadata.name !== own)
    throw refuse(write, lease, 'can only access node lease with the same name as the requesting node');
}

function requireOwnNode(own: string, node: Node, write: Write): void {
  if (node.metadata.name !== own)
    throw refuse(write, node, `node "${own}" is not allowed to modify node "${node.metadata.name}"`);
}

function requireOwnPod(own: string, verb: string, pod: Pod, write: Write): void {
  if (pod.spec.nodeName !== own)
    throw refuse(write, pod, `node "${own}" can only ${verb} pods with spec.nodeName set to itself`);
}

function requireAllowedLabels(own: string, keys: readonly string[], node: Node, write: Write): void {
  const refused = keys.filter((key) => !isAllowedLabel(key));
  if (refused.length > 0)
    throw refuse(write, node, `node "${own}" is not allowed to modify labels: ${refused.toSorted().join(', ')}`);
}

function isAllowedLabel(key: string): boolean {
  const domain = key.includes('/') ? key.split('/', 1)[0]! : '';
  const within = (parent: string) => domain === parent || domain.endsWith(`.${parent}`);
  if (within(restrictedDomain)) return false;
  if (!within('kubernetes.io') && !within('k8s.io')) return true;
  return kubeletLabels.has(key) || kubeletLabelDomains.some(within);
}

function refuse({ definition }: Write, object: KubernetesObject, why: string) {
  return forbidden(definition, object.metadata.name ?? '', why);
}
