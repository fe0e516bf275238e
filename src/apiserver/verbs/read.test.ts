import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { StatusError } from '../../api/index.ts';
import { admin, type AnyObject, configMap, createTestServer, pod, type TestServer } from '../server.test-support.ts';

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
  const { continue: newer } = error.toStatus().metadata;
  const rest = await call({ ...maps, verb: 'list', query: { limit: '2', continue: newer! } });
  assert.deepEqual(namesOf(rest), ['m0001', 'm0002']);
  const last = (rest.metadata as { continue?: string }).continue;
  assert.deepEqual(namesOf(await call({ ...maps, verb: 'list', query: { limit: '2', continue: last! } })), ['z']);
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

/** The table of api-concepts/#semantics-for-get-and-list: old = before z was made, new = after. */
const versions: readonly [query: Readonly<Record<string, string>>, seen: string | RegExp][] = [
  [{}, 'm0000 m0001 z'],
  [{ resourceVersion: '0' }, 'm0000 m0001 z'],
  [{ resourceVersion: 'old' }, 'm0000 m0001 z'],
  [{ resourceVersion: 'old', resourceVersionMatch: 'Exact' }, 'm0000 m0001'],
  [{ resourceVersion: 'old', resourceVersionMatch: 'NotOlderThan' }, 'm0000 m0001 z'],
  [{ resourceVersion: '0', resourceVersionMatch: 'NotOlderThan' }, 'm0000 m0001 z'],
  [{ resourceVersion: 'future' }, /^504 Timeout: Timeout: Too large resource version/],
  [{ resourceVersion: 'future', resourceVersionMatch: 'Exact' }, /^504 Timeout: Timeout: Too large resource version/],
  [{ limit: '9' }, 'm0000 m0001 z'],
  [{ limit: '9', resourceVersion: '0' }, 'm0000 m0001 z'],
  [{ limit: '9', resourceVersion: 'old' }, 'm0000 m0001'],
  [{ limit: '9', resourceVersion: 'old', resourceVersionMatch: 'Exact' }, 'm0000 m0001'],
  [{ limit: '9', resourceVersion: 'old', resourceVersionMatch: 'NotOlderThan' }, 'm0000 m0001 z'],
  [{ limit: '9', continue: 'token' }, 'm0001'],
  [{ limit: '9', continue: 'token', resourceVersion: '0' }, 'm0001'],
  [{ limit: '9', continue: 'token', resourceVersion: 'old' }, /^400 BadRequest: specifying resource version is not/],
  [
    { continue: 'token', resourceVersion: 'old', resourceVersionMatch: 'Exact' },
    /^422 Invalid: ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: Forbidden: .* when continue is provided/,
  ],
  [{ resourceVersionMatch: 'Exact' }, /^422 .*forbidden unless resourceVersion is provided/],
  [{ resourceVersionMatch: 'NotOlderThan' }, /^422 .*forbidden unless resourceVersion is provided/],
  [{ resourceVersion: '0', resourceVersionMatch: 'Exact' }, /^422 .*"exact" is forbidden for resourceVersion "0"/],
  [
    { resourceVersion: '1', resourceVersionMatch: 'Same' },
    /^422 .*Unsupported value: "Same": supported values: "Exact"/,
  ],
  [{ sendInitialEvents: 'true' }, /^422 .*sendInitialEvents: Forbidden: sendInitialEvents is forbidden for list/],
  [{ resourceVersion: 'x' }, /^400 BadRequest/],
];

test('resourceVersion, resourceVersionMatch, limit and continue together', async (t) => {
  const { call, server } = await withMaps(2);
  const page = await call({ ...maps, verb: 'list', query: { limit: '1' } });
  const { resourceVersion: old = '' } = page.metadata;
  const { continue: token = '' } = page.metadata as { continue?: string };
  await call({ ...maps, verb: 'create', body: configMap('z') });
  const values: Readonly<Record<string, string>> = { old, token, future: '999999' };
  for (const [given, seen] of versions)
    await t.test(JSON.stringify(given), async () => {
      const query = Object.fromEntries(Object.entries(given).map(([key, value]) => [key, values[value] ?? value]));
      const answer = await server
        .handle({ ...maps, group: '', version: 'v1', user: admin, verb: 'list', query })
        .then(({ body }) => namesOf(body as AnyObject).join(' '))
        .catch((error: StatusError) => `${error.code} ${error.reason}: ${error.message}`);
      if (typeof seen === 'string') assert.equal(answer, seen);
      else assert.match(answer, seen);
    });
});

test('a get may ask for a version that is not there yet, and hears so', async () => {
  const { call, fails } = await withMaps(1);
  const got = await call({ ...maps, verb: 'get', name: 'm0000', query: { resourceVersion: '1' } });
  assert.equal(got.metadata.name, 'm0000');
  const future = await fails({ ...maps, verb: 'get', name: 'm0000', query: { resourceVersion: '999999' } });
  assert.deepEqual([future.reason, future.details?.causes?.[0]?.reason], ['Timeout', 'ResourceVersionTooLarge']);
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
