import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { type ConfigMap, eventually, isReason, resources, startCluster } from './index.ts';

const settings: ConfigMap = { metadata: { name: 'settings', namespace: 'default' }, data: { a: '1' } };

test('a cluster is there while it is used, and gone afterwards', async () => {
  let path: string;
  {
    await using cluster = await startCluster();
    path = cluster.kubeconfigPath;
    assert.ok(cluster.kubeconfig.includes(`server: ${cluster.url}`));
    assert.ok(existsSync(path));
    const node = await cluster.client.get(resources.nodes, undefined, 'node-1');
    assert.equal(node.metadata.name, 'node-1');
  }
  assert.ok(!existsSync(path));
});

test('several stand side by side and know nothing of each other', async () => {
  await using one = await startCluster({ nodes: 0 });
  await using other = await startCluster({ nodes: 0 });
  await one.client.create(resources.configMaps, settings);
  await assert.rejects(other.client.get(resources.configMaps, 'default', 'settings'), (error) =>
    isReason(error, 'NotFound'),
  );
});

test('daemon pods run on the simulated nodes', async () => {
  await using cluster = await startCluster({ nodes: 2 });
  const labels = { app: 'agent' };
  await cluster.client.create(resources.daemonSets, {
    metadata: { name: 'agent', namespace: 'default' },
    spec: {
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name: 'agent', image: 'agent:1' }] } },
    },
  });
  const status = await eventually(async () => {
    const daemonSet = await cluster.client.get(resources.daemonSets, 'default', 'agent');
    return daemonSet.status?.numberReady === 2 && daemonSet.status;
  });
  assert.equal(status.desiredNumberScheduled, 2);
});

test('what does not come in time is told', async () => {
  await assert.rejects(
    eventually(() => undefined, { timeoutMs: 0 }),
    /it was still undefined after 0 ms/,
  );
  const why = new Error('not there');
  await assert.rejects(
    eventually(
      () => {
        throw why;
      },
      { timeoutMs: 0 },
    ),
    (error) => error === why,
  );
});

test('a process that has closed its clusters ends by itself', () => {
  const door = join(import.meta.dirname, 'index.ts');
  const program = `import { startCluster } from ${JSON.stringify(door)}; const c = await startCluster(); await c.close(); process.stdout.write('closed');`;
  const { status, stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
    encoding: 'utf8',
    timeout: 30_000,
  });
  assert.deepEqual([status, stdout], [0, 'closed']);
});
