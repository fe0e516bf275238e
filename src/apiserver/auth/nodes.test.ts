import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { User } from '../request.ts';
import { configMap, createTestServer, pod, type TestServer } from '../server.test-support.ts';

const n1: User = { name: 'system:node:n1', groups: ['system:nodes', 'system:authenticated'] };
const inDefault = { namespace: 'default' } as const;

/** Pod `own` on n1 uses config map `used` and secret `key`; pod `other` is on n2. */
async function twoNodes(): Promise<TestServer> {
  const server = await createTestServer();
  const { call } = server;
  for (const name of ['n1', 'n2']) await call({ verb: 'create', resource: 'nodes', body: { metadata: { name } } });
  for (const name of ['used', 'unused'])
    await call({ verb: 'create', resource: 'configmaps', ...inDefault, body: configMap(name) });
  await call({ verb: 'create', resource: 'secrets', ...inDefault, body: { metadata: { name: 'key' } } });
  const volumes = [
    { name: 'settings', configMap: { name: 'used' } },
    { name: 'all', projected: { sources: [{ secret: { name: 'key' } }] } },
  ];
  await call({ verb: 'create', resource: 'pods', ...inDefault, body: pod('own', {}, { nodeName: 'n1', volumes }) });
  await call({ verb: 'create', resource: 'pods', ...inDefault, body: pod('other', {}, { nodeName: 'n2' }) });
  return server;
}

test('a node reads itself, its pods and what they refer to, and nothing else', async (t) => {
  const server = await twoNodes();
  const cases: readonly (readonly [name: string, attributes: object, allowed: boolean])[] = [
    ['itself', { verb: 'get', resource: 'nodes', name: 'n1' }, true],
    ['another node', { verb: 'get', resource: 'nodes', name: 'n2' }, false],
    ['all nodes', { verb: 'list', resource: 'nodes' }, false],
    ['its own status', { verb: 'patch', resource: 'nodes', subresource: 'status', name: 'n1' }, true],
    ["another's status", { verb: 'patch', resource: 'nodes', subresource: 'status', name: 'n2' }, false],
    ['its removal', { verb: 'delete', resource: 'nodes', name: 'n1' }, false],
    ['its pod', { verb: 'get', resource: 'pods', ...inDefault, name: 'own' }, true],
    ["another's pod", { verb: 'get', resource: 'pods', ...inDefault, name: 'other' }, false],
    ['a pod that is not there', { verb: 'get', resource: 'pods', ...inDefault, name: 'none' }, false],
    ['all pods', { verb: 'watch', resource: 'pods' }, false],
    ['its pods', { verb: 'watch', resource: 'pods', nodeName: 'n1' }, true],
    ["another's pods", { verb: 'watch', resource: 'pods', nodeName: 'n2' }, false],
    ['a config map of its pod', { verb: 'get', resource: 'configmaps', ...inDefault, name: 'used' }, true],
    ['another config map', { verb: 'get', resource: 'configmaps', ...inDefault, name: 'unused' }, false],
    ['all config maps', { verb: 'list', resource: 'configmaps', ...inDefault }, false],
    ['a secret of its pod', { verb: 'watch', resource: 'secrets', ...inDefault, name: 'key' }, true],
    ['a write to that secret', { verb: 'update', resource: 'secrets', ...inDefault, name: 'key' }, false],
    [
      'a secret of that name elsewhere',
      { verb: 'get', resource: 'secrets', namespace: 'kube-system', name: 'key' },
      false,
    ],
    [
      'its lease',
      { verb: 'update', group: 'coordination.k8s.io', resource: 'leases', namespace: 'kube-node-lease', name: 'n1' },
      true,
    ],
    [
      "another's lease",
      { verb: 'update', group: 'coordination.k8s.io', resource: 'leases', namespace: 'kube-node-lease', name: 'n2' },
      false,
    ],
    [
      'leases elsewhere',
      { verb: 'get', group: 'coordination.k8s.io', resource: 'leases', ...inDefault, name: 'n1' },
      false,
    ],
    ['daemon sets', { verb: 'list', group: 'apps', resource: 'daemonsets' }, false],
    ['exec', { verb: 'create', resource: 'pods', subresource: 'exec', ...inDefault, name: 'own' }, false],
    ['binding', { verb: 'create', resource: 'pods', subresource: 'binding', ...inDefault, name: 'own' }, false],
    ['roles', { verb: 'create', group: 'rbac.authorization.k8s.io', resource: 'clusterroles' }, false],
  ];
  for (const [name, attributes, allowed] of cases)
    await t.test(name, async () => {
      const asked = { user: n1, group: '', verb: '', resource: '', ...attributes };
      assert.equal((await server.server.authorize(asked)).allowed, allowed);
    });
});

test('the name alone makes no node: the group must be there too', async () => {
  const server = await twoNodes();
  const impostor: User = { name: 'system:node:n1', groups: ['system:authenticated'] };
  const refused = await server.fails({ verb: 'get', resource: 'nodes', name: 'n1', user: impostor });
  assert.equal(refused.reason, 'Forbidden');
});

