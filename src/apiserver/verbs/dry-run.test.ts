// dryRun=All goes through everything that a write does and leaves no trace, whatever the verb.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ApiRequest } from '../request.ts';
import { configMap, createTestServer, daemonSet, pod } from '../server.test-support.ts';

const inDefault = { namespace: 'default', query: { dryRun: 'All' } } as const;
const maps = { ...inDefault, resource: 'configmaps' } as const;
const pods = { ...inDefault, resource: 'pods', name: 'p' } as const;
const node = { apiVersion: 'v1', kind: 'Node', name: 'n1' };
const applied = { query: { dryRun: 'All', fieldManager: 'me', force: 'true' } };
const merge = 'application/merge-patch+json';
const strategic = 'application/strategic-merge-patch+json';
const image = { spec: { template: { spec: { containers: [{ name: 'main', image: 'other:1' }] } } } };

type Call = Partial<ApiRequest> & Pick<ApiRequest, 'verb' | 'resource'>;

const writes: readonly [name: string, Call][] = [
  ['create', { ...maps, verb: 'create', body: configMap('b') }],
  ['create with a generated name', { ...maps, verb: 'create', body: { metadata: { generateName: 'c-' } } }],
  ['update', { ...maps, verb: 'update', name: 'a', body: configMap('a', { new: 'x' }) }],
  [
    'update that creates',
    { ...inDefault, resource: 'leases', verb: 'update', name: 'l', body: { metadata: { name: 'l' } } },
  ],
  ['merge patch', { ...maps, verb: 'patch', name: 'a', patchType: merge, body: { data: { new: 'x' } } }],
  [
    'JSON patch',
    {
      ...maps,
      verb: 'patch',
      name: 'a',
      patchType: 'application/json-patch+json',
      body: [{ op: 'add', path: '/data', value: { x: 'y' } }],
    },
  ],
  [
    'strategic merge patch',
    { ...inDefault, resource: 'daemonsets', verb: 'patch', name: 'd', patchType: strategic, body: image },
  ],
  [
    'apply',
    {
      ...maps,
      ...applied,
      verb: 'patch',
      name: 'a',
      patchType: 'application/apply-patch+yaml',
      body: configMap('a', { new: 'x' }),
    },
  ],
  [
    'apply that creates',
    { ...maps, ...applied, verb: 'patch', name: 'b', patchType: 'application/apply-patch+yaml', body: configMap('b') },
  ],
  ['delete', { ...maps, verb: 'delete', name: 'a', query: {}, body: { dryRun: ['All'] } }],
  ['delete, said in the URL', { ...maps, verb: 'delete', name: 'a' }],
  ['delete of a pod with a grace period', { ...pods, verb: 'delete' }],
  ['deletecollection', { ...maps, verb: 'deletecollection' }],
  ['status', { ...pods, verb: 'patch', subresource: 'status', patchType: merge, body: { status: { message: 'x' } } }],
  ['binding', { ...pods, verb: 'create', subresource: 'binding', body: { metadata: { name: 'p' }, target: node } }],
  ['eviction', { ...pods, verb: 'create', subresource: 'eviction', body: { metadata: { name: 'p' } } }],
  [
    'ephemeralcontainers',
    {
      ...pods,
      verb: 'patch',
      subresource: 'ephemeralcontainers',
      patchType: strategic,
      body: { spec: { ephemeralContainers: [{ name: 'look', image: 'busybox' }] } },
    },
  ],
  [
    'scale',
    {
      ...inDefault,
      resource: 'deployments',
      verb: 'patch',
      name: 'w',
      subresource: 'scale',
      patchType: merge,
      body: { spec: { replicas: 5 } },
    },
  ],
  [
    'token',
    { ...inDefault, resource: 'serviceaccounts', verb: 'create', name: 's', subresource: 'token', body: { spec: {} } },
  ],
  [
    'finalize',
    {
      resource: 'namespaces',
      query: { dryRun: 'All' },
      verb: 'update',
      name: 'n',
      subresource: 'finalize',
      body: { metadata: { name: 'n' }, spec: { finalizers: [] } },
    },
  ],
  ['delete of a namespace', { resource: 'namespaces', query: { dryRun: 'All' }, verb: 'delete', name: 'n' }],
];

test('a dry run leaves no trace', async (t) => {
  const { call, store } = await createTestServer();
  const make = (resource: string, body: object, namespace?: string) =>
    call({ resource, verb: 'create', body, ...(namespace === undefined ? {} : { namespace }) });
  await make('configmaps', configMap('a', { old: 'x' }), 'default');
  await make('pods', pod('p'), 'default');
  await make('daemonsets', daemonSet('d'), 'default');
  await make('deployments', { ...daemonSet('w'), kind: 'Deployment' }, 'default');
  await make('serviceaccounts', { metadata: { name: 's' } }, 'default');
  await make('namespaces', { metadata: { name: 'n' } });
  await make('nodes', { metadata: { name: 'n1' } });
  for (const [name, write] of writes)
    await t.test(name, async () => {
      const before = await store.revision();
      const answer = await call(write);
      assert.equal(typeof answer.kind, 'string');
      assert.equal(await store.revision(), before);
    });
});
