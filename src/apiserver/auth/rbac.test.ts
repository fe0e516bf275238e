import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { User } from '../request.ts';
import { configMap, createTestServer, pod, type TestServer } from '../server.test-support.ts';

const group = 'rbac.authorization.k8s.io';
const jane: User = { name: 'jane', groups: ['developers', 'system:authenticated'] };
const inDefault = { namespace: 'default' } as const;

async function role(server: TestServer, name: string, rules: readonly object[], namespace?: string): Promise<void> {
  const where = namespace === undefined ? {} : { namespace };
  const resource = namespace === undefined ? 'clusterroles' : 'roles';
  await server.call({ verb: 'create', group, resource, ...where, body: { metadata: { name }, rules } });
}

async function bind(
  server: TestServer,
  name: string,
  roleRef: { readonly kind: string; readonly name: string },
  subject: object,
  namespace?: string,
): Promise<void> {
  const where = namespace === undefined ? {} : { namespace };
  const resource = namespace === undefined ? 'clusterrolebindings' : 'rolebindings';
  const body = {
    metadata: { name },
    roleRef: { apiGroup: group, ...roleRef },
    subjects: [{ apiGroup: group, ...subject }],
  };
  await server.call({ verb: 'create', group, resource, ...where, body });
}

const janeHerself = { kind: 'User', name: 'jane' };

test('who holds nothing is refused in the words of kube-apiserver', async () => {
  const { fails } = await createTestServer();
  const list = await fails({ verb: 'list', resource: 'pods', namespace: 'y', user: jane });
  assert.equal(list.code, 403);
  assert.equal(
    list.message,
    'pods is forbidden: User "jane" cannot list resource "pods" in API group "" in the namespace "y"',
  );
  const patch = await fails({ verb: 'patch', resource: 'nodes', name: 'n', subresource: 'status', user: jane });
  assert.equal(
    patch.message,
    'nodes "n" is forbidden: User "jane" cannot patch resource "nodes/status" in API group "" at the cluster scope',
  );
});

test('a role in a namespace counts there alone, and from the moment it is bound until the moment it is not', async () => {
  const server = await createTestServer();
  await role(server, 'reader', [{ verbs: ['get', 'list'], apiGroups: [''], resources: ['configmaps'] }], 'default');
  const list = { verb: 'list', resource: 'configmaps', ...inDefault, user: jane } as const;
  assert.equal((await server.fails(list)).reason, 'Forbidden');
  await bind(server, 'jane', { kind: 'Role', name: 'reader' }, janeHerself, 'default');
  await server.call(list);
  assert.equal((await server.fails({ ...list, namespace: 'kube-system' })).reason, 'Forbidden');
  assert.equal((await server.fails({ verb: 'list', resource: 'configmaps', user: jane })).reason, 'Forbidden');
  const write = { ...list, verb: 'create', body: configMap('a') } as const;
  assert.equal((await server.fails(write)).reason, 'Forbidden');
  await server.call({ verb: 'delete', group, resource: 'rolebindings', ...inDefault, name: 'jane' });
  assert.equal((await server.fails(list)).reason, 'Forbidden');
});

test('rules name verbs, groups, resources, subresources and objects', async (t) => {
  const server = await createTestServer();
  const rules = [
    { verbs: ['get'], apiGroups: [''], resources: ['configmaps'], resourceNames: ['mine'] },
    { verbs: ['update'], apiGroups: ['apps'], resources: ['*/status'] },
    { verbs: ['delete'], apiGroups: ['*'], resources: ['daemonsets'] },
    { verbs: ['*'], apiGroups: ['coordination.k8s.io'], resources: ['*'] },
  ];
  await role(server, 'mixed', rules);
  await bind(server, 'mixed', { kind: 'ClusterRole', name: 'mixed' }, { kind: 'Group', name: 'developers' });
  const cases: readonly (readonly [name: string, attributes: object, allowed: boolean])[] = [
    ['a named object', { verb: 'get', resource: 'configmaps', name: 'mine' }, true],
    ['another object', { verb: 'get', resource: 'configmaps', name: 'yours' }, false],
    ['objects without a name', { verb: 'get', resource: 'configmaps' }, false],
    [
      'a subresource of everything',
      { verb: 'update', group: 'apps', resource: 'daemonsets', subresource: 'status' },
      true,
    ],
    ['the resource of that subresource', { verb: 'update', group: 'apps', resource: 'daemonsets' }, false],
    ['every group', { verb: 'delete', group: 'extensions', resource: 'daemonsets' }, true],
    [
      'a subresource that is not named',
      { verb: 'delete', group: 'apps', resource: 'daemonsets', subresource: 'x' },
      false,
    ],
    ['everything of a group', { verb: 'watch', group: 'coordination.k8s.io', resource: 'leases' }, true],
    ['everything of another group', { verb: 'watch', resource: 'leases' }, false],
  ];
  for (const [name, attributes, allowed] of cases)
    await t.test(name, async () => {
      const asked = { user: jane, group: '', namespace: 'default', verb: '', resource: '', ...attributes };
      assert.equal((await server.server.authorize(asked)).allowed, allowed);
    });
});