test('a node that asks for what is not its own is told why', async () => {
  const { fails } = await twoNodes();
  const refused = await fails({ verb: 'get', resource: 'configmaps', ...inDefault, name: 'unused', user: n1 });
  assert.equal(
    refused.message,
    `configmaps "unused" is forbidden: User "system:node:n1" cannot get resource "configmaps" in API group "" in the namespace "default": no relationship found between node 'n1' and this object`,
  );
});

test('a node registers itself and nobody else, without labels that others set', async () => {
  const { call, fails } = await createTestServer();
  const create = (name: string, labels = {}) =>
    ({ verb: 'create', resource: 'nodes', user: n1, body: { metadata: { name, labels } } }) as const;
  assert.match((await fails(create('n2'))).message, /node "n1" is not allowed to modify node "n2"/);
  const restricted = await fails(create('n1', { 'node-restriction.kubernetes.io/secure': 'yes' }));
  assert.match(restricted.message, /is not allowed to modify labels: node-restriction\.kubernetes\.io\/secure/);
  await call(create('n1', { 'kubernetes.io/hostname': 'n1', 'node.kubernetes.io/kind': 'x', team: 'a' }));
});

test('a node cannot take its taints off, not even along with its status', async () => {
  const { call, fails } = await twoNodes();
  const merge = 'application/merge-patch+json';
  const patch = { verb: 'patch', resource: 'nodes', name: 'n1', user: n1, patchType: merge } as const;
  const refused = await fails({ ...patch, body: { spec: { taints: null } } });
  assert.match(refused.message, /node "n1" is not allowed to modify taints/);
  await call({ ...patch, subresource: 'status', body: { spec: { taints: null }, status: { phase: 'Running' } } });
  const node = await call({ verb: 'get', resource: 'nodes', name: 'n1' });
  assert.equal((node.spec as { taints: readonly object[] }).taints.length, 1);
});

test("a node writes the status of its pods, and ends them; others' pods it cannot touch", async () => {
  const { call, fails } = await twoNodes();
  const patch = {
    verb: 'patch',
    resource: 'pods',
    ...inDefault,
    user: n1,
    patchType: 'application/merge-patch+json',
  } as const;
  const body = { status: { phase: 'Running' } };
  await call({ ...patch, name: 'own', subresource: 'status', body });
  const other = await fails({ ...patch, name: 'other', subresource: 'status', body });
  assert.match(other.message, /node "n1" can only update status for pods with spec\.nodeName set to itself/);
  assert.equal(
    (await fails({ ...patch, name: 'own', body: { metadata: { labels: { a: 'b' } } } })).reason,
    'Forbidden',
  );
  const relabel = { ...patch, name: 'own', subresource: 'status', body: { metadata: { labels: { a: 'b' } } } };
  assert.match((await fails(relabel)).message, /cannot update labels through pod status/);
  const remove = { verb: 'delete', resource: 'pods', ...inDefault, user: n1, body: { gracePeriodSeconds: 0 } } as const;
  assert.match(
    (await fails({ ...remove, name: 'other' })).message,
    /can only delete pods with spec\.nodeName set to itself/,
  );
  await call({ ...remove, name: 'own' });
});

test('a node evicts its own pods alone', async () => {
  const { call, fails } = await twoNodes();
  const evict = { verb: 'create', resource: 'pods', ...inDefault, subresource: 'eviction', user: n1 } as const;
  assert.equal((await fails({ ...evict, name: 'other', body: { metadata: { name: 'other' } } })).reason, 'Forbidden');
  await call({ ...evict, name: 'own', body: { metadata: { name: 'own' } } });
});

test('a node creates mirrors of its static pods only', async () => {
  const { call, fails } = await twoNodes();
  const create = (fields: object, spec: object) =>
    ({ verb: 'create', resource: 'pods', ...inDefault, user: n1, body: pod('p', { ...fields }, { ...spec }) }) as const;
  const annotations = { 'kubernetes.io/config.mirror': 'hash' };
  assert.match((await fails(create({}, { nodeName: 'n1' }))).message, /can only create mirror pods/);
  assert.match(
    (await fails(create({ annotations }, { nodeName: 'n2' }))).message,
    /can only create pods with spec\.nodeName/,
  );
  await call(create({ annotations }, { nodeName: 'n1' }));
});

test('a node gets tokens for its pods, bound to them', async () => {
  const { call, fails } = await twoNodes();
  const request = (boundObjectRef?: object) =>
    ({
      verb: 'create',
      resource: 'serviceaccounts',
      subresource: 'token',
      ...inDefault,
      name: 'default',
      user: n1,
      body: { spec: boundObjectRef === undefined ? {} : { boundObjectRef } },
    }) as const;
  assert.match((await fails(request())).message, /node requested token not bound to a pod/);
  const other = await fails(request({ kind: 'Pod', name: 'other' }));
  assert.match(other.message, /node requested token bound to a pod scheduled on a different node/);
  const { status } = await call(request({ kind: 'Pod', name: 'own' }));
  assert.ok((status as { token: string }).token.length > 0);
});
