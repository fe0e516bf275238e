import assert from 'node:assert/strict';
import { test } from 'node:test';
import { configMap, createTestServer, daemonSet, pod } from '../server.test-support.ts';

const maps = { resource: 'configmaps', namespace: 'default' } as const;

test('a created object gets its identity, its time and its resourceVersion from the server', async () => {
  const { call, clock, respond } = await createTestServer();
  const sent = configMap('a', { k: 'v' });
  const { code, body } = await respond({
    ...maps,
    verb: 'create',
    body: {
      ...sent,
      metadata: {
        name: 'a',
        uid: 'mine',
        creationTimestamp: '1999-01-01T00:00:00Z',
        generation: 7,
        selfLink: '/x',
      } as object,
    },
  });
  assert.equal(code, 201);
  const { metadata } = body as typeof sent;
  assert.match(metadata.uid!, /^[0-9a-f-]{36}$/);
  assert.equal(metadata.creationTimestamp, new Date(clock.now()).toISOString().replace('.000Z', 'Z'));
  assert.equal(metadata.generation, undefined);
  assert.equal('selfLink' in metadata, false);
  assert.equal(metadata.namespace, 'default');
  assert.match(metadata.resourceVersion!, /^\d+$/);
  assert.equal(await call({ ...maps, verb: 'get', name: 'a' }), body, 'readers share one object');
});

test('creating twice answers AlreadyExists with the words of Kubernetes', async () => {
  const { call, fails } = await createTestServer();
  await call({ ...maps, verb: 'create', body: configMap('a') });
  const error = await fails({ ...maps, verb: 'create', body: configMap('a') });
  assert.equal(error.reason, 'AlreadyExists');
  assert.equal(error.message, 'configmaps "a" already exists');
  await call({ verb: 'create', resource: 'daemonsets', namespace: 'default', body: daemonSet('a') });
  const grouped = await fails({ verb: 'create', resource: 'daemonsets', namespace: 'default', body: daemonSet('a') });
  assert.equal(grouped.message, 'daemonsets.apps "a" already exists');
  assert.deepEqual(grouped.details, { name: 'a', group: 'apps', kind: 'daemonsets' });
});

test('generateName makes names that differ, without vowels', async () => {
  const { call } = await createTestServer();
  const names = new Set<string>();
  for (let index = 0; index < 20; index++) {
    const made = await call({ ...maps, verb: 'create', body: { metadata: { generateName: 'web-' } } });
    names.add(made.metadata.name!);
  }
  assert.equal(names.size, 20);
  for (const name of names) assert.match(name, /^web-[bcdfghjklmnpqrstvwxz2456789]{5}$/);
});

test('a dry run checks everything and stores nothing', async () => {
  const { call, fails, store } = await createTestServer();
  const before = await store.revision();
  const made = await call({ ...maps, verb: 'create', body: configMap('a'), query: { dryRun: 'All' } });
  assert.equal(made.metadata.name, 'a');
  assert.equal(made.metadata.resourceVersion, undefined);
  assert.equal(await store.revision(), before);
  await call({ ...maps, verb: 'create', body: configMap('a') });
  assert.equal(
    (await fails({ ...maps, verb: 'create', body: configMap('a'), query: { dryRun: 'All' } })).reason,
    'AlreadyExists',
  );
  assert.equal(
    (await fails({ ...maps, verb: 'create', body: configMap('b'), query: { dryRun: 'yes' } })).message,
    'CreateOptions.meta.k8s.io "" is invalid: dryRun: Unsupported value: ["yes"]: supported values: "All"',
  );
});

