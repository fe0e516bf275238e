// Flow 2: nodes come, go, are cordoned and tainted.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { getPods, namespace, nodeOf, onePodOnEach, threeNodes, uidOf } from './support/daemonset.ts';
import { seedManifest, up } from './support/everynode.ts';
import { eventually, throughout } from './support/eventually.ts';
import { needsKubectl } from './support/kubectl.ts';

const joining = {
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name: 'node-late', annotations: { 'everynode.dev/runtime': 'simulated' } },
};

test('a node joins and its pod appears; the node is deleted and its pod goes', needsKubectl, async (t) => {
  const { kubectl } = await up(t);
  await kubectl.run(['apply', '-f', seedManifest]);
  const before = await onePodOnEach(kubectl, threeNodes);

  await kubectl.run(['create', '-f', '-'], JSON.stringify(joining));
  const joined = await onePodOnEach(kubectl, [...threeNodes, 'node-late']);
  assert.deepEqual(
    joined.filter((pod) => nodeOf(pod) !== 'node-late').map(uidOf),
    before.map(uidOf),
    'the others stay',
  );

  await kubectl.run(['delete', 'node', 'node-late']);
  const left = await onePodOnEach(kubectl, threeNodes);
  assert.deepEqual(left.map(uidOf), before.map(uidOf));

  await kubectl.run(['delete', 'node', 'node-3']);
  await onePodOnEach(kubectl, ['node-1', 'node-2']);
});

test('a cordoned node keeps its pod, and a missing one is still created there', needsKubectl, async (t) => {
  const { kubectl } = await up(t);
  await kubectl.run(['apply', '-f', seedManifest]);
  const before = await onePodOnEach(kubectl, threeNodes);

  await kubectl.run(['cordon', 'node-2']);
  await throughout(1_500, async () => assert.deepEqual((await getPods(kubectl)).map(uidOf), before.map(uidOf)));

  const pod = before.find((candidate) => nodeOf(candidate) === 'node-2')!;
  await kubectl.run(['-n', namespace, 'delete', 'pod', pod.metadata.name, '--wait=false']);
  const after = await onePodOnEach(kubectl, threeNodes);
  assert.notEqual(after.find((candidate) => nodeOf(candidate) === 'node-2')!.metadata.uid, pod.metadata.uid);
});

test('a NoExecute taint sends the pod away until the taint goes', needsKubectl, async (t) => {
  const { kubectl } = await up(t);
  await kubectl.run(['apply', '-f', seedManifest]);
  await onePodOnEach(kubectl, threeNodes);

  await kubectl.run(['taint', 'node', 'node-2', 'maintenance=now:NoExecute']);
  await onePodOnEach(kubectl, ['node-1', 'node-3']);
  await kubectl.run(['taint', 'node', 'node-2', 'maintenance-']);
  await onePodOnEach(kubectl, threeNodes);
});

test('a NoSchedule taint leaves the running pod alone and keeps a deleted one away', needsKubectl, async (t) => {
  const { kubectl } = await up(t);
  await kubectl.run(['apply', '-f', seedManifest]);
  const before = await onePodOnEach(kubectl, threeNodes);

  await kubectl.run(['taint', 'node', 'node-2', 'dedicated=db:NoSchedule']);
  await throughout(1_500, async () => assert.deepEqual((await getPods(kubectl)).map(uidOf), before.map(uidOf)));
  await kubectl.run(['-n', namespace, 'delete', 'pod', before[1]!.metadata.name]);
  await eventually('no pod on the tainted node', async () => {
    assert.deepEqual((await getPods(kubectl)).map(nodeOf), ['node-1', 'node-3']);
  });
  await throughout(1_500, async () => assert.deepEqual((await getPods(kubectl)).map(nodeOf), ['node-1', 'node-3']));
});
