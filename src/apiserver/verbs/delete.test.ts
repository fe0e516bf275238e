import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type AnyObject, configMap, createTestServer, daemonSet } from '../server.test-support.ts';

const maps = { resource: 'configmaps', namespace: 'default' } as const;
const sets = { resource: 'daemonsets', namespace: 'default' } as const;

test('an object that nothing holds goes at once, and the answer says which it was', async () => {
  const { call, fails } = await createTestServer();
  const made = await call({ ...sets, verb: 'create', body: daemonSet('a') });
  const answer = await call({ ...sets, verb: 'delete', name: 'a' });
  assert.deepEqual(answer, {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Success',
    details: { name: 'a', group: 'apps', kind: 'daemonsets', uid: made.metadata.uid },
  });
  assert.equal((await fails({ ...sets, verb: 'get', name: 'a' })).message, 'daemonsets.apps "a" not found');
  assert.equal((await fails({ ...sets, verb: 'delete', name: 'a' })).reason, 'NotFound');
});

test('the propagation policy becomes a finalizer for the garbage collector', async (t) => {
  const cases: readonly [string, object, readonly string[]][] = [
    ['foreground', { propagationPolicy: 'Foreground' }, ['foregroundDeletion']],
    ['orphan', { propagationPolicy: 'Orphan' }, ['orphan']],
    ['orphanDependents', { orphanDependents: true }, ['orphan']],
  ];
  for (const [name, body, finalizers] of cases)
    await t.test(name, async () => {
      const { call, respond, fails } = await createTestServer();
      await call({ ...sets, verb: 'create', body: daemonSet('a') });
      const deleted = await respond({ ...sets, verb: 'delete', name: 'a', body });
      const object = deleted.body as AnyObject;
      assert.equal(deleted.code, 200);
      assert.deepEqual(object.metadata.finalizers, finalizers);
      assert.equal(object.metadata.deletionGracePeriodSeconds, 0);
      assert.ok(object.metadata.deletionTimestamp);
      assert.equal(object.metadata.generation, 2, 'asking for deletion is a change of desire');

      const again = await call({ ...sets, verb: 'delete', name: 'a', body });
      assert.equal(again.metadata.resourceVersion, object.metadata.resourceVersion, 'asking twice changes nothing');

      const freed = { ...object, metadata: { ...object.metadata, finalizers: [] } };
      await call({ ...sets, verb: 'update', name: 'a', body: freed });
      assert.equal((await fails({ ...sets, verb: 'get', name: 'a' })).reason, 'NotFound');
    });
});

test('who says orphanDependents: false is told that the object is not gone yet', async () => {
  const { call, respond } = await createTestServer();
  await call({ ...maps, verb: 'create', body: { metadata: { name: 'a', finalizers: ['example.com/hold'] } } });
  const deleted = await respond({ ...maps, verb: 'delete', name: 'a', body: { orphanDependents: false } });
  assert.equal(deleted.code, 202);
});

test('a later background delete takes the foreground finalizer off', async () => {
  const { call, fails } = await createTestServer();
  await call({ ...sets, verb: 'create', body: daemonSet('a') });
  await call({ ...sets, verb: 'delete', name: 'a', body: { propagationPolicy: 'Foreground' } });
  await call({ ...sets, verb: 'delete', name: 'a', body: { propagationPolicy: 'Background' } });
  assert.equal((await fails({ ...sets, verb: 'get', name: 'a' })).reason, 'NotFound');
});

test('finalizers keep a deleted object until the last is gone', async () => {
  const { call, fails } = await createTestServer();
  const held = { ...configMap('a'), metadata: { name: 'a', finalizers: ['example.com/one', 'example.com/two'] } };
  await call({ ...maps, verb: 'create', body: held });
  const leaving = await call({ ...maps, verb: 'delete', name: 'a' });
  assert.deepEqual(leaving.metadata.finalizers, ['example.com/one', 'example.com/two']);
  const merge = { ...maps, verb: 'patch', name: 'a', patchType: 'application/merge-patch+json' } as const;
  const one = await call({ ...merge, body: { metadata: { finalizers: ['example.com/two'] } } });
  assert.ok(one.metadata.deletionTimestamp);
  const last = await call({ ...merge, body: { metadata: { finalizers: [] } } });
  assert.deepEqual(last.metadata.finalizers ?? [], [], 'the answer is what the write made');
  assert.equal((await fails({ ...maps, verb: 'get', name: 'a' })).reason, 'NotFound');
});

