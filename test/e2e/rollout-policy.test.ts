// Rollouts under a RolloutPolicy, with the real kubectl: waves, soak, approval, pause, bad revisions, and what held nodes
// get meanwhile. Nodes that are held never see the new revision, whatever is deleted, joins or is killed.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findCondition, parseTime } from '../../src/api/index.ts';
import { startController, withoutDaemonSets } from './support/controller.ts';
import { fluentd, getDaemonSet, getPods, imageOf, namespace, nodeOf, uidOf } from './support/daemonset.ts';
import { seedManifest, temporaryDirectory, up } from './support/everynode.ts';
import { eventually, throughout } from './support/eventually.ts';
import { type Kubectl, needsKubectl } from './support/kubectl.ts';
import {
  acceptedIs,
  annotate,
  canaryWith,
  deletePod,
  fourNodes,
  getPolicy,
  imagesAre,
  launch,
  manifest,
  newer,
  newest,
  nodesThatHad,
  original,
  patchPolicy,
  phaseIs,
  revisionOf,
  setImage,
  setTemplate,
  updatedIs,
  watchPods,
} from './support/rollout-policy.ts';

const nodes = fourNodes.length;
const hour = 3_600;
const onAll = (image: string, more: readonly string[] = []) =>
  Object.fromEntries([...fourNodes, ...more].map((node) => [node, image]));
const manual = { waves: [{ name: 'canary', nodes: 1, approval: 'Manual' }] };
const secondsSince = (time: string | undefined) => (Date.now() - (parseTime(time) ?? Number.NaN)) / 1000;

/** What the DaemonSet's own condition says while its rollout is under way. */
async function progressing(kubectl: Kubectl): Promise<string | undefined> {
  return findCondition((await getDaemonSet(kubectl)).status?.conditions, 'Progressing')?.reason;
}

test('the canary gets the revision first; held nodes get the old one until it has soaked', needsKubectl, async (t) => {
  const { kubectl } = await up(t, { nodes });
  assert.match(await kubectl.run(['get', 'rolloutpolicies', '-A']), /^$/);
  const before = await launch(kubectl, { waves: [{ name: 'canary', nodes: 1, soakSeconds: hour }] });
  const old = before.status!.provenRevision!;
  await setImage(kubectl, newer);
  const soaking = await phaseIs(kubectl, 'Soaking');
  const { canary, held } = await canaryWith(kubectl, newer);
  assert.equal(soaking.status?.revision, revisionOf(canary));
  assert.equal(soaking.status?.provenRevision, old);
  assert.equal(soaking.status?.openWaves, 1);
  assert.deepEqual(
    soaking.status?.waves?.map(({ name, nodes: count, updated }) => [name, count, updated]),
    [
      ['canary', 1, 1],
      ['rest', 3, 0],
    ],
  );
  assert.match(await kubectl.run(['-n', namespace, 'get', 'rop', fluentd]), /Soaking .*\b1\b/);
  await eventually('the DaemonSet says why it waits', async () => assert.equal(await progressing(kubectl), 'Soaking'));

  await deletePod(kubectl, held[0]!);
  await deletePod(kubectl, canary);
  const late = {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: 'node-5', annotations: { 'everynode.dev/runtime': 'simulated' } },
  };
  await kubectl.run(['create', '-f', '-'], JSON.stringify(late));
  const pods = await imagesAre(kubectl, { ...onAll(original, ['node-5']), [nodeOf(canary)]: newer });
  for (const pod of pods) assert.equal(revisionOf(pod), imageOf(pod) === newer ? soaking.status?.revision : old);
  assert.ok(!pods.map(uidOf).includes(held[0]!.metadata.uid) && !pods.map(uidOf).includes(canary.metadata.uid));

  // Three seconds more, from now on: the soak ends by itself, and not before.
  const { soakingSince } = (await phaseIs(kubectl, 'Soaking')).status!;
  const soakSeconds = Math.ceil(secondsSince(soakingSince)) + 3;
  await patchPolicy(kubectl, { waves: [{ name: 'canary', nodes: 1, soakSeconds }] });
  const opened = await eventually('the rest is open', async () => {
    const { status } = await getPolicy(kubectl);
    assert.equal(status?.openWaves, 2);
    return secondsSince(soakingSince);
  });
  assert.ok(opened >= soakSeconds, `${opened} s of ${soakSeconds} s`);
  const complete = await phaseIs(kubectl, 'Complete');
  assert.equal(complete.status?.provenRevision, soaking.status?.revision);
  await imagesAre(kubectl, onAll(newer, ['node-5']));
  const events = await kubectl.run([
    '-n',
    namespace,
    'get',
    'events',
    '--field-selector',
    `involvedObject.name=${fluentd}`,
  ]);
  assert.match(events, /WaveOpened/);
  assert.match(events, /RolloutProven/);
});

