// A definition that becomes stricter does not lock the objects that were there before (CRDValidationRatcheting).
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTestServer } from '../server.test-support.ts';
import {
  cronTab,
  cronTabs,
  define,
  definition,
  definitions,
  settled,
  specSchema,
} from './custom-resources.test-support.ts';

test('what a stored object has wrong may stay, what a write adds must be right', async () => {
  const server = await createTestServer();
  await define(server);
  await server.call({ ...cronTabs, verb: 'create', body: cronTab('old', { cronSpec: '* * * * *', replicas: 9 }) });
  const properties = { ...specSchema.properties, replicas: { type: 'integer', maximum: 5 } };
  const stricter = { ...specSchema, properties };
  const schema = { openAPIV3Schema: { type: 'object', properties: { spec: stricter } } };
  const name = 'crontabs.stable.example.com';
  const { metadata } = await server.call({ ...definitions, verb: 'get', name });
  await server.call({ ...definitions, verb: 'update', name, body: { ...definition({}, { schema }), metadata } });
  await settled();

  const patch = { ...cronTabs, verb: 'patch', name: 'old', patchType: 'application/merge-patch+json' } as const;
  const changed = await server.call({ ...patch, body: { spec: { image: 'busybox:2' } } });
  assert.deepEqual(changed.spec, { cronSpec: '* * * * *', replicas: 9, image: 'busybox:2' });
  const worse = await server.fails({ ...patch, body: { spec: { replicas: 8 } } });
  assert.match(worse.message, /spec\.replicas in body should be less than or equal to 5/);
  const fresh = { ...cronTabs, verb: 'create', body: cronTab('new', { cronSpec: '* * * * *', replicas: 9 }) } as const;
  assert.match((await server.fails(fresh)).message, /should be less than or equal to 5/);
});
