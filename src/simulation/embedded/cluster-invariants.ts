// Safety of what is around the DaemonSet controller in the second mode, checked at every write by what the store held at
// that moment: the API server's bookkeeping, the scheduler, the two garbage collectors.
import { controllerOf, type Node, type Pod, resources, type Stored } from '../../api/index.ts';
import type { Clock } from '../../machinery/index.ts';
import type { Archive, Change } from '../archive.ts';
import { nodeOf } from '../truth.ts';

/** A node or an owner this young may not be known yet to who asked a moment ago and then waited for its turn. */
const newsMsMax = 30_000;

export interface ClusterInvariantsOptions {
  readonly archive: Archive;
  readonly clock: Clock;
  readonly violate: (invariant: string, what: string) => void;
}

/** Returns what is to be called with each change before it is recorded. */
export function createClusterInvariants({ archive, clock, violate }: ClusterInvariantsOptions) {
  const isOld = (created: string | undefined) => clock.now() - Date.parse(created ?? '') > newsMsMax;

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

  const scheduling = ({ object, previous }: Change) => {
    const pod = object as Stored<Pod>;
    const before = (previous as Stored<Pod> | undefined)?.spec.nodeName;
    const { nodeName } = pod.spec;
    if (before === nodeName) return;
    if (before !== undefined) violate('binding', `${pod.metadata.name} moves from ${before} to ${nodeName}`);
    const wanted = previous === undefined ? undefined : nodeOf(previous as Stored<Pod>);
    if (wanted !== undefined && wanted !== nodeName)
      violate('binding', `${pod.metadata.name} is for ${wanted} and was bound to ${nodeName}`);
  };

  /** Nothing goes whose owner is there and stays. */
  const collecting = ({ resource, object }: Change) => {
    const owner = controllerOf(object.metadata)?.uid;
    const living = archive.all(resources.daemonSets).find(({ metadata }) => metadata.uid === owner);
    if (living !== undefined && living.metadata.deletionTimestamp === undefined)
      violate('collection', `${resource} ${object.metadata.name} is collected, and its owner lives`);
  };

  const collectingPods = ({ object }: Change) => {
    const { spec, metadata } = object as Stored<Pod>;
    const node = archive.all(resources.nodes).find((node: Stored<Node>) => node.metadata.name === spec.nodeName);
    if (node !== undefined && isOld(node.metadata.creationTimestamp))
      violate('collection', `${metadata.name} is collected, and its node ${spec.nodeName} is there`);
  };

  return (change: Change): void => {
    const { resource, actor, type, object, previous } = change;
    bookkeeping(change);
    if (resource === 'pods' && actor === 'default-scheduler' && type === 'MODIFIED') scheduling(change);
    const goes =
      type === 'DELETED' || (object.metadata.deletionTimestamp ?? '') !== (previous?.metadata.deletionTimestamp ?? '');
    if (actor === 'generic-garbage-collector' && goes && resource !== 'daemonsets') collecting(change);
    if (actor === 'pod-garbage-collector' && goes) collectingPods(change);
  };
}

const specOf = (object: object) => JSON.stringify((object as { readonly spec?: unknown }).spec);
