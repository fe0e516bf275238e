import assert from 'node:assert/strict';
import { test } from 'node:test';
import { configMap, createTestServer, pod } from '../server.test-support.ts';
import { flagOf, integerOf } from './parameters.ts';

test('a flag is on whatever it says, but for false and 0', () => {
  const words: readonly (readonly [string, boolean])[] = [
    ['', true],
    ['true', true],
    ['1', true],
    ['yes', true],
    ['False', false],
    ['0', false],
  ];
  for (const [word, meaning] of words) assert.equal(flagOf({ watch: word }, 'watch'), meaning, word);
  assert.equal(flagOf({}, 'watch'), undefined);
});

test('a number may have a sign, and nothing else beside its digits', () => {
  assert.equal(integerOf({ limit: '-1' }, 'limit'), -1);
  assert.equal(integerOf({ limit: '' }, 'limit'), undefined);
  for (const limit of ['abc', '1.5', '1e3', ' 1', '9'.repeat(30)])
    assert.throws(() => integerOf({ limit }, 'limit'), {
      reason: 'BadRequest',
      message: `strconv.ParseInt: parsing "${limit}": invalid syntax`,
    });
});

test('a negative limit is none, a negative grace period the shortest', async () => {
  const { call } = await createTestServer();
  const maps = { resource: 'configmaps', namespace: 'default' } as const;
  for (const name of ['a', 'b']) await call({ ...maps, verb: 'create', body: configMap(name) });
  const all = await call({ ...maps, verb: 'list', query: { limit: '-1' } });
  assert.equal((all['items'] as readonly unknown[]).length, 2);
  const pods = { resource: 'pods', namespace: 'default' } as const;
  await call({ ...pods, verb: 'create', body: pod('p', {}, { nodeName: 'n' }) });
  const deleted = await call({ ...pods, verb: 'delete', name: 'p', query: { gracePeriodSeconds: '-5' } });
  assert.equal(deleted.metadata.deletionGracePeriodSeconds, 1);
});

test('a patch that leaves what is no object of the kind is what is invalid', async () => {
  const { call, fails } = await createTestServer();
  const maps = { resource: 'configmaps', namespace: 'default', name: 'a' } as const;
  await call({ resource: 'configmaps', namespace: 'default', verb: 'create', body: configMap('a') });
  const refused = (patchType: 'application/merge-patch+json' | 'application/strategic-merge-patch+json', query = {}) =>
    fails({ ...maps, verb: 'patch', patchType, query, body: { data: 'x', foo: 1 } });
  const strategic = await refused('application/strategic-merge-patch+json');
  assert.equal(strategic.reason, 'Invalid');
  assert.match(
    strategic.message,
    /^ "" is invalid: patch: Invalid value: "map\[data:x foo:1\]": json: cannot unmarshal/,
  );
  const merge = await refused('application/merge-patch+json');
  assert.match(
    merge.message,
    /^ "" is invalid: patch: Invalid value: "\{\\"apiVersion.*: json: cannot unmarshal string/,
  );
  assert.equal(merge.details?.causes?.[0]?.field, 'patch');
});

test('a configuration to apply says its version, its kind, and fields that are there', async () => {
  const { fails } = await createTestServer();
  const request = {
    verb: 'patch',
    resource: 'configmaps',
    namespace: 'default',
    name: 'a',
    patchType: 'application/apply-patch+yaml',
    query: { fieldManager: 'me' },
  } as const;
  const said = async (body: object) => (await fails({ ...request, body })).message;
  assert.equal(await said({ data: {} }), 'invalid object type: /, Kind=');
  assert.equal(await said({ apiVersion: 'v2', kind: 'ConfigMap' }), 'invalid object type: /v2, Kind=ConfigMap');
  assert.equal(await said({ apiVersion: 'apps/v1', kind: 'X' }), 'invalid object type: apps/v1, Kind=X');
  assert.equal(
    await said({ apiVersion: 'v1', kind: 'ConfigMap', dta: {}, metadata: { lables: {} } }),
    'failed to create typed patch object (default/a; v1, Kind=ConfigMap): errors:\n  .dta: field not declared in schema\n  .metadata.lables: field not declared in schema',
  );
});
