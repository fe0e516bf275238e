// The engine against an API server over real HTTP, from a process of its own: what `everynode controller` promises.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startController, withoutDaemonSets } from './support/controller.ts';
import {
  fluentd,
  getDaemonSet,
  getPods,
  imageOf,
  namespace,
  nodeOf,
  onePodOnEach,
  threeNodes,
  uidOf,
} from './support/daemonset.ts';
import { seedManifest, temporaryDirectory, up } from './support/everynode.ts';
import { eventually, throughout } from './support/eventually.ts';
import { type Kubectl, needsKubectl } from './support/kubectl.ts';

const newer = 'quay.io/fluentd_elasticsearch/fluentd:v3.0.0';
const setImage = ['-n', namespace, 'set', 'image', `ds/${fluentd}`, `${fluentd}=${newer}`];
const joining = {
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name: 'node-late', annotations: { 'everynode.dev/runtime': 'simulated' } },
};

test('does over HTTP what the flows of a user need', needsKubectl, async (t) => {
  const { kubectl, kubeconfigPath } = await up(t, { args: withoutDaemonSets });
  const addresses = ['--metrics-bind-address', '127.0.0.1:0', '--health-bind-address', '127.0.0.1:0'];
  const controller = startController(t, kubeconfigPath, ['--preflight-wait', '500ms', ...addresses]);

  await t.test('one pod a node, as kubectl rollout status waits for', async () => {
    await kubectl.run(['apply', '-f', seedManifest]);
    await kubectl.run(['-n', namespace, 'rollout', 'status', `ds/${fluentd}`, '--timeout=60s']);
    await onePodOnEach(kubectl, threeNodes);
    await controller.says('no other DaemonSet controller is active');
  });

  await t.test('a node that joins gets its pod; the pod of a deleted node goes', async () => {
    await kubectl.run(['create', '-f', '-'], JSON.stringify(joining));
    await onePodOnEach(kubectl, [...threeNodes, 'node-late']);
    await kubectl.run(['delete', 'node', 'node-late']);
    await onePodOnEach(kubectl, threeNodes);
  });

  await t.test('a deleted pod comes back on the same node', async () => {
    const [victim] = await getPods(kubectl);
    await kubectl.run(['-n', namespace, 'delete', 'pod', victim!.metadata.name, '--wait=false']);
    const after = await onePodOnEach(kubectl, threeNodes);
    assert.ok(!after.map(uidOf).includes(uidOf(victim!)));
    assert.ok(after.map(nodeOf).includes(nodeOf(victim!)));
  });

  await t.test('orphans are adopted, not replaced', async () => {
    const before = await onePodOnEach(kubectl, threeNodes);
    await kubectl.run(['-n', namespace, 'delete', 'ds', fluentd, '--cascade=orphan']);
    await kubectl.run(['apply', '-f', seedManifest]);
    const after = await onePodOnEach(kubectl, threeNodes);
    assert.deepEqual(after.map(uidOf), before.map(uidOf));
  });

  await t.test('a new image rolls out, and undo brings the old one back', async () => {
    await kubectl.run(setImage);
    await kubectl.run(['-n', namespace, 'rollout', 'status', `ds/${fluentd}`, '--timeout=60s']);
    assert.deepEqual((await onePodOnEach(kubectl, threeNodes)).map(imageOf), [newer, newer, newer]);
    assert.match(await kubectl.run(['-n', namespace, 'rollout', 'history', `ds/${fluentd}`]), /^2 /m);
    await kubectl.run(['-n', namespace, 'rollout', 'undo', `ds/${fluentd}`]);
    await eventually('the old image is back', async () => {
      const pods = await getPods(kubectl);
      assert.ok(pods.length === 3 && pods.every((pod) => imageOf(pod) !== newer));
    });
    await onePodOnEach(kubectl, threeNodes);
  });

  await t.test('health and metrics tell how it is', async () => {
    assert.deepEqual(await controller.page('health', '/readyz'), { code: 200, text: 'ok' });
    assert.equal((await controller.page('health', '/healthz')).code, 200);
    const { text } = await controller.page('metrics', '/metrics');
    for (const line of [
      'everynode_leader 1',
      `everynode_daemonset_nodes{namespace="kube-system",daemonset="${fluentd}",state="current"} 3`,
      `everynode_rollout_stalled_seconds{namespace="kube-system",daemonset="${fluentd}"} 0`,
    ])
      assert.ok(text.split('\n').includes(line), `${line} in\n${text}`);
    assert.match(text, /^everynode_api_requests_total\{verb="create",resource="pods",code="201"\} \d+$/m);
  });

  await t.test('kubectl delete takes the pods along', async () => {
    await kubectl.run(['-n', namespace, 'delete', 'ds', fluentd]);
    await eventually('no pod is left', async () => assert.deepEqual(await getPods(kubectl), []));
  });

  await t.test('stops cleanly and gives the lease back', async () => {
    assert.deepEqual(await controller.stop('SIGTERM'), { code: 0, signal: null });
    const lease = await kubectl.get<{ spec: { holderIdentity: string } }>(
      '-n',
      namespace,
      'lease',
      'everynode-daemonset-controller',
    );
    assert.equal(lease.spec.holderIdentity, '');
  });
});

