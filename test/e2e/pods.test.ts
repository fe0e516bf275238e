// Flow 3: pods that vanish, that are too many, and that nobody owns.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  fluentd,
  getDaemonSet,
  getPods,
  namespace,
  nodeOf,
  onePodOnEach,
  threeNodes,
  uidOf,
} from './support/daemonset.ts';
import { seedManifest, up } from './support/everynode.ts';
import { eventually } from './support/eventually.ts';
import { needsKubectl } from './support/kubectl.ts';

test('a deleted pod comes back on the same node', needsKubectl, async (t) => {
  const { kubectl } = await up(t);
  await kubectl.run(['apply', '-f', seedManifest]);
  const [first, ...others] = await onePodOnEach(kubectl, threeNodes);
  await kubectl.run(['-n', namespace, 'delete', 'pod', first!.metadata.name, '--wait=false']);
  const [replacement, ...rest] = await onePodOnEach(kubectl, threeNodes);
  assert.equal(nodeOf(replacement!), nodeOf(first!));
  assert.notEqual(replacement!.metadata.uid, first!.metadata.uid);
  assert.deepEqual(rest.map(uidOf), others.map(uidOf), 'the others stay');
});

test('a second pod with the same labels on a node is removed, the older one stays', needsKubectl, async (t) => {
  const { kubectl } = await up(t);
  await kubectl.run(['apply', '-f', seedManifest]);
  const before = await onePodOnEach(kubectl, threeNodes);
  // Which one is older shows in whole seconds: let the clock move on first.
  const newest = Math.max(...before.map((pod) => Date.parse(pod.metadata.creationTimestamp)));
  await eventually('a second later', () => {
    assert.ok(Date.now() > newest + 1_000);
    return Promise.resolve();
  });
  const second = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'second', namespace, labels: { name: fluentd } },
    spec: { nodeName: 'node-2', containers: [{ name: 'second', image: 'example.com/second:1' }] },
  };
  await kubectl.run(['create', '-f', '-'], JSON.stringify(second));
  await eventually('the second pod is gone', async () => {
    const outcome = await kubectl.attempt(['-n', namespace, 'get', 'pod', 'second']);
    assert.match(outcome.stderr, /NotFound/);
  });
  assert.deepEqual((await onePodOnEach(kubectl, threeNodes)).map(uidOf), before.map(uidOf));
});

test('orphaned pods are adopted by a DaemonSet that comes back, without a restart', needsKubectl, async (t) => {
  const { kubectl } = await up(t);
  await kubectl.run(['apply', '-f', seedManifest]);
  const before = await onePodOnEach(kubectl, threeNodes);
  await kubectl.run(['-n', namespace, 'delete', 'daemonset', fluentd, '--cascade=orphan']);
  await eventually('the pods have no owner', async () => {
    const orphans = await getPods(kubectl);
    assert.deepEqual(orphans.map(uidOf), before.map(uidOf));
    assert.ok(
      orphans.every((pod) => pod.metadata.ownerReferences === undefined || pod.metadata.ownerReferences.length === 0),
    );
  });

  await kubectl.run(['apply', '-f', seedManifest]);
  const adopted = await onePodOnEach(kubectl, threeNodes);
  assert.deepEqual(adopted.map(uidOf), before.map(uidOf), 'the same pods');
  const { metadata } = await getDaemonSet(kubectl);
  for (const pod of adopted) assert.equal(pod.metadata.ownerReferences?.[0]?.uid, metadata.uid);
});
