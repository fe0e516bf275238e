import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Agent, type Dispatcher, request } from 'undici';
import type { Status } from '../../api/index.ts';
import { createAuthority, issueCertificate, type KeyPair } from '../../pki/index.ts';
import { type AnyObject, configMap, createTestServer, type TestServer } from '../server.test-support.ts';
import { bodyBytesMax } from './limits.ts';
import { healthAt } from './health.ts';
import { type ApiListener, listenApiServer } from './listen.ts';

let authority: KeyPair;
let backend: TestServer;
let listener: ApiListener;
let withCertificate: Agent;
let withoutCertificate: Agent;

before(async () => {
  const now = Date.now();
  authority = await createAuthority('test', now);
  const [serving, client] = await Promise.all([
    issueCertificate(authority, { usage: 'server', commonName: 'api', hosts: ['127.0.0.1'] }, now),
    issueCertificate(
      authority,
      { usage: 'client', commonName: 'ada', organizations: ['writers', 'system:masters'] },
      now,
    ),
  ]);
  backend = await createTestServer();
  listener = await listenApiServer(backend.server, {
    port: 0,
    tls: { ...serving, clientAuthority: authority.certificate },
    tokens: new Map([
      ['good', { name: 'tom', groups: ['system:masters'] }],
      ['weak', { name: 'bob', groups: [] }],
    ]),
  });
  const ca = authority.certificate;
  withCertificate = new Agent({ bodyTimeout: 10_000, connect: { ca, cert: client.certificate, key: client.key } });
  withoutCertificate = new Agent({ bodyTimeout: 10_000, connect: { ca } });
});

after(async () => {
  await listener.close();
  await Promise.all([withCertificate.close(), withoutCertificate.close()]);
});

type Options = Partial<Dispatcher.RequestOptions> & { readonly dispatcher?: Dispatcher };

async function ask(path: string, options: Options = {}) {
  const answer = await request(`${listener.url}${path}`, { dispatcher: withCertificate, ...options });
  const text = await answer.body.text();
  return { code: answer.statusCode, headers: answer.headers, text, json: () => JSON.parse(text) as AnyObject & Status };
}

function post(path: string, body: unknown, headers: Readonly<Record<string, string>> = {}) {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return ask(path, { method: 'POST', body: text, headers: { 'content-type': 'application/json', ...headers } });
}

const maps = '/api/v1/namespaces/default/configmaps';

test('anybody may ask for version and health, and for nothing else', async () => {
  const dispatcher = withoutCertificate;
  const version = await ask('/version', { dispatcher });
  assert.equal(version.json().gitVersion, 'v1.34.0+everynode');
  for (const path of ['/healthz', '/livez', '/readyz']) assert.equal((await ask(path, { dispatcher })).text, 'ok');
  for (const path of ['/api', '/apis', '/openapi/v2', '/', maps]) {
    const refused = await ask(path, { dispatcher });
    assert.equal(refused.code, 401, path);
    assert.equal(refused.json().reason, 'Unauthorized');
  }
});

test('health tells of each check to whoever asks for it', async () => {
  assert.equal((await ask('/readyz?verbose')).text, '[+]ping ok\n[+]etcd ok\nreadyz check passed\n');
  assert.equal((await ask('/readyz/etcd')).text, 'ok');
  for (const path of ['/readyz/nothing', '/livez/etcd', '/readyz/etcd/more']) assert.equal((await ask(path)).code, 404);
  const anonymous = await ask('/readyz/etcd', { dispatcher: withoutCertificate });
  assert.equal(anonymous.code, 401);
});

