// Flow 4: rolling update within its budget, history, undo, surge, OnDelete.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Pod, Stored } from '../../src/api/index.ts';
import {
  fluentd,
  getDaemonSet,
  getPods,
  imageOf,
  isReady,
  namespace,
  nodeOf,
  onePodOnEach,
  threeNodes,
  uidOf,
} from './support/daemonset.ts';
import { seedManifest, up } from './support/everynode.ts';
import { eventually, throughout } from './support/eventually.ts';
import { type Kubectl, needsKubectl, type Watching } from './support/kubectl.ts';

const original = 'quay.io/fluentd_elasticsearch/fluentd:v2.5.2';
const newer = 'quay.io/fluentd_elasticsearch/fluentd:v3.0.0';
const newest = 'quay.io/fluentd_elasticsearch/fluentd:v4.0.0';
const target = `daemonset/${fluentd}`;

const rollout = (kubectl: Kubectl, ...args: readonly string[]) =>
  kubectl.run(['-n', namespace, 'rollout', args[0]!, target, ...args.slice(1)]);
const setImage = (kubectl: Kubectl, image: string) =>
  kubectl.run(['-n', namespace, 'set', 'image', target, `${fluentd}=${image}`]);
const patchStrategy = (kubectl: Kubectl, updateStrategy: unknown) =>
  kubectl.run(['-n', namespace, 'patch', target, '--type=merge', '-p', JSON.stringify({ spec: { updateStrategy } })]);

async function settled(kubectl: Kubectl, image: string): Promise<void> {
  assert.match(await rollout(kubectl, 'status', '--timeout=90s'), /successfully rolled out/);
  const pods = await onePodOnEach(kubectl, threeNodes);
  assert.deepEqual(pods.map(imageOf), [image, image, image]);
}

/** How many nodes had no ready pod that is meant to stay, at the worst moment that the watch saw after all were ready. */
function worstUnavailable(watching: Watching<Stored<Pod>>): number {
  const pods = new Map<string, Stored<Pod>>();
  let started = false;
  let worst = 0;
  for (const { type, object } of watching.events) {
    if (type === 'DELETED') pods.delete(object.metadata.name);
    else pods.set(object.metadata.name, object);
    const serving = [...pods.values()].filter((pod) => isReady(pod) && pod.metadata.deletionTimestamp === undefined);
    const unavailable = threeNodes.length - new Set(serving.map(nodeOf)).size;
    started ||= unavailable === 0;
    if (started) worst = Math.max(worst, unavailable);
  }
  assert.ok(started, 'the watch saw the pods ready');
  return worst;
}

const watchPods = (kubectl: Kubectl) => kubectl.watch<Stored<Pod>>('-n', namespace, 'pods', '-l', `name=${fluentd}`);
const initialPodsSeen = (watching: Watching<unknown>) =>
  eventually('the watch has the pods', () => {
    assert.ok(watching.events.length >= threeNodes.length);
    return Promise.resolve();
  });

test(
  'set image rolls node by node within maxUnavailable; history and undo go back and forth',
  needsKubectl,
  async (t) => {
    const { kubectl } = await up(t);
    await kubectl.run(['apply', '-f', seedManifest]);
    await settled(kubectl, original);

    const watching = watchPods(kubectl);
    t.after(() => watching.stop());
    await initialPodsSeen(watching);
    await setImage(kubectl, newer);
    await settled(kubectl, newer);
    watching.stop();
    assert.equal(worstUnavailable(watching), 1, 'one node at a time, and never two');

    const history = await rollout(kubectl, 'history');
    assert.match(history, /^1\s/m);
    assert.match(history, /^2\s/m);
    assert.match(await rollout(kubectl, 'history', '--revision=1'), new RegExp(original));

    await rollout(kubectl, 'undo');
    await settled(kubectl, original);
    const afterUndo = await rollout(kubectl, 'history');
    assert.match(afterUndo, /^3\s/m, 'the old revision is the newest again');
    assert.doesNotMatch(afterUndo, /^1\s/m);

    await rollout(kubectl, 'undo', '--to-revision=2');
    await settled(kubectl, newer);
  },
);

test('with maxSurge the new pod is ready before the old one goes', needsKubectl, async (t) => {
  const { kubectl } = await up(t);
  await kubectl.run(['apply', '-f', seedManifest]);
  await settled(kubectl, original);
  await patchStrategy(kubectl, { rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } });

  const watching = watchPods(kubectl);
  t.after(() => watching.stop());
  await initialPodsSeen(watching);
  await setImage(kubectl, newer);
  await settled(kubectl, newer);
  watching.stop();
  assert.equal(worstUnavailable(watching), 0);
});

test('a rollout to an image that cannot be pulled stops at its budget, and undo heals it', needsKubectl, async (t) => {
  const { kubectl } = await up(t, { args: ['--simulate', 'image=*:non-existent: ImagePullBackOff'] });
  await kubectl.run(['apply', '-f', seedManifest]);
  await settled(kubectl, original);
  await setImage(kubectl, 'quay.io/fluentd_elasticsearch/fluentd:non-existent');
  await eventually('one pod cannot pull its image', async () => {
    const waiting = (await getPods(kubectl)).map((pod) => pod.status?.containerStatuses?.[0]?.state?.waiting?.reason);
    assert.ok(waiting.includes('ImagePullBackOff'), String(waiting));
  });
  await throughout(2_000, async () => {
    const { status } = await getDaemonSet(kubectl);
    assert.ok((status?.numberAvailable ?? 0) >= 2, 'two of three keep running');
  });
  await rollout(kubectl, 'undo');
  await settled(kubectl, original);
});

test('OnDelete replaces a pod only when somebody deletes it', needsKubectl, async (t) => {
  const { kubectl } = await up(t);
  await kubectl.run(['apply', '-f', seedManifest]);
  await settled(kubectl, original);
  await patchStrategy(kubectl, { type: 'OnDelete', rollingUpdate: null });
  await setImage(kubectl, newest);
  const before = await eventually('the controller has seen the change', async () => {
    const { metadata, status } = await getDaemonSet(kubectl);
    assert.equal(status?.observedGeneration, metadata.generation);
    assert.equal(status?.updatedNumberScheduled ?? 0, 0);
    return await getPods(kubectl);
  });
  await throughout(1_500, async () => assert.deepEqual((await getPods(kubectl)).map(uidOf), before.map(uidOf)));

  await kubectl.run(['-n', namespace, 'delete', 'pod', before[0]!.metadata.name]);
  await eventually('the deleted pod is back with the new image, the others keep the old one', async () => {
    const pods = await getPods(kubectl);
    assert.deepEqual(pods.map(nodeOf), [...threeNodes]);
    assert.ok(pods.every(isReady));
    assert.deepEqual(pods.map(imageOf), [newest, original, original]);
  });
});