test('view reads workloads and no secrets, edit writes them, admin gives roles away', async () => {
  const server = await createTestServer();
  const can = async (name: string, verb: string, resource: string, apiGroup = '') => {
    const user: User = { name, groups: ['system:authenticated'] };
    return (await server.server.authorize({ user, verb, group: apiGroup, resource, namespace: 'default' })).allowed;
  };
  for (const name of ['view', 'edit', 'admin'])
    await bind(server, name, { kind: 'ClusterRole', name }, { kind: 'User', name }, 'default');
  assert.deepEqual(
    await Promise.all(['view', 'edit', 'admin'].map((name) => can(name, 'list', 'daemonsets', 'apps'))),
    [true, true, true],
  );
  assert.deepEqual(await Promise.all(['view', 'edit', 'admin'].map((name) => can(name, 'get', 'secrets'))), [
    false,
    true,
    true,
  ]);
  assert.deepEqual(await Promise.all(['view', 'edit', 'admin'].map((name) => can(name, 'create', 'pods'))), [
    false,
    true,
    true,
  ]);
  assert.deepEqual(
    await Promise.all(['view', 'edit', 'admin'].map((name) => can(name, 'create', 'rolebindings', group))),
    [false, false, true],
  );
  assert.equal(await can('admin', 'list', 'nodes'), false);
  // Whoever writes endpoints leads the traffic of others where he likes (CVE-2021-25740).
  for (const [resource, apiGroup] of [
    ['endpoints', ''],
    ['endpointslices', 'discovery.k8s.io'],
    ['controllerrevisions', 'apps'],
  ] as const)
    assert.deepEqual(
      [await can('view', 'get', resource, apiGroup), await can('admin', 'update', resource, apiGroup)],
      [true, false],
    );
  assert.equal(await can('edit', 'create', 'events', 'events.k8s.io'), true);
});

test('a role labelled for it extends what view shows', async () => {
  const server = await createTestServer();
  await bind(server, 'jane', { kind: 'ClusterRole', name: 'view' }, janeHerself);
  const asked = { user: jane, verb: 'get', group: 'example.com', resource: 'gadgets', name: 'g' };
  assert.equal((await server.server.authorize(asked)).allowed, false);
  const labels = { 'rbac.authorization.k8s.io/aggregate-to-view': 'true' };
  const rules = [{ verbs: ['get'], apiGroups: ['example.com'], resources: ['gadgets'] }];
  await server.call({
    verb: 'create',
    group,
    resource: 'clusterroles',
    body: { metadata: { name: 'g', labels }, rules },
  });
  const { allowed, reason } = await server.server.authorize(asked);
  assert.ok(allowed);
  assert.equal(reason, 'RBAC: allowed by ClusterRoleBinding "jane" of ClusterRole "view" to User "jane"');
});

