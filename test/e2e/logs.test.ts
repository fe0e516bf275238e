// kubectl logs of simulated pods, and what kubectl says where there is no process: in one `everynode up`, any kubectl.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { getPods } from './support/daemonset.ts';
import { eventually } from './support/eventually.ts';
import { seedManifest, up } from './support/everynode.ts';
import { needsKubectl } from './support/kubectl.ts';

test('simulated pods have a log, and nothing to exec into', needsKubectl, async (t) => {
  const { kubectl } = await up(t, { nodes: 2, memory: true, args: ['--apply', seedManifest] });
  const [pod] = await eventually('pods run', async () => {
    const pods = await getPods(kubectl);
    assert.ok(pods.length === 2 && pods.every(({ status }) => status?.phase === 'Running'));
    return pods;
  });
  const { name } = pod!.metadata;
  const ask = (...args: readonly string[]) => kubectl.run(['-n', 'kube-system', ...args]);
  const refusal = async (...args: readonly string[]) => (await kubectl.attempt(['-n', 'kube-system', ...args])).stderr;
  assert.match(
    await ask('logs', name),
    new RegExp(`^container fluentd-elasticsearch of pod kube-system/${name} on node`),
  );
  const both = await ask('logs', '-l', 'name=fluentd-elasticsearch', '--prefix', '--tail=1');
  assert.equal(
    both.match(/^\[pod\/fluentd-elasticsearch-\w+\/fluentd-elasticsearch\] this node is simulated/gm)?.length,
    2,
  );
  const why = /runs on simulated node node-\d, where containers have no processes: there is nothing to/;
  assert.match(await refusal('exec', name, '--', 'ls'), why);
  assert.match(await refusal('attach', name), why);
  assert.match(await refusal('port-forward', name, ':80'), why);

  const following = kubectl.start('-n', 'kube-system', 'logs', '-f', name);
  await eventually('it is followed', async () => assert.match(following.output(), /will say nothing else/));
  await ask('delete', 'pod', name);
  assert.equal(await following.ended, 0);
});
