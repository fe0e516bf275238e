import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ApiRequest } from '../request.ts';
import { type AnyObject, configMap, createTestServer, daemonSet, type TestServer } from '../server.test-support.ts';

const maps = { resource: 'configmaps', namespace: 'default' } as const;
const sets = { resource: 'daemonsets', namespace: 'default' } as const;

async function withMap(): Promise<TestServer & { readonly map: AnyObject }> {
  const test = await createTestServer();
  return { ...test, map: await test.call({ ...maps, verb: 'create', body: configMap('a', { k: '1' }) }) };
}

test('an update from an old version is a Conflict with the sentence that clients know', async () => {
  const { call, fails, map } = await withMap();
  const next = await call({ ...maps, verb: 'update', name: 'a', body: { ...map, data: { k: '2' } } });
  assert.deepEqual(next.data, { k: '2' });
  const error = await fails({ ...maps, verb: 'update', name: 'a', body: { ...map, data: { k: '3' } } });
  assert.equal(error.reason, 'Conflict');
  assert.equal(
    error.message,
    'Operation cannot be fulfilled on configmaps "a": the object has been modified; please apply your changes to the latest version and try again',
  );
});

test('an update without resourceVersion replaces whatever stands there', async () => {
  const { call } = await withMap();
  const next = await call({ ...maps, verb: 'update', name: 'a', body: configMap('a', { other: 'x' }) });
  assert.deepEqual(next.data, { other: 'x' });
});

test('kinds that several write to are not updated without a version', async () => {
  const { call, fails } = await createTestServer();
  const leases = { resource: 'leases', namespace: 'default' } as const;
  const body = { metadata: { name: 'l' }, spec: { holderIdentity: 'me' } };
  const made = await call({ ...leases, verb: 'create', body });
  const error = await fails({ ...leases, verb: 'update', name: 'l', body });
  assert.equal(
    error.message,
    'leases.coordination.k8s.io "l" is invalid: metadata.resourceVersion: Invalid value: 0: must be specified for an update',
  );
  await call({ ...leases, verb: 'update', name: 'l', body: { ...made, spec: { holderIdentity: 'you' } } });
  const patchType = 'application/merge-patch+json';
  await call({ ...leases, verb: 'patch', name: 'l', patchType, body: { spec: { holderIdentity: 'they' } } });
});

test('a patch sets no UID, and an apply with one makes nothing', async () => {
  const { call, fails, map } = await withMap();
  const patch = { ...maps, verb: 'patch', patchType: 'application/merge-patch+json' } as const;
  const body = { metadata: { uid: 'somebody-else' } };
  const error = await fails({ ...patch, name: 'a', body });
  assert.equal(error.reason, 'Invalid');
  assert.match(error.message, /metadata\.uid: Invalid value: "somebody-else": field is immutable/);
  await call({ ...patch, name: 'a', body: { metadata: { uid: map.metadata.uid } } });

  const apply = { ...patch, patchType: 'application/apply-patch+yaml', query: { fieldManager: 'm' } } as const;
  const gone = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'b', uid: 'gone' } };
  assert.equal(
    (await fails({ ...apply, name: 'b', body: gone })).message,
    'Operation cannot be fulfilled on configmaps "b": uid mismatch: the provided object specified uid gone, and no existing object was found',
  );
});

test('what only the server may write survives an update', async () => {
  const { call, map } = await withMap();
  const next = await call({
    ...maps,
    verb: 'update',
    name: 'a',
    body: {
      ...map,
      metadata: { name: 'a', creationTimestamp: null, deletionTimestamp: '2030-01-01T00:00:00Z', generation: 5 },
      data: {},
    },
  });
  assert.equal(next.metadata.uid, map.metadata.uid);
  assert.equal(next.metadata.creationTimestamp, map.metadata.creationTimestamp);
  assert.equal(next.metadata.deletionTimestamp, undefined);
  assert.equal(next.metadata.generation, undefined);
});

test('an update that changes nothing writes nothing', async () => {
  const { call, store, map } = await withMap();
  const before = await store.revision();
  assert.equal(await call({ ...maps, verb: 'update', name: 'a', body: structuredClone(map) }), map);
  assert.equal(await store.revision(), before);
});

test('another object of the same name is not updated', async () => {
  const { fails, map } = await withMap();
  const body = { ...map, metadata: { name: 'a', uid: 'somebody-else' } };
  const error = await fails({ ...maps, verb: 'update', name: 'a', body });
  assert.equal(error.reason, 'Conflict');
  assert.match(error.message, /Precondition failed: UID in precondition: somebody-else/);
});

test('updating what is not there is NotFound, except for leases, which it creates', async () => {
  const { fails, respond } = await createTestServer();
  assert.equal(
    (await fails({ ...maps, verb: 'update', name: 'a', body: configMap('a') })).message,
    'configmaps "a" not found',
  );
  const lease = { metadata: { name: 'l' }, spec: { holderIdentity: 'me' } };
  const made = await respond({ verb: 'update', resource: 'leases', namespace: 'default', name: 'l', body: lease });
  assert.equal(made.code, 201);
});