test('nobody gives away what he does not hold', async () => {
  const server = await createTestServer();
  await bind(server, 'jane', { kind: 'ClusterRole', name: 'admin' }, janeHerself, 'default');
  const make = (rules: readonly object[]) =>
    ({
      verb: 'create',
      group,
      resource: 'roles',
      ...inDefault,
      user: jane,
      body: { metadata: { name: 'r' }, rules },
    }) as const;
  const refused = await server.fails(make([{ verbs: ['get'], apiGroups: [''], resources: ['nodes', 'pods'] }]));
  assert.equal(
    refused.message,
    'roles.rbac.authorization.k8s.io "r" is forbidden: user "jane" (groups=["developers","system:authenticated"]) is attempting to grant RBAC permissions not currently held:\n' +
      '{APIGroups:[""], Resources:["nodes"], Verbs:["get"]}',
  );
  await server.call(make([{ verbs: ['get'], apiGroups: [''], resources: ['pods'] }]));
  const widened = { metadata: { name: 'r' }, rules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }] };
  const update = { ...make([]), verb: 'update', name: 'r', body: widened } as const;
  assert.equal((await server.fails(update)).reason, 'Forbidden');
  const bindAs = (roleRef: object) =>
    ({
      ...make([]),
      resource: 'rolebindings',
      body: { metadata: { name: 'b' }, roleRef: { apiGroup: group, ...roleRef }, subjects: [] },
    }) as const;
  assert.equal((await server.fails(bindAs({ kind: 'ClusterRole', name: 'cluster-admin' }))).reason, 'Forbidden');
  assert.equal((await server.fails(bindAs({ kind: 'ClusterRole', name: 'not-there' }))).reason, 'Forbidden');
  await server.call(bindAs({ kind: 'ClusterRole', name: 'view' }));
});

test('whoever may bind a role may bind it without holding it', async () => {
  const server = await createTestServer();
  await role(server, 'binder', [
    { verbs: ['bind'], apiGroups: [group], resources: ['clusterroles'], resourceNames: ['view'] },
    { verbs: ['create'], apiGroups: [group], resources: ['rolebindings'] },
  ]);
  await bind(server, 'binder', { kind: 'ClusterRole', name: 'binder' }, janeHerself);
  const body = (name: string) => ({ metadata: { name }, roleRef: { apiGroup: group, kind: 'ClusterRole', name } });
  const call = { verb: 'create', group, resource: 'rolebindings', ...inDefault, user: jane } as const;
  await server.call({ ...call, body: body('view') });
  assert.equal((await server.fails({ ...call, body: body('edit') })).reason, 'Forbidden');
});

test('a list with metadata.name in its field selector needs rights to that object alone', async () => {
  const server = await createTestServer();
  const rules = [{ verbs: ['list', 'watch'], apiGroups: [''], resources: ['pods'], resourceNames: ['a'] }];
  await role(server, 'one', rules, 'default');
  await bind(server, 'one', { kind: 'Role', name: 'one' }, janeHerself, 'default');
  await server.call({ verb: 'create', resource: 'pods', ...inDefault, body: pod('a') });
  const list = { verb: 'list', resource: 'pods', ...inDefault, user: jane } as const;
  await server.call({ ...list, query: { fieldSelector: 'metadata.name=a' } });
  for (const fieldSelector of ['metadata.name!=a', 'metadata.name=b', ''])
    assert.equal((await server.fails({ ...list, query: { fieldSelector } })).reason, 'Forbidden', fieldSelector);
});

test('an apply or an update that would create wants the right to create', async () => {
  const server = await createTestServer();
  const rules = [
    { verbs: ['patch', 'update'], apiGroups: ['', 'coordination.k8s.io'], resources: ['configmaps', 'leases'] },
  ];
  await role(server, 'changer', rules, 'default');
  await bind(server, 'jane', { kind: 'Role', name: 'changer' }, janeHerself, 'default');
  const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' }, data: { k: 'v' } };
  const applied = {
    verb: 'patch',
    resource: 'configmaps',
    ...inDefault,
    name: 'a',
    patchType: 'application/apply-patch+yaml',
    query: { fieldManager: 'm' },
    body,
  } as const;
  assert.equal(
    (await server.fails({ ...applied, user: jane })).message,
    'configmaps "a" is forbidden: User "jane" cannot create resource "configmaps" in API group "" in the namespace "default"',
  );
  await server.call(applied);
  await server.call({ ...applied, body: { ...body, data: { k: 'w' } }, query: { fieldManager: 'm' }, user: jane });

  const lease = { metadata: { name: 'l' }, spec: { holderIdentity: 'jane' } };
  const updated = { verb: 'update', resource: 'leases', ...inDefault, name: 'l', body: lease } as const;
  assert.match((await server.fails({ ...updated, user: jane })).message, /cannot create resource "leases"/);
});
