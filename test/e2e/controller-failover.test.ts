// Two replicas: one leads, the other takes over, and no node ever has two pods for it.
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { type ControllerProcess, startController, withoutDaemonSets } from './support/controller.ts';
import { fluentd, getPods, imageOf, namespace, nodeOf, onePodOnEach, type StoredPod } from './support/daemonset.ts';
import { seedManifest, up } from './support/everynode.ts';
import { eventually } from './support/eventually.ts';
import { type Kubectl, needsKubectl, type Watching } from './support/kubectl.ts';

const nodes = Array.from({ length: 12 }, (_, index) => `node-${index + 1}`).toSorted();
const newer = 'quay.io/fluentd_elasticsearch/fluentd:v3.0.0';
const leads = 'this process leads now';

interface Scene {
  readonly kubectl: Kubectl;
  readonly leader: ControllerProcess;
  readonly other: ControllerProcess;
  readonly watching: Watching<StoredPod>;
}

/** A rollout in its middle, under the leader of two replicas. */
async function midRollout(t: TestContext): Promise<Scene> {
  const { kubectl, kubeconfigPath } = await up(t, { nodes: nodes.length, args: withoutDaemonSets });
  const leader = startController(t, kubeconfigPath);
  await leader.says(leads);
  const other = startController(t, kubeconfigPath);
  const watching = kubectl.watch<StoredPod>('-n', namespace, 'pods', '-l', `name=${fluentd}`);
  t.after(() => watching.stop());
  await kubectl.run(['apply', '-f', seedManifest]);
  await onePodOnEach(kubectl, nodes);
  assert.ok(!other.log().some(({ message }) => message === leads), 'only one leads');
  await kubectl.run(['-n', namespace, 'set', 'image', `ds/${fluentd}`, `${fluentd}=${newer}`]);
  await eventually('the rollout has begun', async () => {
    assert.ok((await getPods(kubectl)).some((pod) => imageOf(pod) === newer));
  });
  return { kubectl, leader, other, watching };
}

async function rolledOut({ kubectl, watching }: Scene): Promise<void> {
  await eventually('the new image is everywhere', async () => {
    assert.deepEqual(
      (await getPods(kubectl)).map(imageOf),
      nodes.map(() => newer),
    );
  });
  await onePodOnEach(kubectl, nodes);
  assert.deepEqual(doublePods(watching), []);
}

/** Nodes on which, at some time, two pods were live at once: not finished and not asked to go. */
function doublePods({ events }: Watching<StoredPod>): readonly string[] {
  const live = new Map<string, string>();
  const doubles = new Set<string>();
  for (const { type, object } of events) {
    const { uid, deletionTimestamp } = object.metadata;
    if (type === 'DELETED' || deletionTimestamp !== undefined) live.delete(uid);
    else if (nodeOf(object) !== '') live.set(uid, nodeOf(object));
    const taken = [...live.values()];
    for (const node of taken) if (taken.indexOf(node) !== taken.lastIndexOf(node)) doubles.add(node);
  }
  return [...doubles];
}

test('the leader is killed in the middle of a rollout, and the other one ends it', needsKubectl, async (t) => {
  const scene = await midRollout(t);
  await scene.leader.stop('SIGKILL');
  await scene.other.says(leads);
  await rolledOut(scene);
  assert.equal((await scene.other.stop()).code, 0);
});

test('a leader that was asleep longer than its lease writes no more when it wakes up', needsKubectl, async (t) => {
  const scene = await midRollout(t);
  scene.leader.signal('SIGSTOP');
  await scene.other.says(leads);
  scene.leader.signal('SIGCONT');
  await scene.leader.says('this process leads no longer');
  await rolledOut(scene);
  assert.equal((await scene.leader.stop()).code, 0);
});

test('a leader that stops lets the other one lead at once', needsKubectl, async (t) => {
  const scene = await midRollout(t);
  assert.deepEqual(await scene.leader.stop('SIGTERM'), { code: 0, signal: null });
  await scene.other.says(leads);
  await rolledOut(scene);
});
