import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Namespace, Node } from '../../api/index.ts';
import { type AnyObject, createTestServer } from '../server.test-support.ts';
import { builtinResources } from './builtin.ts';

test('no two resources have the same URL, and short names are used once', () => {
  const urls = builtinResources.map(({ group, version, name }) => `${group}/${version}/${name}`);
  assert.equal(new Set(urls).size, urls.length);
  // Versions of one resource share its short names.
  const each = new Map(builtinResources.map((resource) => [resource.name, resource]));
  const short = [...each.values()].flatMap(({ shortNames }) => shortNames);
  assert.equal(new Set(short).size, short.length);
});

test('the system namespaces and priority classes are there from the start', async () => {
  const { call } = await createTestServer();
  const names = async (resource: string) =>
    ((await call({ verb: 'list', resource })).items as AnyObject[]).map(({ metadata }) => metadata.name);
  assert.deepEqual(await names('namespaces'), ['default', 'kube-node-lease', 'kube-public', 'kube-system']);
  assert.deepEqual(await names('priorityclasses'), ['system-cluster-critical', 'system-node-critical']);
});

test('a namespace is Terminating until its controller has finalized it', async () => {
  const { call, fails } = await createTestServer();
  const namespaces = { resource: 'namespaces', name: 'shop' } as const;
  const made = (await call({
    verb: 'create',
    resource: 'namespaces',
    body: { metadata: { name: 'shop' } },
  })) as Namespace;
  assert.deepEqual(made.metadata.labels, { 'kubernetes.io/metadata.name': 'shop' });
  assert.equal(made.status?.phase, 'Active');
  const leaving = (await call({ ...namespaces, verb: 'delete' })) as Namespace;
  assert.equal(leaving.status?.phase, 'Terminating');
  assert.ok(leaving.metadata.deletionTimestamp);
  const again = await call({ ...namespaces, verb: 'delete' });
  assert.equal(again.metadata.resourceVersion, leaving.metadata.resourceVersion);
  // An ordinary update cannot take the finalizer off.
  const kept = (await call({
    ...namespaces,
    verb: 'update',
    body: { ...leaving, spec: { finalizers: [] } },
  })) as Namespace;
  assert.deepEqual(kept.spec?.finalizers, ['kubernetes']);
  const body = { ...leaving, metadata: { name: 'shop' }, spec: { finalizers: [] } };
  await call({ ...namespaces, verb: 'update', subresource: 'finalize', body });
  assert.equal((await fails({ ...namespaces, verb: 'get' })).reason, 'NotFound');
});

test('some namespaces live for ever', async () => {
  const { fails } = await createTestServer();
  const error = await fails({ resource: 'namespaces', verb: 'delete', name: 'kube-system' });
  assert.equal(error.reason, 'Forbidden');
  assert.equal(error.message, 'namespaces "kube-system" is forbidden: this namespace may not be deleted');
});

test('the priority classes of the system stay, and one at most is the default', async () => {
  const { call, fails } = await createTestServer();
  const classes = { resource: 'priorityclasses' } as const;
  const name = 'system-node-critical';
  assert.equal(
    (await fails({ ...classes, verb: 'delete', name })).message,
    `priorityclasses.scheduling.k8s.io "${name}" is forbidden: this is a system priority class and cannot be deleted`,
  );
  const body = (name: string) => ({ metadata: { name }, value: 1, globalDefault: true });
  await call({ ...classes, verb: 'create', body: body('usual') });
  assert.equal(
    (await fails({ ...classes, verb: 'create', body: body('other') })).message,
    'priorityclasses.scheduling.k8s.io "other" is forbidden: PriorityClass usual is already marked as default. Only one default can exist',
  );
  await call({ ...classes, verb: 'delete', name: 'usual' });
});

test('a namespace ends by being deleted, and is held by finalizers that have an owner', async () => {
  const { call, fails } = await createTestServer();
  const namespaces = { resource: 'namespaces', name: 'shop', verb: 'update' } as const;
  const made = await call({ verb: 'create', resource: 'namespaces', body: { metadata: { name: 'shop' } } });
  const ended = { ...made, status: { phase: 'Terminating' } };
  assert.match(
    (await fails({ ...namespaces, subresource: 'status', body: ended })).message,
    /status.Phase: Invalid value: "Terminating": may only be 'Active' if `deletionTimestamp` is empty/,
  );
  const body = { ...made, spec: { finalizers: ['kubernetes', 'mine'] } };
  assert.match(
    (await fails({ ...namespaces, subresource: 'finalize', body })).message,
    /spec.finalizers\[1\]: Invalid value: "mine"/,
  );
});

test('a node begins with the not-ready taint and keeps the status it came with', async () => {
  const { call } = await createTestServer();
  const body = {
    metadata: { name: 'n1' },
    spec: { taints: [{ key: 'a', effect: 'NoSchedule' }] },
    status: { capacity: { cpu: '4' } },
  };
  const node = (await call({ resource: 'nodes', verb: 'create', body })) as Node;
  assert.deepEqual(node.spec?.taints, [
    { key: 'a', effect: 'NoSchedule' },
    { key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' },
  ]);
  assert.deepEqual(node.status?.capacity, { cpu: '4' });
});

const event = {
  metadata: { name: 'e', namespace: 'default' },
  involvedObject: { kind: 'Pod', name: 'a', namespace: 'default' },
  reason: 'Started',
  message: 'it runs',
  type: 'Normal',
  count: 3,
  source: { component: 'tester' },
};

test('an event has two shapes and one identity', async () => {
  const { call } = await createTestServer();
  const events = { resource: 'events', namespace: 'default' } as const;
  const made = await call({ ...events, verb: 'create', body: event });
  const newer = await call({ ...events, group: 'events.k8s.io', verb: 'get', name: 'e' });
  assert.equal(newer.apiVersion, 'events.k8s.io/v1');
  assert.equal(newer.metadata.uid, made.metadata.uid);
  assert.deepEqual([newer.note, newer.regarding, newer.deprecatedCount], ['it runs', made.involvedObject, 3]);
  assert.equal(newer.message, undefined);
  const query = { fieldSelector: 'involvedObject.name=a,involvedObject.kind=Pod' };
  assert.equal(((await call({ ...events, verb: 'list', query })).items as unknown[]).length, 1);
  const regarding = { fieldSelector: 'regarding.name=b' };
  assert.equal(
    ((await call({ ...events, group: 'events.k8s.io', verb: 'list', query: regarding })).items as unknown[]).length,
    0,
  );
});

test('events are gone an hour after they last happened', async () => {
  const { call, clock, fails } = await createTestServer();
  const events = { resource: 'events', namespace: 'default' } as const;
  await call({ ...events, verb: 'create', body: event });
  await clock.advance(50 * 60_000);
  const lastTimestamp = new Date(clock.now()).toISOString();
  await call({
    ...events,
    verb: 'patch',
    name: 'e',
    patchType: 'application/merge-patch+json',
    body: { count: 4, lastTimestamp },
  });
  await clock.advance(50 * 60_000);
  assert.equal((await call({ ...events, verb: 'get', name: 'e' })).count, 4);
  await clock.advance(12 * 60_000);
  assert.equal((await fails({ ...events, verb: 'get', name: 'e' })).reason, 'NotFound');
});
