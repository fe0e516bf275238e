// Safety of what is around the DaemonSet controller in the second mode, checked at every write by what the store held at
// that moment: the API server's bookkeeping and what it makes of a request, the scheduler, the two garbage collectors, and
// who drives pods off their nodes.
import {
  controllerOf,
  type DeleteOptions,
  findUntolerated,
  type KubernetesObject,
  type Node,
  type Pod,
  type Resource,
  resources,
  type Stored,
} from '../../api/index.ts';
import type { Clock } from '../../machinery/index.ts';
import type { Archive, Change } from '../archive.ts';
import type { Request } from '../requests.ts';
import { nodeOf } from '../truth.ts';

/** A node or an owner this young may not be known yet to who asked a moment ago and then waited for its turn. */
const newsMsMax = 30_000;
/** From a decision to the last of its writes. */
const underWayMsMax = 10_000;

export interface ClusterInvariantsOptions {
  readonly archive: Archive;
  readonly clock: Clock;
  readonly violate: (invariant: string, what: string) => void;
}

/** Returns what is to be called with each change, and the request that made it, before it is recorded. */
export function createClusterInvariants({ archive, clock, violate }: ClusterInvariantsOptions) {
  const isOlder = (created: string | undefined, ms: number) => clock.now() - Date.parse(created ?? '') > ms;

  /** A request that names an object by UID or version means that one, and a status is written apart from all else. */
  const obedience = ({ resource, object, previous }: Change, { verb, subresource, name, body }: Request) => {
    if (previous === undefined || name !== object.metadata.name) return;
    const { preconditions, metadata } = (body ?? {}) as DeleteOptions & Partial<KubernetesObject>;
    const { uid = '', resourceVersion = '' } = (verb === 'delete' ? preconditions : metadata) ?? {};
    const deed = `${verb} ${resource} ${name}`;
    if (uid !== '' && uid !== previous.metadata.uid) violate('identity', `${deed} was of another UID`);
    if (resourceVersion !== '' && resourceVersion !== '0' && resourceVersion !== previous.metadata.resourceVersion)
      violate('versions', `${deed} was of version ${resourceVersion}, not ${previous.metadata.resourceVersion}`);
    if (verb !== 'update' && verb !== 'patch') return;
    if (subresource === 'status' && specOf(object) !== specOf(previous))
      violate('subresources', `${deed}/status changes the spec`);
    if (subresource === undefined && statusOf(object) !== statusOf(previous))
      violate('subresources', `${deed} changes the status`);
  };

  const bookkeeping = ({ resource, object, previous, version }: Change) => {
    const { name, uid, generation } = object.metadata;
    if (version <= archive.version) violate('versions', `${resource} ${name} at ${version} after ${archive.version}`);
    if (previous === undefined) return;
    if (uid !== previous.metadata.uid) violate('identity', `${resource} ${name} changed its UID`);
    if (resource !== 'daemonsets') return;
    const moved = specOf(object) !== specOf(previous);
    const stepped = generation !== previous.metadata.generation;
    // The first deletion timestamp moves the generation too (apimachinery registry/rest BeforeDelete).
    const going = object.metadata.deletionTimestamp !== previous.metadata.deletionTimestamp;
    if (moved !== stepped && !going)
      violate('generation', `${name}: the spec moved: ${moved}, its generation: ${stepped}`);
  };

  const scheduling = ({ object, previous }: Change, request: Request | undefined) => {
    const pod = object as Stored<Pod>;
    const before = (previous as Stored<Pod> | undefined)?.spec.nodeName;
    const { nodeName } = pod.spec;
    if (before === nodeName) return;
    if (before !== undefined) violate('binding', `${pod.metadata.name} moves from ${before} to ${nodeName}`);
    const wanted = previous === undefined ? undefined : nodeOf(previous as Stored<Pod>);
    if (wanted !== undefined && wanted !== nodeName)
      violate('binding', `${pod.metadata.name} is for ${wanted} and was bound to ${nodeName}`);
    const nodes = archive.statesSince(resources.nodes, undefined, nodeName ?? '', request?.seen['nodes'] ?? 0);
    if (nodes.every((node) => node === undefined || minds(pod, node, ['NoSchedule', 'NoExecute'])))
      violate('binding', `${pod.metadata.name} was bound to ${nodeName}, whose taints it does not tolerate`);
  };

  /** Nothing goes whose owner is there and stays. */
  const collecting = ({ resource, object }: Change) => {
    const owner = controllerOf(object.metadata)?.uid;
    const living = archive.all(resources.daemonSets).find(({ metadata }) => metadata.uid === owner);
    if (living !== undefined && living.metadata.deletionTimestamp === undefined)
      violate('collection', `${resource} ${object.metadata.name} is collected, and its owner lives`);
  };

  /**
   * Who is deleted in the foreground goes after its dependents; who orphans them, when they have been let go: those that
   * the collector has seen, and that were there when the deletion was asked for.
   */
  const releasing = ({ resource, object }: Change, { seen }: Request) => {
    const { name, uid, deletionTimestamp, finalizers = [] } = object.metadata;
    const finalizer = finalizers.find((one) => one === 'orphan' || one === 'foregroundDeletion');
    if (resource !== 'daemonsets' || finalizer === undefined) return;
    const isDependent = ({ metadata }: Stored<KubernetesObject>) => controllerOf(metadata)?.uid === uid;
    for (const kind of [resources.pods, resources.controllerRevisions] as readonly Resource[]) {
      const left = new Set(
        archive
          .all(kind)
          .filter(isDependent)
          .map(({ metadata }) => metadata.uid),
      );
      const known = archive
        .allAt(kind, seen[kind.name] ?? 0)
        .filter(isDependent)
        .find(
          ({ metadata }) => left.has(metadata.uid) && (metadata.creationTimestamp ?? '') < (deletionTimestamp ?? ''),
        );
      if (known !== undefined) violate('collection', `${name} goes (${finalizer}) before ${known.metadata.name}`);
    }
  };

  /** A taint drives pods off their node, and only those that do not tolerate it. */
  const evicting = ({ object }: Change) => {
    const { spec, metadata } = object as Stored<Pod>;
    const nodes = archive.statesSince(resources.nodes, undefined, spec.nodeName ?? '', 0);
    if (!nodes.some((node) => node !== undefined && minds(object as Stored<Pod>, node, ['NoExecute'])))
      violate('eviction', `${metadata.name} is evicted from ${spec.nodeName}, which never had a taint that it minds`);
  };

  const collectingPods = ({ object }: Change, request: Request | undefined) => {
    const { spec, metadata } = object as Stored<Pod>;
    const node = archive.find(resources.nodes, undefined, spec.nodeName ?? '');
    if (node === undefined) return;
    const isSeen = archive
      .allAt(resources.nodes, request?.seen['nodes'] ?? 0)
      .some(({ metadata: { uid } }) => uid === node.metadata.uid);
    if (isOlder(node.metadata.creationTimestamp, isSeen ? underWayMsMax : newsMsMax))
      violate('collection', `${metadata.name} is collected, and its node ${spec.nodeName} is there`);
  };

  return (change: Change, request: Request | undefined): void => {
    const { resource, actor, type, object, previous } = change;
    bookkeeping(change);
    if (request !== undefined) obedience(change, request);
    if (request !== undefined && type === 'DELETED') releasing(change, request);
    if (resource === 'pods' && actor === 'default-scheduler' && type === 'MODIFIED') scheduling(change, request);
    const goes =
      type === 'DELETED' || (object.metadata.deletionTimestamp ?? '') !== (previous?.metadata.deletionTimestamp ?? '');
    if (actor === 'generic-garbage-collector' && goes && resource !== 'daemonsets') collecting(change);
    if (actor === 'pod-garbage-collector' && goes) collectingPods(change, request);
    if (actor === 'node-controller' && resource === 'pods' && goes) evicting(change);
  };
}

const specOf = (object: object) => JSON.stringify((object as { readonly spec?: unknown }).spec);
const statusOf = (object: object) => JSON.stringify((object as { readonly status?: unknown }).status);

const minds = ({ spec }: Pod, node: Node, effects: Parameters<typeof findUntolerated>[2]) =>
  findUntolerated(node.spec?.taints ?? [], spec.tolerations ?? [], effects) !== undefined;