test('name and URL must agree', async () => {
  const { fails } = await withMap();
  const error = await fails({ ...maps, verb: 'update', name: 'a', body: configMap('b') });
  assert.equal(error.message, 'the name of the object (b) does not match the name on the URL (a)');
});

test('status and spec have a writer each, and only the spec moves the generation', async () => {
  const { call } = await createTestServer();
  const made = await call({ ...sets, verb: 'create', body: { ...daemonSet('d'), status: { numberReady: 9 } } });
  assert.equal(made.metadata.generation, 1);
  assert.equal((made.status as { numberReady?: number } | undefined)?.numberReady ?? 0, 0, 'a new one has no status');

  const counters = { currentNumberScheduled: 1, numberMisscheduled: 0, desiredNumberScheduled: 1, numberReady: 1 };
  const reported = await call({
    ...sets,
    verb: 'update',
    name: 'd',
    subresource: 'status',
    body: { ...daemonSet('d', 'ignored:2'), status: counters },
  });
  assert.deepEqual(reported.spec, made.spec);
  assert.equal((reported.status as typeof counters).numberReady, 1);
  assert.equal(reported.metadata.generation, 1);
  assert.equal(reported.metadata.annotations?.['deprecated.daemonset.template.generation'], '1');

  const labelled = await call({
    ...sets,
    verb: 'patch',
    name: 'd',
    patchType: 'application/merge-patch+json',
    body: { metadata: { labels: { a: 'b' } }, status: { numberReady: 5 } },
  });
  assert.equal(labelled.metadata.generation, 1);
  assert.equal((labelled.status as typeof counters).numberReady, 1);

  const changed = await call({
    ...sets,
    verb: 'patch',
    name: 'd',
    patchType: 'application/merge-patch+json',
    body: { spec: { minReadySeconds: 5 } },
  });
  assert.equal(changed.metadata.generation, 2);
});

test('the template generation of a DaemonSet follows its template and nothing else', async () => {
  const annotation = 'deprecated.daemonset.template.generation';
  const { call } = await createTestServer();
  const generationOf = (object: AnyObject) => object.metadata.annotations?.[annotation];
  const made = await call({ ...sets, verb: 'create', body: daemonSet('d') });
  assert.equal(generationOf(made), '1');
  const merge = { ...sets, verb: 'patch', name: 'd', patchType: 'application/merge-patch+json' } as const;
  assert.equal(generationOf(await call({ ...merge, body: { spec: { minReadySeconds: 5 } } })), '1');
  assert.equal(
    generationOf(await call({ ...merge, body: { metadata: { annotations: { [annotation]: '99' } } } })),
    '1',
  );
  const body = { spec: { template: { metadata: { annotations: { restarted: 'now' } } } } };
  assert.equal(generationOf(await call({ ...merge, body })), '2');
});

test('a patch is retried over other writers, unless it names the version it is for', async () => {
  const { call, fails, map } = await withMap();
  const patch = { ...maps, verb: 'patch', name: 'a', patchType: 'application/merge-patch+json' } as const;
  await Promise.all(
    Array.from({ length: 8 }, (_, index) => call({ ...patch, body: { data: { [`k${index}`]: 'x' } } })),
  );
  const after = await call({ ...maps, verb: 'get', name: 'a' });
  assert.equal(Object.keys(after.data as object).length, 9);
  const error = await fails({
    ...patch,
    body: { metadata: { resourceVersion: map.metadata.resourceVersion }, data: { k: '2' } },
  });
  assert.equal(error.reason, 'Conflict');
});

test('options of patches and updates that nobody could follow are refused', async (t) => {
  const { fails } = await withMap();
  const apply = 'application/apply-patch+yaml';
  const merge = 'application/merge-patch+json';
  const cases: readonly [ApiRequest['patchType'], Readonly<Record<string, string>>, RegExp][] = [
    [apply, {}, /^PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is required for apply patch$/],
    [merge, { force: 'true' }, /force: Forbidden: may not be specified for non-apply patch/],
    [merge, { dryRun: 'Some' }, /dryRun: Unsupported value: \["Some"\]: supported values: "All"/],
    [merge, { fieldValidation: 'Lax' }, /fieldValidation: Unsupported value: "Lax": supported values: "", "Ignore"/],
    [apply, { fieldManager: 'm'.repeat(129) }, /fieldManager: Too long/],
    [apply, { fieldManager: 'a\nb' }, /fieldManager: Invalid value: .* should only contain printable characters/],
  ];
  for (const [patchType, query, refusal] of cases)
    await t.test(`${patchType} ${JSON.stringify(query).slice(0, 40)}`, async () => {
      const error = await fails({
        ...maps,
        verb: 'patch',
        name: 'a',
        patchType: patchType!,
        query,
        body: configMap('a'),
      });
      assert.equal(error.reason, 'Invalid');
      assert.match(error.message, refusal);
    });
});
