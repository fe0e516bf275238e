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

test('a configuration to apply says its version', async () => {
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
  const refusal = (version: string) =>
    `Incorrect version specified in apply patch. Specified patch version: ${version}, expected: v1`;
  assert.equal(await said({ kind: 'ConfigMap', data: {} }), refusal(''));
  assert.equal(await said({ apiVersion: 'v2', kind: 'ConfigMap', data: {} }), refusal('v2'));
});
