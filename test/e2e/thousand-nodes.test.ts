// A thousand simulated nodes in one process: a DaemonSet reaches every one of them. How fast is measured in bench/.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { getDaemonSet, getPods, nodeOf } from './support/daemonset.ts';
import { seedManifest, up } from './support/everynode.ts';
import { eventually } from './support/eventually.ts';
import { needsKubectl } from './support/kubectl.ts';

const nodes = 1_000;

test('1,000 nodes get one pod each', needsKubectl, async (t) => {
  const { kubectl } = await up(t, { nodes });
  await kubectl.run(['apply', '-f', seedManifest]);
  await eventually('every node has a ready pod', async () => {
    const { status } = await getDaemonSet(kubectl);
    assert.equal(status?.desiredNumberScheduled, nodes);
    assert.equal(status?.numberReady, nodes);
    assert.equal(status?.numberAvailable, nodes);
  });
  const pods = await getPods(kubectl);
  assert.equal(pods.length, nodes);
  assert.equal(new Set(pods.map(nodeOf)).size, nodes);
});