test('goes on after the API server was killed and came back', needsKubectl, async (t) => {
  const dataDir = temporaryDirectory();
  const first = await up(t, { dataDir, args: withoutDaemonSets });
  const controller = startController(t, first.kubeconfigPath);
  await first.kubectl.run(['apply', '-f', seedManifest]);
  const before = await onePodOnEach(first.kubectl, threeNodes);

  await first.stop('SIGKILL');
  const port = new URL(first.url).port;
  const { kubectl } = await up(t, { dataDir, args: [...withoutDaemonSets, '--port', port] });
  const after = await onePodOnEach(kubectl, threeNodes);
  assert.deepEqual(after.map(uidOf), before.map(uidOf), 'no pod is restarted for it');

  await kubectl.run(setImage);
  await eventually('the new image is everywhere', async () => {
    assert.deepEqual((await getPods(kubectl)).map(imageOf), [newer, newer, newer]);
  });
  await onePodOnEach(kubectl, threeNodes);
  assert.equal((await controller.stop()).code, 0);
});

test('takes a cluster over and hands it back: no pod is restarted, no revision is added', needsKubectl, async (t) => {
  const dataDir = temporaryDirectory();
  const settled = async (kubectl: Kubectl) => {
    const pods = await onePodOnEach(kubectl, threeNodes);
    const { items } = await kubectl.get<{ items: { metadata: { uid: string } }[] }>(
      '-n',
      namespace,
      'controllerrevisions',
    );
    return { pods: pods.map(uidOf), revisions: items.map(({ metadata }) => metadata.uid).toSorted() };
  };
  const before = await up(t, { dataDir });
  await before.kubectl.run(['apply', '-f', seedManifest]);
  await onePodOnEach(before.kubectl, threeNodes);
  await before.kubectl.run(setImage);
  await before.kubectl.run(['-n', namespace, 'rollout', 'status', `ds/${fluentd}`, '--timeout=60s']);
  const state = await settled(before.kubectl);
  await before.stop();

  const between = await up(t, { dataDir, args: withoutDaemonSets });
  const { kubectl } = between;
  const controller = startController(t, between.kubeconfigPath);
  await controller.says('the lists are complete');
  await throughout(2_000, async () => assert.deepEqual(await settled(kubectl), state));
  const victim = (await getPods(kubectl))[0]!;
  await kubectl.run(['-n', namespace, 'delete', 'pod', victim.metadata.name, '--wait=false']);
  await onePodOnEach(kubectl, threeNodes);
  const mine = await settled(kubectl);
  assert.deepEqual(mine.revisions, state.revisions, 'it has taken over, with the revisions that were there');
  await controller.stop();
  await between.stop();

  const after = await up(t, { dataDir });
  await throughout(2_000, async () => assert.deepEqual(await settled(after.kubectl), mine));
});

test('--dry-run tells once what it would do, and writes nothing', needsKubectl, async (t) => {
  const { kubectl, kubeconfigPath } = await up(t, { args: withoutDaemonSets });
  await kubectl.run(['apply', '-f', seedManifest]);
  const everything = async () => {
    const kinds = 'daemonsets,pods,controllerrevisions,events';
    const list = await kubectl.get<{ items: { metadata: { uid: string; resourceVersion: string } }[] }>(kinds, '-A');
    return list.items.map(({ metadata }) => `${metadata.uid}@${metadata.resourceVersion}`);
  };
  const before = await everything();
  const controller = startController(t, kubeconfigPath, ['--dry-run']);
  const would = (verb: string, resource: string) =>
    controller.log().filter((line) => line.message === `would ${verb}` && line.resource === resource);
  await eventually('it would create a pod a node', async () => {
    assert.deepEqual(
      would('create', 'pods')
        .map(({ node }) => String(node))
        .toSorted(),
      [...threeNodes],
    );
  });
  assert.equal(would('create', 'controllerrevisions').length, 1);
  const { length } = controller.log();
  await throughout(3_000, async () => {
    assert.deepEqual(await everything(), before);
    assert.ok(controller.log().length <= length + 2, 'it does not go on talking');
  });
  assert.equal((await kubectl.attempt(['-n', namespace, 'get', 'lease', 'everynode-daemonset-controller'])).code, 1);
  assert.equal((await getDaemonSet(kubectl)).status?.observedGeneration, undefined);
  assert.equal((await controller.stop()).code, 0);
});
