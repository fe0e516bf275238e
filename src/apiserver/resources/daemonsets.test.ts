import assert from 'node:assert/strict';
import { test } from 'node:test';
import { daemonSet, createTestServer } from '../server.test-support.ts';

const annotation = 'deprecated.daemonset.template.generation';
const sets = { resource: 'daemonsets', namespace: 'default' } as const;

test('a created DaemonSet begins without status, at generation 1, with the template generation of its client or 1', async () => {
  const { call } = await createTestServer();
  const { metadata, ...rest } = daemonSet('d');
  const status = { observedGeneration: 7, numberReady: 3 };
  const body = { ...rest, metadata: { ...metadata, generation: 9, annotations: { [annotation]: '5' } }, status };
  const made = await call({ ...sets, verb: 'create', body });
  assert.equal(made.metadata.generation, 1);
  assert.equal(made.metadata.annotations?.[annotation], '5');
  assert.equal((made['status'] as { observedGeneration?: number } | undefined)?.observedGeneration ?? 0, 0);
  const zero = { ...rest, metadata: { name: 'e', annotations: { [annotation]: '-3' } } };
  assert.equal((await call({ ...sets, verb: 'create', body: zero })).metadata.annotations?.[annotation], '1');
});

test('a template generation that is no number is refused, as its decoding fails upstream', async () => {
  const { fails } = await createTestServer();
  const { metadata, ...rest } = daemonSet('d');
  const body = { ...rest, metadata: { ...metadata, annotations: { [annotation]: 'one' } } };
  assert.equal((await fails({ ...sets, verb: 'create', body })).reason, 'BadRequest');
});
