// What explain and plan go by: one DaemonSet and everything that decides about it, as the API server has it now.
import {
  type DaemonSet,
  isReason,
  type KubernetesObject,
  type Pod,
  resources,
  type Resource,
  type RolloutPolicy,
  type Stored,
} from '../../api/index.ts';
import { type Client, listWatch, type ListWatchOptions } from '../../client/index.ts';
import { PolicyIndex } from '../../controllers/daemonset/index.ts';
import { nodeFields, readDaemonSet, type Snapshot, viewNode, viewPod } from '../../core/daemonset/index.ts';
import { troubleOf, type Trouble } from '../../core/pod/index.ts';
import { readPages } from '../../machinery/index.ts';

const pageSize = 500;

export interface Looked {
  readonly snapshot: Snapshot;
  /** What keeps pods from being ready, by their UID. */
  readonly troubles: ReadonlyMap<string, Trouble>;
}

/** Undefined when there is no such DaemonSet. */
export async function findDaemonSet(
  client: Client,
  namespace: string,
  name: string,
  signal: AbortSignal,
): Promise<Stored<DaemonSet> | undefined> {
  try {
    return readDaemonSet(await client.get(resources.daemonSets, namespace, name, { signal }));
  } catch (error) {
    if (isReason(error, 'NotFound')) return undefined;
    throw error;
  }
}

export async function readSnapshot(client: Client, daemonSet: Stored<DaemonSet>, signal: AbortSignal): Promise<Looked> {
  const { name, namespace = '' } = daemonSet.metadata;
  const read = <T extends KubernetesObject, V>(
    resource: Resource<T>,
    view: (object: Stored<T>) => V,
    options: ListWatchOptions = { namespace },
  ) => readAll(client, resource, options, view, signal);
  const troubles = new Map<string, Trouble>();
  const viewed = (pod: Stored<Pod>) => {
    const trouble = troubleOf(pod);
    if (trouble !== undefined) troubles.set(pod.metadata.uid, trouble);
    return viewPod(pod);
  };
  const policies = await read(resources.rolloutPolicies, (policy) => policy).catch((error: unknown) => {
    // A cluster without its definition has none.
    if (isReason(error, 'NotFound')) return [];
    throw error;
  });
  const revisions = await read(resources.controllerRevisions, (revision) => revision);
  const pods = await read(resources.pods, viewed);
  const nodes = await read(resources.nodes, viewNode, { fields: nodeFields });
  const policy = governing(policies, `${namespace}/${name}`);
  return { snapshot: { daemonSet, nodes, pods, revisions, policy }, troubles };
}

async function readAll<T extends KubernetesObject, V>(
  client: Client,
  resource: Resource<T>,
  options: ListWatchOptions,
  view: (object: Stored<T>) => V,
  signal: AbortSignal,
): Promise<readonly V[]> {
  let views: V[] = [];
  await readPages(listWatch(client, resource, options), pageSize, signal, {
    object: (object) => views.push(view(object)),
    startOver: () => (views = []),
  });
  return views;
}

function governing(policies: readonly Stored<RolloutPolicy>[], daemonSet: string): Stored<RolloutPolicy> | undefined {
  const index = new PolicyIndex();
  for (const policy of policies) index.set(policy);
  return index.of(daemonSet)[0];
}
