import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ConfigMap, type KubernetesObject, resources } from '../api/index.ts';
import { createFakeClient } from '../client/index.ts';
import { seededRandom, systemClock } from '../machinery/index.ts';
import { applyManifest } from './apply.ts';
import { mergeDifference } from './merge-difference.ts';

const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration';
const manifest = (data: Readonly<Record<string, string>>) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'settings', annotations: { team: 'infra' } },
  data,
});
const fake = () => createFakeClient({ clock: systemClock, random: seededRandom(1) });
const settings = (client: ReturnType<typeof fake>) => client.get(resources.configMaps, 'default', 'settings');

test('the first time creates, in the default namespace, and notes what was applied as kubectl does', async () => {
  const client = fake();
  assert.equal(await applyManifest(client, resources.configMaps, manifest({ a: '1' })), 'created');
  const { metadata, data } = await settings(client);
  assert.deepEqual(data, { a: '1' });
  assert.equal(metadata.namespace, 'default');
  const noted = JSON.parse(metadata.annotations?.[lastApplied] ?? '') as KubernetesObject;
  assert.equal(noted.metadata.annotations?.[lastApplied], undefined, 'the note does not hold itself');
});

test('the same file again changes nothing, not even what somebody set in the meantime', async () => {
  const client = fake();
  await applyManifest(client, resources.configMaps, manifest({ a: '1' }));
  await client.patch(resources.configMaps, 'default', 'settings', 'merge', { data: { a: 'by hand' } });
  const before = await settings(client);
  assert.equal(await applyManifest(client, resources.configMaps, manifest({ a: '1' })), 'unchanged');
  assert.deepEqual(await settings(client), before);
});

test('a changed file changes what it changed, and no more', async () => {
  const client = fake();
  await applyManifest(client, resources.configMaps, manifest({ a: '1', b: '2' }));
  await client.patch(resources.configMaps, 'default', 'settings', 'merge', { data: { mine: 'kept' } });
  assert.equal(await applyManifest(client, resources.configMaps, manifest({ a: 'new' })), 'configured');
  const { data, metadata } = await settings(client);
  assert.deepEqual(data, { a: 'new', mine: 'kept' });
  assert.equal(metadata.annotations?.team, 'infra');
  assert.equal(await applyManifest(client, resources.configMaps, manifest({ a: 'new' })), 'unchanged');
});

for (const note of [undefined, 'no json', '[]', '{"metadata":null}']) {
  test(`an object with ${note === undefined ? 'no note' : `the note ${note}`} gets the whole file`, async () => {
    const client = fake();
    const annotations = note === undefined ? {} : { [lastApplied]: note };
    const object: ConfigMap = { metadata: { name: 'settings', namespace: 'default', annotations }, data: { a: 'old' } };
    await client.create(resources.configMaps, object);
    assert.equal(await applyManifest(client, resources.configMaps, manifest({ a: '1' })), 'configured');
    assert.deepEqual((await settings(client)).data, { a: '1' });
    assert.equal(await applyManifest(client, resources.configMaps, manifest({ a: '1' })), 'unchanged');
  });
}

test('the difference of two documents is a merge patch', () => {
  assert.equal(mergeDifference({ a: { b: [1, 2] } }, { a: { b: [1, 2] } }), undefined);
  assert.deepEqual(mergeDifference({ a: { b: 1, c: 2 }, d: [1] }, { a: { b: 1 }, d: [1, 2] }), {
    a: { c: null },
    d: [1, 2],
  });
  assert.deepEqual(mergeDifference({}, { constructor: 'x' }), { constructor: 'x' });
});
