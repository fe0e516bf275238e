import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type AnyObject, configMap, createTestServer, pod, type TestServer } from '../server.test-support.ts';

const maps = { resource: 'configmaps', namespace: 'default' } as const;
const namesOf = (list: AnyObject) => (list.items as AnyObject[]).map(({ metadata }) => metadata.name);

async function withMaps(count: number): Promise<TestServer> {
  const test = await createTestServer();
  for (let index = 0; index < count; index++) {
    const name = `m${String(index).padStart(4, '0')}`;
    await test.call({
      ...maps,
      verb: 'create',
      body: { ...configMap(name), metadata: { name, labels: { odd: String(index % 2) } } },
    });
  }
  return test;
}

test('a list is of one namespace or of all, in the order of names, at one resourceVersion', async () => {
  const { call, store } = await withMaps(3);
  await call({ ...maps, namespace: 'kube-system', verb: 'create', body: configMap('x') });
  const list = await call({ ...maps, verb: 'list' });
  assert.equal(list.kind, 'ConfigMapList');
  assert.equal(list.apiVersion, 'v1');
  assert.deepEqual(namesOf(list), ['m0000', 'm0001', 'm0002']);
  assert.equal(list.metadata.resourceVersion, String(await store.revision()));
  assert.deepEqual(namesOf(await call({ resource: 'configmaps', verb: 'list' })), ['m0000', 'm0001', 'm0002', 'x']);
});

test('pages are one snapshot, whatever is written between them', async () => {
  const { call } = await withMaps(5);
  const first = await call({ ...maps, verb: 'list', query: { limit: '2' } });
  assert.deepEqual(namesOf(first), ['m0000', 'm0001']);
  const { continue: token, remainingItemCount } = first.metadata as { continue?: string; remainingItemCount?: number };
  assert.equal(remainingItemCount, 3);
  await call({ ...maps, verb: 'delete', name: 'm0003' });
  await call({ ...maps, verb: 'create', body: configMap('m0002a') });
  const second = await call({ ...maps, verb: 'list', query: { limit: '2', continue: token! } });
  assert.deepEqual(namesOf(second), ['m0002', 'm0003']);
  assert.equal(second.metadata.resourceVersion, first.metadata.resourceVersion);
  const last = await call({
    ...maps,
    verb: 'list',
    query: { limit: '2', continue: (second.metadata as { continue?: string }).continue! },
  });
  assert.deepEqual(namesOf(last), ['m0004']);
  assert.equal((last.metadata as { continue?: string }).continue, undefined);
});

test('a page with a selector is full although most objects do not match', async () => {
  const { call } = await withMaps(1200);
  const query = { labelSelector: 'odd=1', limit: '550' };
  const first = await call({ ...maps, verb: 'list', query });
  assert.equal(namesOf(first).length, 550);
  const { continue: token, remainingItemCount } = first.metadata as { continue?: string; remainingItemCount?: number };
  assert.equal(remainingItemCount, undefined);
  const second = await call({ ...maps, verb: 'list', query: { ...query, continue: token! } });
  assert.deepEqual([namesOf(second)[0], namesOf(second).length], ['m1101', 50]);
});

test('a page whose snapshot was compacted away is Expired', async () => {
  const { call, fails, store } = await withMaps(3);
  const first = await call({ ...maps, verb: 'list', query: { limit: '1' } });
  await call({ ...maps, verb: 'create', body: configMap('z') });
  await store.compact(await store.revision());
  const token = (first.metadata as { continue?: string }).continue!;
  const error = await fails({ ...maps, verb: 'list', query: { limit: '1', continue: token } });
  assert.equal(error.reason, 'Expired');
  assert.equal(error.code, 410);
});

test('a page of a list that another life of the cluster began is Expired, not an error of the server', async () => {
  const { call, fails } = await withMaps(3);
  const first = await call({ ...maps, verb: 'list', query: { limit: '1' } });
  const { continue: token } = first.metadata as { continue?: string };
  const { rv, ...rest } = JSON.parse(Buffer.from(token!, 'base64url').toString()) as { rv: number };
  const later = Buffer.from(JSON.stringify({ ...rest, rv: rv + 1_000 })).toString('base64url');
  const error = await fails({ ...maps, verb: 'list', query: { limit: '1', continue: later } });
  assert.deepEqual([error.reason, error.code], ['Expired', 410]);
});

test('resourceVersion of a list: any, at least, exactly, and from the future', async () => {
  const { call, fails } = await withMaps(1);
  const before = await call({ ...maps, verb: 'list' });
  const resourceVersion = before.metadata.resourceVersion!;
  await call({ ...maps, verb: 'create', body: configMap('z') });
  assert.equal(namesOf(await call({ ...maps, verb: 'list', query: { resourceVersion: '0' } })).length, 2);
  assert.equal(namesOf(await call({ ...maps, verb: 'list', query: { resourceVersion } })).length, 2);
  const exact = await call({ ...maps, verb: 'list', query: { resourceVersion, resourceVersionMatch: 'Exact' } });
  assert.deepEqual([namesOf(exact), exact.metadata.resourceVersion], [['m0000'], resourceVersion]);
  const future = await fails({ ...maps, verb: 'list', query: { resourceVersion: '999999' } });
  assert.equal(future.reason, 'Timeout');
  assert.equal(future.details?.causes?.[0]?.reason, 'ResourceVersionTooLarge');
});

test('field selectors', async (t) => {
  const { call, fails } = await createTestServer();
  await call({ resource: 'pods', namespace: 'default', verb: 'create', body: pod('a', {}, { nodeName: 'n1' }) });
  await call({ resource: 'pods', namespace: 'default', verb: 'create', body: pod('ab', {}, { nodeName: 'n2' }) });
  await call({ resource: 'pods', namespace: 'kube-system', verb: 'create', body: pod('a', {}, { nodeName: 'n1' }) });
  const cases: readonly [string, string | undefined, number][] = [
    ['metadata.name=a', 'default', 1],
    ['metadata.name=a', undefined, 2],
    ['metadata.name!=a', undefined, 1],
    ['metadata.namespace=kube-system', undefined, 1],
    ['spec.nodeName=n1', undefined, 2],
    ['spec.nodeName==n1,metadata.namespace!=default', undefined, 1],
    ['status.phase=Pending', 'default', 2],
    ['spec.nodeName=', 'default', 0],
    ['metadata.name=default/a', undefined, 0],
  ];
  for (const [fieldSelector, namespace, count] of cases)
    await t.test(`${fieldSelector} in ${namespace ?? 'all namespaces'}`, async () => {
      const list = await call({
        resource: 'pods',
        verb: 'list',
        query: { fieldSelector },
        ...(namespace === undefined ? {} : { namespace }),
      });
      assert.equal(namesOf(list).length, count);
    });
  const unknown = await fails({ resource: 'pods', verb: 'list', query: { fieldSelector: 'spec.colour=red' } });
  assert.equal(unknown.message, 'field label not supported: spec.colour');
  assert.equal(
    (await fails({ resource: 'pods', verb: 'list', query: { fieldSelector: 'nonsense' } })).reason,
    'BadRequest',
  );
  assert.equal(
    (await fails({ resource: 'pods', verb: 'list', query: { labelSelector: 'a in (' } })).reason,
    'BadRequest',
  );
  assert.equal((await fails({ resource: 'pods', verb: 'list', query: { continue: 'garbage' } })).reason, 'BadRequest');
});