test('paused: not one node gets the new template, however soon it follows; resume goes on', needsKubectl, async (t) => {
  const { kubectl } = await up(t, { nodes });
  await launch(kubectl, {});
  const watching = await watchPods(kubectl);
  t.after(() => watching.stop());
  const before = await getPods(kubectl);

  await patchPolicy(kubectl, { paused: true });
  await setImage(kubectl, newer);
  await phaseIs(kubectl, 'Paused');
  await updatedIs(kubectl, 0);
  await throughout(1_500, async () => assert.deepEqual((await getPods(kubectl)).map(uidOf), before.map(uidOf)));
  assert.equal(await progressing(kubectl), 'Paused');
  await deletePod(kubectl, before[0]!);
  await imagesAre(kubectl, onAll(original));
  assert.deepEqual(nodesThatHad(watching, newer), []);

  await patchPolicy(kubectl, { paused: false });
  await phaseIs(kubectl, 'Complete');
  await imagesAre(kubectl, onAll(newer));
});

test(
  'a bad revision is rolled back: only the canary ever had it, and a better one goes on',
  needsKubectl,
  async (t) => {
    const { kubectl } = await up(t, { nodes });
    const spec = { waves: [{ name: 'canary', nodes: 1 }], progressDeadlineSeconds: 4, onFailure: 'Rollback' };
    const { status } = await launch(kubectl, spec);
    const watching = await watchPods(kubectl);
    t.after(() => watching.stop());

    await setTemplate(kubectl, newer, 'NeverReady');
    const back = await phaseIs(kubectl, 'RolledBack');
    const canary = await eventually('the watch has the canary', async () => {
      const found = watching.events.find(({ object }) => imageOf(object) === newer && nodeOf(object) !== '')?.object;
      assert.ok(found !== undefined);
      return found;
    });
    assert.equal(back.status?.revision, revisionOf(canary));
    assert.equal(back.status?.provenRevision, status?.provenRevision);
    assert.match(back.status?.message ?? '', /without progress/);
    for (const pod of await imagesAre(kubectl, onAll(original))) assert.equal(revisionOf(pod), status?.provenRevision);
    await updatedIs(kubectl, 0);
    assert.deepEqual(nodesThatHad(watching, newer), [nodeOf(canary)]);
    assert.match(await kubectl.run(['-n', namespace, 'get', 'events']), /RolloutRolledBack/);

    // Good or bad is then not a matter of how fast the machine is.
    await patchPolicy(kubectl, { progressDeadlineSeconds: 600 });
    await setTemplate(kubectl, newest, '');
    await phaseIs(kubectl, 'Complete');
    await imagesAre(kubectl, onAll(newest));
    assert.deepEqual(nodesThatHad(watching, newer), [nodeOf(canary)]);
  },
);

test('a bad revision is held where it is; undo heals it, at once', needsKubectl, async (t) => {
  const { kubectl } = await up(t, { nodes, args: ['--simulate', 'image=*bad*: ImagePullBackOff'] });
  const { status } = await launch(kubectl, { waves: [{ name: 'canary', nodes: 1 }], progressDeadlineSeconds: 3 });
  const bad = 'quay.io/fluentd_elasticsearch/fluentd:bad';
  await setImage(kubectl, bad);
  await phaseIs(kubectl, 'Held');
  const { canary, held } = await canaryWith(kubectl, bad, false);
  assert.match(await kubectl.run(['-n', namespace, 'get', 'events']), /RolloutHeld/);
  await deletePod(kubectl, held[0]!);
  await imagesAre(kubectl, { ...onAll(original), [nodeOf(canary)]: bad }, [nodeOf(canary)]);

  await kubectl.run(['-n', namespace, 'rollout', 'undo', `daemonset/${fluentd}`]);
  await imagesAre(kubectl, onAll(original));
  const healed = await phaseIs(kubectl, 'Complete');
  assert.equal(healed.status?.revision, healed.status?.provenRevision);
  assert.ok((await getPods(kubectl)).every((pod) => revisionOf(pod) === status?.provenRevision));
});