test('people get JSON with line breaks', async () => {
  const path = '/api/v1/namespaces/default';
  assert.doesNotMatch((await ask(path)).text, /\n/);
  assert.match((await ask(`${path}?pretty=true`)).text, /^\{\n {2}"metadata": \{\n/);
  const curl = { headers: { 'user-agent': 'curl/8.5.0' } };
  assert.match((await ask(path, curl)).text, /\n/);
  assert.doesNotMatch((await ask(`${path}?pretty=false`, curl)).text, /\n/);
});

test('client certificates and bearer tokens say who asks', async () => {
  const bearer = (token: string) => ({ dispatcher: withoutCertificate, headers: { authorization: `Bearer ${token}` } });
  assert.equal((await ask(maps)).code, 200);
  assert.equal((await ask(maps, bearer('good'))).code, 200);
  assert.equal((await ask(maps, bearer('bad'))).code, 401);
  const weak = await ask(maps, bearer('weak'));
  assert.equal(weak.code, 403);
  assert.match(weak.json().message!, /^configmaps is forbidden: User "bob" cannot list resource "configmaps"/);
});

test('a client certificate of another authority is nobody', async () => {
  const stranger = await createAuthority('stranger', Date.now());
  const client = await issueCertificate(
    stranger,
    { usage: 'client', commonName: 'eve', organizations: ['system:masters'] },
    Date.now(),
  );
  const dispatcher = new Agent({
    bodyTimeout: 10_000,
    connect: { ca: authority.certificate, cert: client.certificate, key: client.key },
  });
  try {
    assert.equal((await ask(maps, { dispatcher })).code, 401);
  } finally {
    await dispatcher.close();
  }
});

test('an object goes in and comes out; errors are Status objects', async () => {
  const made = await post(maps, configMap('first', { k: 'ü' }));
  assert.equal(made.code, 201);
  assert.equal((await ask(`${maps}/first`)).text, made.text);
  const missing = await ask(`${maps}/nope`);
  assert.equal(missing.code, 404);
  assert.equal(missing.json().kind, 'Status');
  assert.equal(missing.json().message, 'configmaps "nope" not found');
  for (const path of ['/nope', '/api/v2/pods', '/apis/x/v1/things', '/api/v1/namespaces/default/gadgets/x']) {
    const answer = await ask(path);
    assert.equal(answer.code, 404, path);
    assert.equal(answer.json().reason, 'NotFound');
  }
  assert.equal((await ask(maps, { method: 'PUT' })).code, 405);
});

test('YAML is understood and spoken', async () => {
  const made = await post(maps, 'metadata:\n  name: from-yaml\ndata:\n  k: v\n', {
    'content-type': 'application/yaml',
    accept: 'application/yaml',
  });
  assert.equal(made.code, 201);
  assert.match(made.text, /^ {2}name: from-yaml$/m);
  assert.equal(made.headers['content-type'], 'application/yaml');
});

test('a field that is there twice is told of, or refused', async () => {
  const twice = '{"metadata":{"name":"twice"},"data":{"a":"1","a":"2"}}';
  const told = await post(`${maps}?dryRun=All`, twice);
  assert.equal(told.code, 201);
  assert.equal(told.headers.warning, String.raw`299 - "duplicate field \"data.a\""`);
  const refused = await post(`${maps}?dryRun=All&fieldValidation=Strict`, twice);
  assert.match(refused.json().message!, /strict decoding error: duplicate field "data.a"/);
  const yaml = await post(maps, 'metadata: {name: twice}\ndata:\n  a: "1"\n  a: "2"\n', {
    'content-type': 'application/yaml',
  });
  assert.equal(yaml.code, 400);
});

test('warnings are told once, in full as long as they are few', async () => {
  const keys = (count: number, length: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, index) => [`k${index}`.padEnd(length, 'x'), 1]));
  const warningsOf = async (fields: object) => {
    const { headers } = await post(`${maps}?dryRun=All`, { ...configMap('told'), ...fields });
    return String(headers.warning).split(/(?<="), ?(?=299)/);
  };
  assert.deepEqual(await warningsOf(keys(1, 300)), [String.raw`299 - "unknown field \"${'k0'.padEnd(300, 'x')}\""`]);
  const many = await warningsOf(keys(100, 300));
  assert.equal(many.length, 16, 'of 256 characters each, 4096 in all');
});

test('what cannot be answered in, or read, is refused', async () => {
  assert.equal((await ask(maps, { headers: { accept: 'application/vnd.kubernetes.protobuf' } })).code, 406);
  assert.equal((await post(maps, 'x', { 'content-type': 'text/plain' })).code, 415);
  assert.equal((await post(maps, 'x', { 'content-type': 'application/vnd.kubernetes.protobuf' })).code, 400);
  assert.equal(
    (await ask(`${maps}/first`, { method: 'PATCH', body: '{}', headers: { 'content-type': 'application/json' } })).code,
    415,
  );
});

test('hostile bodies get a 4xx and the server lives on', async (t) => {
  const bomb = `a: &a [x,x,x,x,x,x,x,x,x]\n${'bcdefghi'
    .split('')
    .map((key, index) => `${key}: &${key} [${Array(9).fill(`*${'abcdefghi'[index]}`).join(',')}]`)
    .join('\n')}`;
  const cases: readonly [string, string | Buffer, number, string?][] = [
    ['no JSON', '{', 400],
    ['too deep', `${'['.repeat(5000)}${']'.repeat(5000)}`, 400],
    ['a prototype key', '{"metadata":{"name":"p"},"data":{"__proto__":"x"}}', 400],
    ['a prototype key in disguise', '{"metadata":{"name":"p"},"data":{"\\u005f_proto__":"x"}}', 400],
    ['malformed UTF-8', Buffer.from([0x22, 0xff, 0xfe, 0x22]), 400],
    ['a bomb of aliases', bomb, 400, 'application/yaml'],
    ['too big', Buffer.alloc(bodyBytesMax + 1, 0x20), 413],
  ];
  for (const [name, body, code, type = 'application/json'] of cases)
    await t.test(name, async () => {
      const answer = await ask(maps, { method: 'POST', body, headers: { 'content-type': type } }).catch(
        (error: unknown) => error,
      );
      // A body that is refused while it is still being sent may end the connection before the answer is read.
      if (answer instanceof Error) assert.equal(code, 413, answer.message);
      else assert.equal((answer as { code: number }).code, code);
      assert.equal((await ask('/healthz')).code, 200);
    });
  assert.equal(({} as Record<string, unknown>).x, undefined);
  const harmless = await post(maps, { metadata: { name: 'keys' }, data: { constructor: 'a', toString: 'b' } });
  assert.deepEqual(harmless.json().data, { constructor: 'a', toString: 'b' });
});

test('metrics count what was asked, and take no label from what clients make up', async () => {
  await ask(`${maps}/absent`);
  await ask('/api/v1/namespaces/default/made-up-by-me');
  const { text, headers } = await ask('/metrics');
  assert.match(String(headers['content-type']), /^text\/plain/);
  const labels = 'verb="GET",group="",version="v1",resource="configmaps",subresource="",code="404"';
  const seen = () => new RegExp(`^apiserver_request_total\\{${labels}\\} (\\d+)$`, 'm');
  const before = Number(seen().exec(text)?.[1]);
  assert.ok(before >= 1, text);
  assert.doesNotMatch(text, /made-up-by-me/);
  assert.match(text, /^apiserver_current_inflight_requests 1$/m);
  await ask(`${maps}/absent`);
  assert.equal(Number(seen().exec((await ask('/metrics')).text)?.[1]), before + 1);
  const weak = { dispatcher: withoutCertificate, headers: { authorization: 'Bearer weak' } };
  assert.equal((await ask('/metrics', weak)).json().message, 'forbidden: User "bob" cannot get path "/metrics"');
});

test('tables, and the metadata alone, on request', async () => {
  const table = (
    await ask('/api/v1/namespaces', {
      headers: { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json' },
    })
  ).json();
  assert.equal(table.kind, 'Table');
  assert.deepEqual((table.rows as { cells: unknown[] }[])[0]!.cells, ['default', 'Active', '0s']);
  const template = { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', image: 'i' }] } };
  const spec = { replicas: 3, selector: { matchLabels: { a: 'b' } }, template };
  const deployments = { verb: 'create', resource: 'deployments', namespace: 'default' } as const;
  await backend.call({ ...deployments, body: { metadata: { name: 'web' }, spec } });
  const scale = (
    await ask('/apis/apps/v1/namespaces/default/deployments/web/scale', {
      headers: { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' },
    })
  ).json();
  assert.deepEqual((scale.rows as { cells: unknown[] }[])[0]!.cells, ['web', 3, 0, '0s']);
  const accept = 'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io';
  const partial = (await ask('/api/v1/namespaces', { headers: { accept } })).json();
  assert.equal(partial.kind, 'PartialObjectMetadataList');
  assert.deepEqual(Object.keys((partial.items as object[])[0]!), ['kind', 'apiVersion', 'metadata']);
});

test('discovery, plain and aggregated', async () => {
  const core = (await ask('/api/v1')).json() as unknown as {
    resources: { name: string; kind: string; group?: string }[];
  };
  const eviction = core.resources.find(({ name }) => name === 'pods/eviction');
  assert.deepEqual([eviction?.kind, eviction?.group], ['Eviction', 'policy']);
  const groups = (await ask('/apis')).json() as unknown as {
    groups: { name: string; preferredVersion: { groupVersion: string } }[];
  };
  assert.equal(groups.groups.find(({ name }) => name === 'apps')?.preferredVersion.groupVersion, 'apps/v1');
  for (const version of ['v2', 'v2beta1']) {
    const accept = `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList,application/json`;
    const aggregated = await ask('/apis', { headers: { accept } });
    assert.equal(
      aggregated.headers['content-type'],
      `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`,
    );
    assert.equal(aggregated.json().apiVersion, `apidiscovery.k8s.io/${version}`);
  }
});

test('big answers are compressed for clients that can read it', async () => {
  await post(maps, configMap('big', { text: 'x'.repeat(200_000) }));
  const plain = await ask(`${maps}/big`);
  assert.equal(plain.headers['content-encoding'], undefined);
  const packed = await request(`${listener.url}${maps}/big`, {
    dispatcher: withCertificate,
    headers: { 'accept-encoding': 'gzip' },
  });
  assert.equal(packed.headers['content-encoding'], 'gzip');
  assert.ok((await packed.body.arrayBuffer()).byteLength < 10_000);
});

async function* lines(path: string, headers: Readonly<Record<string, string>> = {}, signal?: AbortSignal) {
  const answer = await request(`${listener.url}${path}`, {
    dispatcher: withCertificate,
    headers,
    ...(signal === undefined ? {} : { signal }),
  });
  assert.equal(answer.statusCode, 200);
  let rest = '';
  for await (const chunk of answer.body) {
    rest += String(chunk);
    const complete = rest.split('\n');
    rest = complete.pop()!;
    for (const line of complete) yield JSON.parse(line) as { type: string; object: AnyObject & Status };
  }
}

test('a watch streams one event a line and ends with its timeout', async () => {
  await backend.call({ verb: 'create', resource: 'namespaces', body: { metadata: { name: 'w' } } });
  const path = '/api/v1/namespaces/w/configmaps';
  await post(path, configMap('m1'));
  const seen: string[] = [];
  for await (const { type, object } of lines(`${path}?watch=true&timeoutSeconds=5`)) {
    seen.push(`${type} ${object.metadata.name}`);
    if (type === 'ADDED') await ask(`${path}/m1`, { method: 'DELETE' });
    else await backend.clock.advance(5_000);
  }
  assert.deepEqual(seen, ['ADDED m1', 'DELETED m1']);
});

test('a watch from a version that is gone says so inside the stream', async () => {
  const events: unknown[] = [];
  for await (const { type, object } of lines(`${maps}?watch=true&resourceVersion=999999`))
    events.push([type, object.code, object.reason]);
  assert.deepEqual(events, [['ERROR', 410, 'Expired']]);
});

test('a watch as a table defines its columns once', async () => {
  const headers = { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' };
  const tables: AnyObject[] = [];
  for await (const { object } of lines('/api/v1/namespaces?watch=true', headers)) {
    tables.push(object);
    if (tables.length === 2) break;
  }
  assert.deepEqual(
    tables.map(({ columnDefinitions }) => columnDefinitions !== undefined),
    [true, false],
  );
  assert.deepEqual((tables[1]!.rows as { cells: unknown[] }[])[0]!.cells.slice(0, 2), ['kube-node-lease', 'Active']);
});

test('a store that does not answer makes the server unready, not dead', async () => {
  const stuck = { ...backend.server, ping: () => new Promise<void>(() => undefined) };
  const ready = healthAt(stuck, ['readyz'], false);
  await backend.clock.advance(2_000);
  const { code, text } = (await ready)!;
  assert.deepEqual([code, text], [500, '[+]ping ok\n[-]etcd failed: reason withheld\nreadyz check failed\n']);
  assert.deepEqual(await healthAt(stuck, ['livez'], false), { code: 200, text: 'ok' });
});
