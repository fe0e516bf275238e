// What the tests look at of a DaemonSet and its pods, as `kubectl get -o json` shows them.
import assert from 'node:assert/strict';
import type { DaemonSet, KubernetesList, Pod, Stored } from '../../../src/api/index.ts';
import { eventually } from './eventually.ts';
import type { Kubectl } from './kubectl.ts';

export const namespace = 'kube-system';
export const fluentd = 'fluentd-elasticsearch';
export type StoredPod = Stored<Pod>;

export const getDaemonSet = (kubectl: Kubectl) => kubectl.get<Stored<DaemonSet>>('-n', namespace, 'daemonset', fluentd);

/** Pods with the seed's label, ordered by node. */
export async function getPods(kubectl: Kubectl): Promise<readonly StoredPod[]> {
  const list = await kubectl.get<KubernetesList<StoredPod>>('-n', namespace, 'pods', '-l', `name=${fluentd}`);
  return list.items.toSorted((a, b) => (nodeOf(a) < nodeOf(b) ? -1 : 1));
}

export const nodeOf = (pod: Pod): string => pod.spec.nodeName ?? '';
export const uidOf = (pod: StoredPod): string => pod.metadata.uid;
export const imageOf = (pod: Pod): string | undefined => pod.spec.containers[0]?.image;

export function isReady(pod: Pod): boolean {
  return pod.status?.conditions?.find((condition) => condition.type === 'Ready')?.status === 'True';
}

/** Exactly one pod on each of these nodes and nowhere else, ready and not on its way out; the DaemonSet says so too. */
export function onePodOnEach(
  kubectl: Kubectl,
  nodes: readonly string[],
  withinMs?: number,
): Promise<readonly StoredPod[]> {
  return eventually(
    `one ready pod on each of ${nodes.length} nodes`,
    async () => {
      const pods = await getPods(kubectl);
      assert.deepEqual(pods.map(nodeOf), nodes.toSorted());
      assert.ok(pods.every(isReady), 'every pod is ready');
      assert.ok(
        pods.every((pod) => pod.metadata.deletionTimestamp === undefined),
        'no pod is terminating',
      );
      const { metadata, status } = await getDaemonSet(kubectl);
      assert.equal(status?.observedGeneration, metadata.generation, 'the controller has seen the newest spec');
      assert.equal(status?.desiredNumberScheduled, nodes.length);
      assert.equal(status?.numberReady, nodes.length);
      assert.equal(status?.updatedNumberScheduled, nodes.length);
      return pods;
    },
    withinMs,
  );
}

export const threeNodes = ['node-1', 'node-2', 'node-3'] as const;