test('a held revision that was only slow goes on when it is tried again', needsKubectl, async (t) => {
  const { kubectl } = await up(t, { nodes });
  await launch(kubectl, { waves: [{ name: 'canary', nodes: 1 }], progressDeadlineSeconds: 1 });
  await setTemplate(kubectl, newer, 'start 5s');
  const { status } = await phaseIs(kubectl, 'Held');
  await canaryWith(kubectl, newer);
  assert.equal((await getPolicy(kubectl)).status?.phase, 'Held', 'being ready in the end is not enough');
  await annotate(kubectl, 'everynode.dev/retry=other');
  await throughout(1_000, async () => assert.equal((await getPolicy(kubectl)).status?.phase, 'Held'));
  const atOnce = { spec: { updateStrategy: { rollingUpdate: { maxUnavailable: nodes } } } };
  await kubectl.run(['-n', namespace, 'patch', 'daemonset', fluentd, '--type=merge', '-p', JSON.stringify(atOnce)]);
  await annotate(kubectl, `everynode.dev/retry=${status?.revision}`);
  await phaseIs(kubectl, 'Complete');
  await imagesAre(kubectl, onAll(newer));
});

test('a node that is always broken holds nothing up, within the tolerance', needsKubectl, async (t) => {
  const broken = 'node-2';
  const { kubectl } = await up(t, { nodes, args: ['--simulate', `node=${broken}: NeverReady`] });
  await kubectl.run(['apply', '-f', seedManifest]);
  const roomy = { spec: { updateStrategy: { rollingUpdate: { maxUnavailable: 2 } } } };
  await kubectl.run(['-n', namespace, 'patch', 'daemonset', fluentd, '--type=merge', '-p', JSON.stringify(roomy)]);
  const strict = { waves: [{ name: 'half', nodes: '50%' }], progressDeadlineSeconds: 20, onFailure: 'Rollback' };
  await kubectl.run(['apply', '-f', '-'], manifest(fluentd, strict));
  await imagesAre(kubectl, onAll(original), [broken]);
  await phaseIs(kubectl, 'Launching');
  await patchPolicy(kubectl, { failureTolerance: 1 });
  await phaseIs(kubectl, 'Complete');
  await setImage(kubectl, newer);
  await imagesAre(kubectl, onAll(newer), [broken]);
  const { status } = await phaseIs(kubectl, 'Complete');
  assert.equal(status?.provenRevision, status?.revision);
});

test('a manual wave waits for the approval of this revision and this wave', needsKubectl, async (t) => {
  const { kubectl } = await up(t, { nodes });
  const before = await launch(kubectl, manual);
  await setImage(kubectl, newer);
  const { status } = await phaseIs(kubectl, 'WaitingForApproval');
  const { canary, held } = await canaryWith(kubectl, newer);
  await patchPolicy(kubectl, { paused: true });
  await phaseIs(kubectl, 'Paused');
  const uids = [canary, ...held].map(uidOf).toSorted();
  await throughout(1_000, async () => assert.deepEqual((await getPods(kubectl)).map(uidOf).toSorted(), uids));
  await patchPolicy(kubectl, { paused: false });
  await phaseIs(kubectl, 'WaitingForApproval');
  for (const wrong of [`${before.status?.revision}/canary`, `${status?.revision}/rest`, String(status?.revision)]) {
    await annotate(kubectl, `everynode.dev/approve=${wrong}`);
    await throughout(500, async () => assert.equal((await getPolicy(kubectl)).status?.openWaves, 1));
  }
  await imagesAre(kubectl, { ...onAll(original), [nodeOf(canary)]: newer });
  await annotate(kubectl, `everynode.dev/approve=${status?.revision}/canary`);
  await phaseIs(kubectl, 'Complete');
  await imagesAre(kubectl, onAll(newer));

  await setImage(kubectl, newest);
  await phaseIs(kubectl, 'WaitingForApproval');
  assert.equal(
    (await getPods(kubectl)).filter((pod) => imageOf(pod) === newest).length,
    1,
    'an approval is of one revision',
  );
});

