// The seed's DaemonSet under a RolloutPolicy, as kubectl shows both.
import assert from 'node:assert/strict';
import {
  findCondition,
  type Pod,
  pinnedNode,
  type RolloutPolicy,
  type RolloutPolicySpec,
  type RolloutPhase,
  type Stored,
} from '../../../src/api/index.ts';
import { fluentd, getDaemonSet, getPods, imageOf, isReady, namespace, nodeOf, type StoredPod } from './daemonset.ts';
import { seedManifest } from './everynode.ts';
import { eventually } from './eventually.ts';
import type { Kubectl, Watching } from './kubectl.ts';

export const original = 'quay.io/fluentd_elasticsearch/fluentd:v2.5.2';
export const newer = 'quay.io/fluentd_elasticsearch/fluentd:v3.0.0';
export const newest = 'quay.io/fluentd_elasticsearch/fluentd:v4.0.0';
export const fourNodes = ['node-1', 'node-2', 'node-3', 'node-4'] as const;

type Spec = Omit<RolloutPolicySpec, 'targetRef'>;
export type StoredPolicy = Stored<RolloutPolicy>;

export function manifest(name: string, spec: object): string {
  return JSON.stringify({
    apiVersion: 'everynode.dev/v1alpha1',
    kind: 'RolloutPolicy',
    metadata: { name, namespace },
    spec: { targetRef: { name: fluentd }, ...spec },
  });
}

export const getPolicy = (kubectl: Kubectl, name = fluentd) =>
  kubectl.get<StoredPolicy>('-n', namespace, 'rolloutpolicies', name);
export const patchPolicy = (kubectl: Kubectl, spec: object) =>
  kubectl.run(['-n', namespace, 'patch', 'rolloutpolicy', fluentd, '--type=merge', '-p', JSON.stringify({ spec })]);
export const annotate = (kubectl: Kubectl, annotation: string) =>
  kubectl.run(['-n', namespace, 'annotate', '--overwrite', 'rop', fluentd, annotation]);
export const setImage = (kubectl: Kubectl, image: string) =>
  kubectl.run(['-n', namespace, 'set', 'image', `daemonset/${fluentd}`, `${fluentd}=${image}`]);
/**
 * Not waited for: the pod's successor may have its name, and kubectl, which compares UIDs only at its first look, then
 * waits for the end of that one.
 */
export const deletePod = (kubectl: Kubectl, pod: StoredPod) =>
  kubectl.run(['-n', namespace, 'delete', 'pod', pod.metadata.name, '--wait=false']);

/** A new image whose pods the simulated nodes let misbehave in this way; '' for good ones. */
export function setTemplate(kubectl: Kubectl, image: string, behaviour: string): Promise<string> {
  const template = {
    metadata: { annotations: { 'everynode.dev/simulate': behaviour === '' ? null : behaviour } },
    spec: { containers: [{ name: fluentd, image }] },
  };
  const patch = JSON.stringify({ spec: { template } });
  return kubectl.run(['-n', namespace, 'patch', 'daemonset', fluentd, '--type=strategic', '-p', patch]);
}

/** Waits for the phase, of the newest spec; `message` where a phase says more than one thing. */
export function phaseIs(kubectl: Kubectl, phase: RolloutPhase, name = fluentd): Promise<StoredPolicy> {
  return eventually(`the policy is ${phase}`, async () => {
    const policy = await getPolicy(kubectl, name);
    assert.equal(policy.status?.phase, phase, JSON.stringify(policy.status));
    assert.equal(policy.status?.observedGeneration, policy.metadata.generation);
    return policy;
  });
}

export function acceptedIs(kubectl: Kubectl, status: string, reason: string | undefined, name = fluentd) {
  return eventually(`Accepted is ${status}`, async () => {
    const policy = await getPolicy(kubectl, name);
    const accepted = findCondition(policy.status?.conditions, 'Accepted');
    assert.equal(accepted?.status, status, JSON.stringify(policy.status));
    if (reason !== undefined) assert.equal(accepted?.reason, reason);
    return accepted;
  });
}

/** The seed and a policy for it, the first revision on every node and proven. */
export async function launch(kubectl: Kubectl, spec: Spec): Promise<StoredPolicy> {
  await kubectl.run(['apply', '-f', seedManifest]);
  await kubectl.run(['apply', '-f', '-'], manifest(fluentd, spec));
  const policy = await phaseIs(kubectl, 'Complete');
  await imagesAre(kubectl, Object.fromEntries(fourNodes.map((node) => [node, original])));
  assert.equal(policy.status?.provenRevision, revisionOf((await getPods(kubectl))[0]!));
  return policy;
}

export function revisionOf(pod: StoredPod): string {
  return pod.metadata.labels?.['controller-revision-hash'] ?? '';
}

/** By node, the image of its one pod that is not on its way out, ready unless said otherwise. */
export async function imagesAre(
  kubectl: Kubectl,
  wanted: Readonly<Record<string, string | undefined>>,
  unready: readonly string[] = [],
): Promise<readonly StoredPod[]> {
  return eventually('each node has the pod of the revision that it should have', async () => {
    const pods = await getPods(kubectl);
    assert.deepEqual(pods.map(nodeOf), Object.keys(wanted).toSorted());
    assert.deepEqual(Object.fromEntries(pods.map((pod) => [nodeOf(pod), imageOf(pod)])), wanted);
    for (const pod of pods) {
      assert.equal(pod.metadata.deletionTimestamp, undefined);
      if (!unready.includes(nodeOf(pod))) assert.ok(isReady(pod), `${nodeOf(pod)} is ready`);
    }
    return pods;
  });
}

/** The one node that has the image, while the others have the original. */
export async function canaryWith(kubectl: Kubectl, image: string, ready = true) {
  return eventually(`one node has ${image}`, async () => {
    const pods = await getPods(kubectl);
    assert.deepEqual(pods.map(nodeOf), [...fourNodes]);
    const [canary, ...more] = pods.filter((pod) => imageOf(pod) === image);
    assert.ok(canary !== undefined && more.length === 0, pods.map(imageOf).join());
    assert.equal(isReady(canary), ready);
    const held = pods.filter((pod) => pod !== canary);
    for (const pod of held) assert.equal(imageOf(pod), original);
    return { canary, held };
  });
}

/** On which nodes a pod of this image ever was, as a watch sees it. */
export function nodesThatHad(watching: Watching<Stored<Pod>>, image: string): readonly string[] {
  const pods = watching.events.map(({ object }) => object).filter((pod) => imageOf(pod) === image);
  const pinned = ({ spec }: Pod) =>
    pinnedNode(spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution);
  return [...new Set(pods.map((pod) => pod.spec.nodeName ?? pinned(pod) ?? '?'))].toSorted();
}

/** A watch of all pods of the DaemonSet that has already seen those that there are. */
export async function watchPods(kubectl: Kubectl): Promise<Watching<Stored<Pod>>> {
  const watching = kubectl.watch<Stored<Pod>>('-n', namespace, 'pods', '-l', `name=${fluentd}`);
  await eventually('the watch has the pods', async () => assert.ok(watching.events.length >= fourNodes.length));
  return watching;
}

/** The controller has seen the DaemonSet as it is, and counts this many pods of its newest revision. */
export function updatedIs(kubectl: Kubectl, count: number) {
  return eventually(`${count} are updated`, async () => {
    const { metadata, status } = await getDaemonSet(kubectl);
    assert.equal(status?.observedGeneration, metadata.generation);
    assert.equal(status?.updatedNumberScheduled ?? 0, count);
  });
}