test('refused creates name what is wrong', async (t) => {
  const { fails } = await createTestServer();
  const cases: readonly [string, Parameters<typeof fails>[0], string, RegExp][] = [
    [
      'a namespace that is not there',
      { ...maps, namespace: 'nope', verb: 'create', body: configMap('a') },
      'NotFound',
      /^namespaces "nope" not found$/,
    ],
    [
      'another namespace in the body',
      { ...maps, verb: 'create', body: { metadata: { name: 'a', namespace: 'kube-system' } } },
      'BadRequest',
      /namespace of the provided object does not match/,
    ],
    [
      'another kind',
      { ...maps, verb: 'create', body: pod('a') },
      'BadRequest',
      /^Pod in version "v1" cannot be handled as a ConfigMap: converting \(v1.Pod\) to \(core.ConfigMap\): unknown conversion$/,
    ],
    [
      'another version',
      { ...maps, verb: 'create', body: { apiVersion: 'v2', metadata: { name: 'a' } } },
      'BadRequest',
      /^ConfigMap in version "v2" cannot be handled as a ConfigMap: no kind "ConfigMap" is registered for version "v2"/,
    ],
    ['a body that is no object', { ...maps, verb: 'create', body: [1] }, 'BadRequest', /not a ConfigMap object/],
    ['no name', { ...maps, verb: 'create', body: { metadata: {} } }, 'Invalid', /name or generateName is required/],
    [
      'a resourceVersion',
      { ...maps, verb: 'create', body: { metadata: { name: 'a', resourceVersion: '4' } } },
      'BadRequest',
      /resourceVersion should not be set/,
    ],
    [
      'a resource that is not served',
      { verb: 'create', resource: 'gadgets', namespace: 'default', body: {} },
      'NotFound',
      /could not find the requested resource/,
    ],
    [
      'a namespace that escapes its key',
      { ...maps, namespace: 'a/b', verb: 'create', body: configMap('a') },
      'BadRequest',
      /invalid name or namespace/,
    ],
    [
      'somebody without rights',
      { ...maps, verb: 'create', body: configMap('a'), user: { name: 'bob', groups: [] } },
      'Forbidden',
      /^configmaps is forbidden: User "bob" cannot create resource "configmaps" in API group "" in the namespace "default"/,
    ],
  ];
  for (const [name, request, reason, message] of cases)
    await t.test(name, async () => {
      const error = await fails(request);
      assert.equal(error.reason, reason);
      assert.match(error.message, message);
    });
});

test('nothing is created in a namespace that is going away', async () => {
  const { call, fails } = await createTestServer();
  await call({ verb: 'create', resource: 'namespaces', body: { metadata: { name: 'shop' } } });
  await call({ verb: 'delete', resource: 'namespaces', name: 'shop' });
  const error = await fails({ ...maps, namespace: 'shop', verb: 'create', body: configMap('a') });
  assert.equal(error.reason, 'Forbidden');
  assert.equal(
    error.message,
    'configmaps "a" is forbidden: unable to create new content in namespace shop because it is being terminated',
  );
  assert.equal(error.details?.causes?.[0]?.reason, 'NamespaceTerminating');
});

test('what reports on itself begins with a report of nothing', async () => {
  const { call } = await createTestServer();
  const made = async (resource: string, body: object, group = 'apps') =>
    (await call({ verb: 'create', group, resource, namespace: 'default', body }))['status'];
  const { spec } = daemonSet('agent') as unknown as { spec: object };
  assert.deepEqual(await made('daemonsets', { metadata: { name: 'agent' }, spec, status: { numberReady: 7 } }), {
    currentNumberScheduled: 0,
    numberMisscheduled: 0,
    desiredNumberScheduled: 0,
    numberReady: 0,
  });
  assert.deepEqual(await made('replicasets', { metadata: { name: 'agent' }, spec }), { replicas: 0 });
  assert.deepEqual(await made('deployments', { metadata: { name: 'agent' }, spec }), {});
});

test('an object that a PUT brings says its name', async () => {
  const { call, fails } = await createTestServer();
  await call({ ...maps, verb: 'create', body: configMap('a') });
  const error = await fails({ ...maps, verb: 'update', name: 'a', body: { data: {} } });
  assert.deepEqual(
    [error.reason, error.message],
    ['BadRequest', 'the name of the object (a based on URL) was undeterminable: name must be provided'],
  );
});
