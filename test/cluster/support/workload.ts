// The DaemonSet that these tests apply, and what they look at of it. It tolerates everything: it belongs on every node.
import assert from 'node:assert/strict';
import type { ControllerRevision, DaemonSet, KubernetesList, Pod, Stored } from '../../../src/api/index.ts';
import { eventually } from '../../e2e/support/eventually.ts';
import type { Cluster } from './cluster.ts';

/** Images that the nodes can have: two of them, for rollouts. */
export const image = process.env.EVERYNODE_CLUSTER_IMAGE ?? 'registry.k8s.io/pause:3.9';
export const newerImage = process.env.EVERYNODE_CLUSTER_NEWER_IMAGE ?? 'registry.k8s.io/pause:3.10';
export const name = 'everywhere';
const withinMs = 180_000;

export type StoredPod = Stored<Pod>;
export const nodeOf = (pod: Pod): string => pod.spec.nodeName ?? '';
export const uidOf = (pod: StoredPod): string => pod.metadata.uid;
export const imageOf = (pod: Pod): string => pod.spec.containers[0]!.image!;

export function manifest({ namespace }: Cluster, spec: object = {}, podSpec: object = {}): string {
  const labels = { app: name };
  return JSON.stringify({
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata: { name, namespace },
    spec: {
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          tolerations: [{ operator: 'Exists' }],
          terminationGracePeriodSeconds: 1,
          containers: [{ name: 'pause', image }],
          ...podSpec,
        },
      },
      ...spec,
    },
  });
}

export const apply = (cluster: Cluster, text: string = manifest(cluster)): Promise<string> =>
  cluster.kubectl.run(['apply', '-f', '-'], text);
export const rollout = (cluster: Cluster, ...args: readonly string[]): Promise<string> =>
  cluster.kubectl.run(['-n', cluster.namespace, 'rollout', args[0]!, `daemonset/${name}`, ...args.slice(1)]);
export const setImage = (cluster: Cluster, to: string): Promise<string> =>
  cluster.kubectl.run(['-n', cluster.namespace, 'set', 'image', `daemonset/${name}`, `pause=${to}`]);
export const getDaemonSet = ({ kubectl, namespace }: Cluster): Promise<Stored<DaemonSet>> =>
  kubectl.get<Stored<DaemonSet>>('-n', namespace, 'daemonset', name);

export async function getPods({ kubectl, namespace }: Cluster): Promise<readonly StoredPod[]> {
  const { items } = await kubectl.get<KubernetesList<StoredPod>>('-n', namespace, 'pods', '-l', `app=${name}`);
  return items.toSorted((a, b) => (nodeOf(a) < nodeOf(b) ? -1 : 1));
}

/** `name number`, in order. */
export async function getRevisions({ kubectl, namespace }: Cluster): Promise<readonly string[]> {
  const list = await kubectl.get<KubernetesList<Stored<ControllerRevision>>>('-n', namespace, 'controllerrevisions');
  return list.items.map(({ metadata, revision }) => `${metadata.name} ${revision}`).toSorted();
}

/** One ready pod of this image on each node (of the cluster, unless said otherwise), and the status says so too. */
export function settled(
  cluster: Cluster,
  expected: string = image,
  nodes?: readonly string[],
): Promise<readonly StoredPod[]> {
  return eventually(
    'one ready pod on each node',
    async () => {
      const wanted = nodes ?? (await cluster.nodes());
      const pods = await getPods(cluster);
      assert.deepEqual(pods.map(nodeOf), wanted);
      for (const { metadata, spec, status } of pods) {
        assert.equal(spec.containers[0]!.image, expected);
        assert.equal(metadata.deletionTimestamp, undefined);
        assert.equal(status?.conditions?.find(({ type }) => type === 'Ready')?.status, 'True');
      }
      const { metadata, status } = await getDaemonSet(cluster);
      assert.equal(status?.observedGeneration, metadata.generation);
      assert.equal(status?.desiredNumberScheduled, wanted.length);
      assert.equal(status?.updatedNumberScheduled ?? 0, wanted.length);
      assert.equal(status?.numberAvailable ?? 0, wanted.length);
      return pods;
    },
    withinMs,
  );
}