test('the API server refuses what is wrong; what only the controller sees, it says', needsKubectl, async (t) => {
  const { kubectl } = await up(t, { nodes });
  const apply = (spec: object, name = fluentd) => kubectl.attempt(['apply', '-f', '-'], manifest(name, spec));
  const wrong = await apply({ onFailure: 'Undo' });
  assert.equal(wrong.code, 1);
  assert.match(wrong.stderr, /spec\.onFailure: Unsupported value: "Undo": supported values: "Hold", "Rollback"/);
  const both = await apply({ waves: [{ name: 'A' }, { name: 'b', nodes: '0%' }] });
  assert.equal(both.code, 1);
  assert.match(both.stderr, /spec\.waves\[0\]\.name: Invalid value: "A"/);
  assert.match(both.stderr, /spec\.waves\[1\]\.nodes: Invalid value: "0%"/);
  assert.match(await kubectl.run(['explain', 'rop.spec.waves.soakSeconds']), /updated\s+and\s+available/);

  await launch(kubectl, {});
  await acceptedIs(kubectl, 'True', undefined);
  assert.equal((await apply({ paused: true }, 'second')).code, 0);
  await acceptedIs(kubectl, 'False', 'Conflict', 'second');
  await setImage(kubectl, newer);
  await phaseIs(kubectl, 'Complete');
  await imagesAre(kubectl, onAll(newer));
  await kubectl.run(['-n', namespace, 'delete', 'rop', 'second']);

  const withoutValues = { matchExpressions: [{ key: 'zone', operator: 'In' }] };
  await patchPolicy(kubectl, { waves: [{ name: 'zone', nodeSelector: withoutValues }] });
  await phaseIs(kubectl, 'Invalid');
  const accepted = await acceptedIs(kubectl, 'False', 'Invalid');
  assert.match(accepted?.message ?? '', /spec\.waves\[0\]\.nodeSelector/);
  const before = await getPods(kubectl);
  await setImage(kubectl, newest);
  await updatedIs(kubectl, 0);
  await throughout(1_000, async () => assert.deepEqual((await getPods(kubectl)).map(uidOf), before.map(uidOf)));
  await patchPolicy(kubectl, { waves: null });
  await phaseIs(kubectl, 'Complete');
  await imagesAre(kubectl, onAll(newest));
});

test('of two policies the oldest counts, and the other takes over when it goes', needsKubectl, async (t) => {
  const { kubectl } = await up(t, { nodes });
  await launch(kubectl, { paused: false });
  await kubectl.run(['apply', '-f', '-'], manifest('second', { paused: true }));
  await acceptedIs(kubectl, 'False', 'Conflict', 'second');
  await kubectl.run(['-n', namespace, 'delete', 'rop', fluentd]);
  await phaseIs(kubectl, 'Paused', 'second');
  await acceptedIs(kubectl, 'True', undefined, 'second');
  await setImage(kubectl, newer);
  await updatedIs(kubectl, 0);
  // Without any policy the rollout is what the DaemonSet says.
  await kubectl.run(['-n', namespace, 'delete', 'rop', 'second']);
  await imagesAre(kubectl, onAll(newer));
});

test('killed with SIGKILL in a held rollout, the cluster comes back and holds', needsKubectl, async (t) => {
  const dataDir = temporaryDirectory();
  const first = await up(t, { nodes, dataDir });
  await launch(first.kubectl, manual);
  await setImage(first.kubectl, newer);
  const { status } = await phaseIs(first.kubectl, 'WaitingForApproval');
  const { canary, held } = await canaryWith(first.kubectl, newer);
  await first.stop('SIGKILL');

  const { kubectl } = await up(t, { nodes, dataDir });
  await deletePod(kubectl, held[0]!);
  const pods = await imagesAre(kubectl, { ...onAll(original), [nodeOf(canary)]: newer });
  const stayed = [canary, held[1]!, held[2]!].map(uidOf);
  assert.ok(stayed.every((uid) => pods.map(uidOf).includes(uid)));
  await annotate(kubectl, `everynode.dev/approve=${status?.revision}/canary`);
  await phaseIs(kubectl, 'Complete');
  await imagesAre(kubectl, onAll(newer));
});

test('a controller that is killed, over HTTP: the next one holds what the first one held', needsKubectl, async (t) => {
  const { kubectl, kubeconfigPath } = await up(t, { nodes, args: withoutDaemonSets });
  const alone = ['--leader-elect=false', '--skip-preflight'];
  const first = startController(t, kubeconfigPath, alone);
  await launch(kubectl, manual);
  const watching = await watchPods(kubectl);
  t.after(() => watching.stop());
  await setImage(kubectl, newer);
  await phaseIs(kubectl, 'WaitingForApproval');
  const { canary, held } = await canaryWith(kubectl, newer);
  await first.stop('SIGKILL');
  await deletePod(kubectl, held[0]!);
  await setImage(kubectl, newest);

  startController(t, kubeconfigPath, alone);
  const { status } = await phaseIs(kubectl, 'WaitingForApproval');
  await eventually('the newest revision waits', async () => {
    const policy = await getPolicy(kubectl);
    assert.equal(policy.status?.phase, 'WaitingForApproval');
    assert.equal((await canaryWith(kubectl, newest)).canary.spec.nodeName, nodeOf(canary));
    assert.notEqual(policy.status?.revision, revisionOf(canary));
  });
  assert.equal(status?.provenRevision, revisionOf(held[1]!));
  await imagesAre(kubectl, { ...onAll(original), [nodeOf(canary)]: newest });
  assert.deepEqual(nodesThatHad(watching, newer), [nodeOf(canary)]);
  assert.deepEqual(nodesThatHad(watching, newest), [nodeOf(canary)]);
});
