// Rollouts under a RolloutPolicy on whichever cluster is given: its API server learns the kind, a wave stops before its
// approval, held nodes keep the old revision though their pods and the controller die, and a bad revision is rolled back.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RolloutPolicy, Stored } from '../../src/api/index.ts';
import { startController } from '../e2e/support/controller.ts';
import { eventually, throughout } from '../e2e/support/eventually.ts';
import { needsKubectl } from '../e2e/support/kubectl.ts';
import { type Cluster, openCluster } from './support/cluster.ts';
import { learnRolloutPolicies } from './support/definition.ts';
import { apply, getPods, image, imageOf, name, newerImage, setImage, settled } from './support/workload.ts';

const leads = 'this process leads now';
const withinMs = 120_000;

function policy({ namespace }: Cluster): string {
  return JSON.stringify({
    apiVersion: 'everynode.dev/v1alpha1',
    kind: 'RolloutPolicy',
    metadata: { name, namespace },
    spec: {
      targetRef: { apiVersion: 'apps/v1', kind: 'DaemonSet', name },
      waves: [{ name: 'first', nodes: 1, approval: 'Manual' }],
      progressDeadlineSeconds: 15,
      onFailure: 'Rollback',
    },
  });
}

const getPolicy = ({ kubectl, namespace }: Cluster) =>
  kubectl.get<Stored<RolloutPolicy>>('-n', namespace, 'rolloutpolicy', name);

function phaseIs(cluster: Cluster, phase: string): Promise<Stored<RolloutPolicy>> {
  return eventually(
    `phase ${phase}`,
    async () => {
      const found = await getPolicy(cluster);
      assert.equal(found.status?.phase, phase, found.status?.message);
      return found;
    },
    withinMs,
  );
}

async function pods(cluster: Cluster, ofImage: string) {
  return (await getPods(cluster)).filter((pod) => imageOf(pod) === ofImage);
}

test('a rollout under a policy', needsKubectl, async (t) => {
  const cluster = await openCluster(t);
  const { kubectl, namespace, kubeconfigPath } = cluster;
  await learnRolloutPolicies(t, kubectl);

  const first = startController(t, kubeconfigPath);
  await first.says(leads);
  await apply(cluster);
  await settled(cluster);
  await eventually('the policy is taken', () => kubectl.run(['apply', '-f', '-'], policy(cluster)));
  await phaseIs(cluster, 'Complete');

  await t.test('stops after its first wave', async () => {
    await setImage(cluster, newerImage);
    const { status } = await phaseIs(cluster, 'WaitingForApproval');
    assert.equal(status?.openWaves, 1);
    assert.equal((await pods(cluster, newerImage)).length, 1);
  });

  await t.test('keeps held nodes on the old revision though their pods and the leader die', async () => {
    const [held] = await pods(cluster, image);
    await kubectl.run(['-n', namespace, 'delete', 'pod', held!.metadata.name, '--wait=false']);
    await first.stop('SIGKILL');
    const second = startController(t, kubeconfigPath);
    await second.says(leads);
    const nodes = (await cluster.nodes()).length;
    await eventually('one pod on each node', async () => {
      const old = await pods(cluster, image);
      assert.equal(old.length, nodes - 1);
      assert.ok(!old.some(({ metadata }) => metadata.uid === held!.metadata.uid));
    });
    await throughout(3000, async () => {
      assert.equal((await pods(cluster, newerImage)).length, 1);
    });
  });

  await t.test('goes on when it is approved', async () => {
    const { status } = await getPolicy(cluster);
    const approval = `everynode.dev/approve=${status!.revision}/first`;
    await kubectl.run(['-n', namespace, 'annotate', 'rolloutpolicy', name, approval]);
    await settled(cluster, newerImage);
    const done = await phaseIs(cluster, 'Complete');
    assert.equal(done.status?.provenRevision, status!.revision);
  });

  await t.test('rolls back what does not become ready', async () => {
    const before = await getPolicy(cluster);
    // Never ready: on simulated nodes by the annotation, on others because nobody opens the gate.
    const template = {
      metadata: { annotations: { 'everynode.dev/simulate': 'NeverReady' } },
      spec: { readinessGates: [{ conditionType: 'everynode.dev/never' }] },
    };
    const patch = JSON.stringify({ spec: { template } });
    await kubectl.run(['-n', namespace, 'patch', 'daemonset', name, '-p', patch]);
    const { status } = await phaseIs(cluster, 'RolledBack');
    assert.equal(status?.provenRevision, before.status?.provenRevision);
    await eventually('every node is back', async () => {
      const found = await getPods(cluster);
      assert.equal(found.length, (await cluster.nodes()).length);
      for (const { metadata, status: state } of found) {
        assert.equal(metadata.labels?.['controller-revision-hash'], before.status?.provenRevision);
        assert.equal(state?.conditions?.find(({ type }) => type === 'Ready')?.status, 'True');
      }
    });
    // What is put back by hand is proven already.
    await kubectl.run(['-n', namespace, 'rollout', 'undo', `daemonset/${name}`]);
    await phaseIs(cluster, 'Complete');
    await settled(cluster, newerImage);
  });
});
