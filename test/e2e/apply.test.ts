// Flow 1: the seed's DaemonSet, unchanged, on an embedded cluster: exactly one pod on every eligible node.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fluentd, getDaemonSet, namespace, nodeOf, onePodOnEach, threeNodes } from './support/daemonset.ts';
import { seedManifest, up } from './support/everynode.ts';
import { needsKubectl } from './support/kubectl.ts';

test(
  'kubectl apply of the seed gives one pod a node, pinned and tolerating as Kubernetes does',
  needsKubectl,
  async (t) => {
    const { kubectl } = await up(t);
    assert.match(await kubectl.run(['apply', '-f', seedManifest]), /daemonset\.apps\/fluentd-elasticsearch created/);
    const status = await kubectl.run(['-n', namespace, 'rollout', 'status', `daemonset/${fluentd}`, '--timeout=60s']);
    assert.match(status, /successfully rolled out/);

    const pods = await onePodOnEach(kubectl, threeNodes);
    for (const pod of pods) {
      assert.deepEqual(
        pod.spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms,
        [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: [nodeOf(pod)] }] }],
        'bound by an affinity to its own node',
      );
      const tolerated = pod.spec.tolerations
        ?.map(({ key, operator, effect }) => `${key} ${operator} ${effect}`)
        .toSorted();
      assert.deepEqual(tolerated, [
        'node-role.kubernetes.io/master Exists NoSchedule',
        'node.kubernetes.io/disk-pressure Exists NoSchedule',
        'node.kubernetes.io/memory-pressure Exists NoSchedule',
        'node.kubernetes.io/not-ready Exists NoExecute',
        'node.kubernetes.io/pid-pressure Exists NoSchedule',
        'node.kubernetes.io/unreachable Exists NoExecute',
        'node.kubernetes.io/unschedulable Exists NoSchedule',
      ]);
      const [owner] = pod.metadata.ownerReferences ?? [];
      assert.equal(owner?.kind, 'DaemonSet');
      assert.equal(owner?.controller, true);
      assert.equal(pod.status?.phase, 'Running');
    }
    const { status: counts } = await getDaemonSet(kubectl);
    assert.equal(counts?.currentNumberScheduled, 3);
    assert.equal(counts?.numberAvailable, 3);
    assert.equal(counts?.numberMisscheduled, 0);

    const table = await kubectl.run(['-n', namespace, 'get', 'ds,pods', '-o', 'wide']);
    assert.match(
      table,
      /NAME\s+DESIRED\s+CURRENT\s+READY\s+UP-TO-DATE\s+AVAILABLE\s+NODE SELECTOR\s+AGE\s+CONTAINERS\s+IMAGES\s+SELECTOR/,
    );
    assert.match(table, /daemonset\.apps\/fluentd-elasticsearch\s+3\s+3\s+3\s+3\s+3\s+<none>/);
    for (const node of threeNodes)
      assert.match(table, new RegExp(`pod/fluentd-elasticsearch-\\S+\\s+1/1\\s+Running\\s+0\\s.*${node}`));

    assert.match(await kubectl.run(['apply', '-f', seedManifest]), /daemonset\.apps\/fluentd-elasticsearch unchanged/);
  },
);

test('up --apply runs the manifest at start, and a second start changes nothing', needsKubectl, async (t) => {
  const first = await up(t, { args: ['--apply', seedManifest] });
  const pods = await onePodOnEach(first.kubectl, threeNodes);
  const { metadata } = await getDaemonSet(first.kubectl);
  assert.equal((await first.stop()).code, 0);

  const dataDir = first.kubeconfigPath.replace(/\/kubeconfig$/, '');
  const second = await up(t, { dataDir, args: ['--apply', seedManifest] });
  const after = await onePodOnEach(second.kubectl, threeNodes);
  assert.deepEqual(
    after.map((pod) => pod.metadata.uid),
    pods.map((pod) => pod.metadata.uid),
    'the same pods',
  );
  assert.equal((await getDaemonSet(second.kubectl)).metadata.generation, metadata.generation);
});
