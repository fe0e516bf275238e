// Flow 5: the three ways to delete a DaemonSet.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fluentd, getPods, namespace, onePodOnEach, threeNodes, uidOf } from './support/daemonset.ts';
import { seedManifest, up } from './support/everynode.ts';
import { eventually, throughout } from './support/eventually.ts';
import { type Kubectl, needsKubectl } from './support/kubectl.ts';

async function daemonSetGone(kubectl: Kubectl): Promise<void> {
  const outcome = await kubectl.attempt(['-n', namespace, 'get', 'daemonset', fluentd]);
  assert.match(outcome.stderr, /Error from server \(NotFound\): daemonsets\.apps "fluentd-elasticsearch" not found/);
}

async function nothingLeft(kubectl: Kubectl): Promise<void> {
  await eventually('no pod and no revision is left', async () => {
    assert.deepEqual(await getPods(kubectl), []);
    assert.deepEqual((await kubectl.get<{ items: unknown[] }>('-n', namespace, 'controllerrevisions')).items, []);
  });
}

test('background: the DaemonSet goes at once, its pods and revisions follow', needsKubectl, async (t) => {
  const { kubectl } = await up(t);
  await kubectl.run(['apply', '-f', seedManifest]);
  await onePodOnEach(kubectl, threeNodes);
  await kubectl.run(['-n', namespace, 'delete', 'daemonset', fluentd, '--cascade=background']);
  await daemonSetGone(kubectl);
  await nothingLeft(kubectl);
});

test('foreground: the DaemonSet stays until its pods are gone, and makes no new ones', needsKubectl, async (t) => {
  const { kubectl } = await up(t);
  await kubectl.run(['apply', '-f', seedManifest]);
  await onePodOnEach(kubectl, threeNodes);
  await kubectl.run(['-n', namespace, 'delete', 'daemonset', fluentd, '--cascade=foreground', '--timeout=60s']);
  await daemonSetGone(kubectl);
  await nothingLeft(kubectl);
});

test('orphan: the DaemonSet goes and its pods go on running', needsKubectl, async (t) => {
  const { kubectl } = await up(t);
  await kubectl.run(['apply', '-f', seedManifest]);
  const before = await onePodOnEach(kubectl, threeNodes);
  await kubectl.run(['-n', namespace, 'delete', 'daemonset', fluentd, '--cascade=orphan']);
  await daemonSetGone(kubectl);
  await throughout(2_000, async () => assert.deepEqual((await getPods(kubectl)).map(uidOf), before.map(uidOf)));
});
