import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTestServer, pod } from '../server.test-support.ts';

test('a storage driver is registered with the defaults of kube-apiserver', async () => {
  const { call } = await createTestServer();
  const group = 'storage.k8s.io';
  const create = (resource: string, body: object) => call({ verb: 'create', group, resource, body });
  const driver = await create('csidrivers', { metadata: { name: 'd.example.com' }, spec: { attachRequired: false } });
  assert.deepEqual(driver['spec'], {
    attachRequired: false,
    podInfoOnMount: false,
    storageCapacity: false,
    fsGroupPolicy: 'ReadWriteOnceWithFSType',
    volumeLifecycleModes: ['Persistent'],
    requiresRepublish: false,
    seLinuxMount: false,
  });
  const drivers = [{ name: 'd.example.com', nodeID: 'n', topologyKeys: null }];
  const node = await create('csinodes', { metadata: { name: 'node-1' }, spec: { drivers } });
  assert.deepEqual(node['spec'], { drivers: [{ name: 'd.example.com', nodeID: 'n' }] });
});

test('a runtime class has a handler, which stays', async () => {
  const { call, fails } = await createTestServer();
  const classes = { group: 'node.k8s.io', resource: 'runtimeclasses' } as const;
  const metadata = { name: 'gpu' };
  assert.match((await fails({ ...classes, verb: 'create', body: { metadata } })).message, /handler/);
  const made = await call({ ...classes, verb: 'create', body: { metadata, handler: 'nvidia' } });
  const changed = { ...made, handler: 'other' };
  assert.match(
    (await fails({ ...classes, verb: 'update', name: 'gpu', body: changed })).message,
    /handler: Invalid value: "other": field is immutable/,
  );
});

test('a replication controller takes selector and labels from its template, and scales', async () => {
  const { call } = await createTestServer();
  const controllers = { resource: 'replicationcontrollers', namespace: 'default', name: 'rc' } as const;
  const { spec } = pod('unused');
  const template = { metadata: { labels: { app: 'x' } }, spec };
  const { name: _, ...all } = controllers;
  const made = await call({ ...all, verb: 'create', body: { metadata: { name: 'rc' }, spec: { template } } });
  assert.deepEqual(made.metadata.labels, { app: 'x' });
  assert.deepEqual((made['spec'] as { selector: unknown }).selector, { app: 'x' });
  const scale = await call({ ...controllers, verb: 'get', subresource: 'scale' });
  assert.deepEqual([scale['spec'], scale['status']], [{ replicas: 1 }, { replicas: 0, selector: 'app=x' }]);
});