test('preconditions protect an object that is not the one meant', async () => {
  const { call, fails } = await createTestServer();
  const made = await call({ ...maps, verb: 'create', body: configMap('a') });
  const wrongUid = await fails({ ...maps, verb: 'delete', name: 'a', body: { preconditions: { uid: 'other' } } });
  assert.equal(wrongUid.reason, 'Conflict');
  assert.equal(
    wrongUid.message,
    `Operation cannot be fulfilled on ConfigMap "a": the UID in the precondition (other) does not match the UID in record (${made.metadata.uid}). The object might have been deleted and then recreated`,
  );
  const body = { preconditions: { resourceVersion: '1' } };
  assert.equal((await fails({ ...maps, verb: 'delete', name: 'a', body })).reason, 'Conflict');
  await call({ ...maps, verb: 'delete', name: 'a', body: { preconditions: { uid: made.metadata.uid } } });
});

test('bad delete options are refused', async (t) => {
  const { call, fails } = await createTestServer();
  await call({ ...maps, verb: 'create', body: configMap('a') });
  const cases: readonly [string, unknown, RegExp][] = [
    ['an unknown policy', { propagationPolicy: 'Sideways' }, /propagationPolicy: Unsupported value: "Sideways"/],
    ['two policies', { propagationPolicy: 'Orphan', orphanDependents: false }, /cannot be both set/],
    ['half a second', { gracePeriodSeconds: 0.5 }, /must be an integer/],
    ['an object of another kind', { kind: 'ConfigMap', apiVersion: 'v1' }, /is not DeleteOptions/],
    ['a list', [], /not a DeleteOptions object/],
    ['another dry run', { dryRun: ['Some'] }, /dryRun: Unsupported value/],
  ];
  for (const [name, body, message] of cases)
    await t.test(name, async () =>
      assert.match((await fails({ ...maps, verb: 'delete', name: 'a', body })).message, message),
    );
  const query = { propagationPolicy: 'Orphan', orphanDependents: 'true' };
  assert.match((await fails({ ...maps, verb: 'delete', name: 'a', query })).message, /cannot be both set/);
  await call({ ...maps, verb: 'get', name: 'a' });
});

test('deletecollection deletes what the selector picks and answers with it', async () => {
  const { call } = await createTestServer();
  for (const name of ['a', 'b', 'c'])
    await call({ ...maps, verb: 'create', body: { metadata: { name, labels: { keep: String(name === 'b') } } } });
  const answer = await call({ ...maps, verb: 'deletecollection', query: { labelSelector: 'keep=false' } });
  assert.deepEqual(
    (answer.items as AnyObject[]).map(({ metadata }) => metadata.name),
    ['a', 'c'],
  );
  const left = await call({ ...maps, verb: 'list' });
  assert.deepEqual(
    (left.items as AnyObject[]).map(({ metadata }) => metadata.name),
    ['b'],
  );
});

test('preconditions of a deletecollection hold for each of its objects', async () => {
  const { call, fails } = await createTestServer();
  const { metadata } = await call({ ...maps, verb: 'create', body: configMap('a') });
  await call({ ...maps, verb: 'create', body: configMap('b') });
  const body = { preconditions: { resourceVersion: metadata.resourceVersion } };
  assert.equal((await fails({ ...maps, verb: 'deletecollection', body })).reason, 'Conflict');
  await call({ ...maps, verb: 'get', name: 'b' });
});

test('deletecollection takes the options of a delete, and stops at its limit', async () => {
  const { call } = await createTestServer();
  for (const name of ['a', 'b', 'c']) await call({ ...maps, verb: 'create', body: configMap(name) });
  const body = { propagationPolicy: 'Foreground' };
  const answer = await call({ ...maps, verb: 'deletecollection', body, query: { limit: '2' } });
  assert.equal((answer.items as AnyObject[]).length, 2);
  const left = (await call({ ...maps, verb: 'list' })).items as AnyObject[];
  assert.deepEqual(
    left.map(({ metadata }) => metadata.finalizers),
    [['foregroundDeletion'], ['foregroundDeletion'], undefined],
  );
});

test('a dry run of a delete deletes nothing', async () => {
  const { call } = await createTestServer();
  await call({ ...maps, verb: 'create', body: configMap('a') });
  await call({ ...maps, verb: 'delete', name: 'a', body: { dryRun: ['All'] } });
  await call({ ...maps, verb: 'get', name: 'a' });
});
