// The operator against a real API, with node:test. Run it: npm run test:e2e -- testing-your-operator
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { CoreV1Api, KubeConfig } from '@kubernetes/client-node';
import { startCluster, type TestCluster } from 'everynode/testing';
import { reconcile } from './quota-operator.ts';

let cluster: TestCluster;
let config: KubeConfig;

before(async () => {
  cluster = await startCluster({ nodes: 0 });
  config = new KubeConfig();
  config.loadFromString(cluster.kubeconfig);
});
after(() => cluster.close());

test('a small namespace gets room for ten pods, once', async () => {
  const api = config.makeApiClient(CoreV1Api);
  const labels = { 'example.com/size': 'small' };
  await api.createNamespace({ body: { metadata: { name: 'team-a', labels } } });
  await reconcile(config);
  await reconcile(config);
  const { items } = await api.listNamespacedResourceQuota({ namespace: 'team-a' });
  assert.deepEqual(
    items.map(({ spec }) => spec?.hard?.pods),
    ['10'],
  );
});

test('a namespace without a size is left alone', async () => {
  const api = config.makeApiClient(CoreV1Api);
  await reconcile(config);
  const { items } = await api.listNamespacedResourceQuota({ namespace: 'default' });
  assert.deepEqual(items, []);
});
