// What nobody sends who means well, over real TLS: it is refused, the server lives on and stays small.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, test } from 'node:test';
import { connect, type TLSSocket } from 'node:tls';
import { createAuthority, issueCertificate } from '../../pki/index.ts';
import { configMap, createTestServer, type TestServer } from '../server.test-support.ts';
import { bodyBytesMax, headerBytesMax } from './limits.ts';
import { type ApiListener, listenApiServer } from './listen.ts';

let backend: TestServer;
let listener: ApiListener;
/** The same server, which cuts slow clients off within the time of a test. */
let impatient: ApiListener;
let ca: string;
const sockets = new Set<TLSSocket>();
const admin = 'authorization: Bearer admin\r\n';
const maps = '/api/v1/namespaces/default/configmaps';

before(async () => {
  const now = Date.now();
  const authority = await createAuthority('test', now);
  ca = authority.certificate;
  const serving = await issueCertificate(authority, { usage: 'server', commonName: 'api', hosts: ['127.0.0.1'] }, now);
  backend = await createTestServer();
  const options = {
    port: 0,
    tls: { ...serving, clientAuthority: ca },
    tokens: new Map([['admin', { name: 'admin', groups: ['system:masters'] }]]),
    watchLimits: { queueEventsMax: 100, queueBytesMax: 64 * 1024 * 1024 },
  };
  const patience = { handshakeMs: 300, headersMs: 300, requestMs: 600, answerMs: 1_000, checkMs: 50 };
  impatient = await listenApiServer(backend.server, { ...options, patience });
  listener = await listenApiServer(backend.server, options);
});

after(async () => {
  for (const socket of sockets) socket.destroy();
  await Promise.all([listener.close(), impatient.close()]);
});

async function open({ port }: ApiListener): Promise<TLSSocket> {
  const socket = connect({ host: '127.0.0.1', port, ca });
  sockets.add(socket);
  // The server may end it at any time: that is what is tested.
  socket.on('error', () => undefined);
  socket.on('close', () => sockets.delete(socket));
  await once(socket, 'secureConnect');
  return socket;
}

/** Sends these very bytes and reads until the server is done; '' when it only closed the connection. */
const raw = (...parts: readonly (string | Buffer)[]) => rawTo(listener, ...parts);

async function rawTo(to: ApiListener, ...parts: readonly (string | Buffer)[]): Promise<string> {
  const socket = await open(to);
  let text = '';
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1');
  });
  const over = new Promise<void>((resolve) => {
    socket.once('close', () => resolve());
  });
  for (const part of parts) socket.write(part);
  await over;
  return text;
}

const get = (path: string, headers = admin) =>
  raw(`GET ${path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n${headers}\r\n`);

const send = (method: string, path: string, type: string, body: string | Buffer) =>
  raw(
    `${method} ${path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n${admin}content-type: ${type}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n`,
    body,
  );

const codeOf = (answer: string) => Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1] ?? 0);

async function isAlive(): Promise<void> {
  assert.equal(codeOf(await get('/healthz', '')), 200);
  assert.equal(({} as Record<string, unknown>).polluted, undefined);
}

test('paths that try to be others reach nothing', async (t) => {
  await backend.call({
    verb: 'create',
    resource: 'secrets',
    namespace: 'kube-system',
    body: { metadata: { name: 's' } },
  });
  const paths: readonly (readonly [path: string, codes: readonly number[]])[] = [
    ['/api/v1/namespaces/default/../kube-system/secrets/s', [400, 404]],
    ['/api/v1/namespaces/default/%2e%2e/kube-system/secrets/s', [400, 404]],
    ['/api/v1/namespaces/default/configmaps/..', [400]],
    ['/api/v1/namespaces/default/configmaps/%2e%2e', [400]],
    ['/api/v1/namespaces/../configmaps', [400]],
    ['/api/v1/namespaces/%2E/configmaps', [400]],
    ['/api/v1/namespaces/default/configmaps/a%2fb', [400]],
    ['/api/v1/namespaces/default/configmaps/a%00b', [400]],
    ['/api/v1/namespaces/default%2fsecrets/configmaps', [400]],
    ['/api/v1/namespaces/default/configmaps/%ff%fe', [400]],
    ['/api/v1/namespaces/default/configmaps/%', [400]],
    ['/api/v1/namespaces/default/configmaps/%252e%252e', [400, 404]],
    ['/api/v1//namespaces', [404]],
    ['//api/v1/namespaces', [404]],
    ['/api/v1/namespaces//configmaps', [400, 404]],
    ['/api/v1/namespaces/default/configmaps/__proto__', [404]],
    ['/api/v1/__proto__', [404]],
    ['/api/v1/constructor', [404]],
    ['/apis/__proto__/v1/pods', [404]],
    ['/api/v1/namespaces/default/configmaps/a/__proto__', [404]],
    ['/openapi/v3/../../../../etc/passwd', [404]],
    ['/openapi/v3/__proto__', [404]],
    ['https://elsewhere/api/v1/secrets', [404]],
    [`/${'a/'.repeat(5000)}`, [404]],
    [`/api/v1/${'watch/'.repeat(5000)}pods`, [404]],
    ['/api/v1/watch/namespaces/default/pods/a/log', [404]],
    ['/api/v1/namespaces/default/configmaps/a/b/c/d/e', [404]],
    [`${maps}?labelSelector=${'a%3Db,'.repeat(3000)}&fieldSelector=__proto__%3Dx`, [400]],
    [`${maps}?continue=AAAA&__proto__=x&limit=-1`, [400]],
    [`${maps}?resourceVersion=1e99`, [400]],
  ];
  for (const [path, codes] of paths)
    await t.test(path.slice(0, 80), async () => {
      const answer = await get(path);
      assert.ok(codes.includes(codeOf(answer)), answer.slice(0, 300));
    });
  await isAlive();
});

test('paths that try to look public are not', async (t) => {
  for (const path of [
    '/healthz/../api',
    '//healthz',
    '/healthz/%2e%2e/apis',
    '/version/../metrics',
    '/HEALTHZ',
    '/healthz%2f..',
  ])
    await t.test(path, async () => assert.equal(codeOf(await get(path, '')), 401));
});

test('bytes that are no HTTP end the connection', async (t) => {
  const cases: readonly (readonly [name: string, bytes: string | Buffer])[] = [
    ['noise', Buffer.from(Array.from({ length: 512 }, (_, index) => (index * 151) % 256))],
    ['a NUL in the path', `GET /api\0/v1 HTTP/1.1\r\nhost: x\r\n\r\n`],
    [
      'bytes that are no UTF-8 in the path',
      Buffer.from('GET /api/v1/\xff\xfe HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n', 'latin1'),
    ],
    ['a header that breaks its line', `GET /healthz HTTP/1.1\r\nhost: x\r\nx: a\r b\r\n\r\n`],
    ['two lengths', `POST ${maps} HTTP/1.1\r\nhost: x\r\n${admin}content-length: 4\r\ncontent-length: 5\r\n\r\n{}{}`],
    [
      'a length and chunks',
      `POST ${maps} HTTP/1.1\r\nhost: x\r\n${admin}content-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`,
    ],
    ['a length below nothing', `POST ${maps} HTTP/1.1\r\nhost: x\r\n${admin}content-length: -1\r\n\r\n`],
    ['HTTP/2 without asking', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
  ];
  for (const [name, bytes] of cases)
    await t.test(name, async () => {
      const code = codeOf(await raw(bytes));
      assert.ok(code === 0 || (code >= 400 && code < 500), `${code}`);
    });
  await isAlive();
});

test('floods of headers are refused', async () => {
  // The rest of the flood may meet a closed connection, and then the answer is lost too.
  for (const headers of [`x: ${'a'.repeat(headerBytesMax)}\r\n`, 'a: b\r\n'.repeat(20_000)])
    assert.ok([0, 431].includes(codeOf(await get('/api', headers))));
  assert.ok([401, 431].includes(codeOf(await get('/api', `${'a: b\r\n'.repeat(500)}${admin}`))));
  assert.equal(codeOf(await get('/api', `authorization: Bearer ${'x'.repeat(30_000)}\r\n`)), 401);
  await isAlive();
});

test('bodies with keys that change what objects are, in every way to write', async (t) => {
  await backend.call({ verb: 'create', resource: 'configmaps', namespace: 'default', body: configMap('target') });
  const target = `${maps}/target`;
  const cases: readonly (readonly [method: string, path: string, type: string, body: string])[] = [
    ['POST', maps, 'application/json', '{"metadata":{"name":"p","__proto__":{"polluted":1}}}'],
    ['POST', maps, 'application/json', '{"__proto__":{"metadata":{"name":"p"}}}'],
    ['POST', maps, 'application/yaml', 'metadata:\n  name: p\n  labels:\n    __proto__: x\n'],
    ['POST', maps, 'application/yaml', 'metadata: {name: p}\ndata: !!js/function "function(){}"\n'],
    ['PATCH', target, 'application/merge-patch+json', '{"data":{"__proto__":{"polluted":"1"}}}'],
    ['PATCH', target, 'application/strategic-merge-patch+json', '{"__proto__":{"polluted":1}}'],
    ['PATCH', target, 'application/json-patch+json', '[{"op":"add","path":"/__proto__/polluted","value":"1"}]'],
    [
      'PATCH',
      target,
      'application/json-patch+json',
      '[{"op":"add","path":"/constructor/prototype/polluted","value":"1"}]',
    ],
    ['PATCH', target, 'application/json-patch+json', '[{"op":"copy","from":"/data","path":"/data/__proto__"}]'],
    [
      'PATCH',
      `${target}?fieldManager=x`,
      'application/apply-patch+yaml',
      '{"metadata":{"name":"target"},"__proto__":{"polluted":1}}',
    ],
    ['DELETE', target, 'application/json', '{"__proto__":{"dryRun":["All"]}}'],
    ['PUT', target, 'application/json', '{"metadata":{"name":"__proto__"}}'],
    ['POST', maps, 'application/json', '{"metadata":{"name":"__proto__"}}'],
    ['POST', maps, 'application/json', '{"metadata":[]}'],
    ['POST', maps, 'application/json', 'null'],
    ['POST', maps, 'application/json', '{"metadata":{"name":"p"},"data":{"k":1e999}}'],
  ];
  for (const [method, path, type, body] of cases)
    await t.test(`${method} ${body.slice(0, 60)}`, async () => {
      const answer = await send(method, path, type, body);
      assert.ok(codeOf(answer) >= 400 && codeOf(answer) < 500, answer.slice(0, 400));
    });
  await isAlive();
  assert.ok(await backend.call({ verb: 'get', resource: 'configmaps', namespace: 'default', name: 'target' }));
});

test('bodies that are too big, too deep or unending are refused, whatever they claim', async () => {
  const deep = `${'{"a":'.repeat(50_000)}1${'}'.repeat(50_000)}`;
  assert.equal(codeOf(await send('POST', maps, 'application/json', deep)), 400);
  assert.equal(codeOf(await send('POST', maps, 'application/yaml', `${'- '.repeat(20_000)}x`)), 400);
  const claimed = `POST ${maps} HTTP/1.1\r\nhost: x\r\n${admin}content-type: application/json\r\ncontent-length: 9999999999\r\n\r\n{`;
  assert.equal(codeOf(await raw(claimed)), 413);
  const chunk = `10000\r\n${' '.repeat(0x1_0000)}\r\n`;
  const chunks = `POST ${maps} HTTP/1.1\r\nhost: x\r\n${admin}content-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n`;
  const unending = await raw(chunks, ...Array.from({ length: bodyBytesMax / 0x1_0000 + 2 }, () => chunk));
  assert.ok([0, 413].includes(codeOf(unending)), unending.slice(0, 200));
  await isAlive();
});

test('a body for a stranger is not read', async () => {
  const answer = await raw(
    `POST ${maps} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: 1000000\r\n\r\n`,
  );
  assert.equal(codeOf(answer), 401);
});

test('whoever takes all day to ask is cut off', async (t) => {
  const cases: readonly (readonly [name: string, start: string, codes: readonly number[]])[] = [
    ['no byte at all', '', [0, 408]],
    ['half a request line', 'GET /api', [0, 408]],
    ['headers without end', `GET /api HTTP/1.1\r\nhost: x\r\n`, [0, 408]],
    [
      'half a body',
      `POST ${maps} HTTP/1.1\r\nhost: x\r\n${admin}content-type: application/json\r\ncontent-length: 100\r\n\r\n{`,
      [0, 408],
    ],
  ];
  await Promise.all(
    cases.map(([name, start, codes]) =>
      t.test(name, async () => {
        const code = codeOf(await rawTo(impatient, start));
        assert.ok(codes.includes(code), `${code}`);
      }),
    ),
  );
  await isAlive();
});

test('a watcher that does not read is cut off; its events are not kept', async () => {
  const socket = await open(listener);
  socket.pause();
  socket.write(`GET ${maps}?watch=true HTTP/1.1\r\nhost: x\r\n${admin}\r\n`);
  await once(socket, 'readable');
  // Larger than what the system's buffers take, then as many as may wait.
  const text = 'x'.repeat(200_000);
  for (let index = 0; index < 250 && !socket.destroyed; index++) {
    await backend.call({
      verb: 'create',
      resource: 'configmaps',
      namespace: 'default',
      body: configMap(`flood-${index}`, { text }),
    });
    await new Promise(setImmediate);
  }
  socket.resume();
  if (!socket.destroyed) await once(socket, 'close');
  await isAlive();
});

test('a long answer that is not taken up is not kept for ever', async () => {
  const socket = await open(impatient);
  socket.pause();
  socket.write(`GET ${maps} HTTP/1.1\r\nhost: x\r\n${admin}\r\n`);
  await once(socket, 'readable');
  await backend.clock.advance(5_000);
  let text = '';
  socket.on('data', (chunk: Buffer) => {
    text = (text + chunk.toString('latin1')).slice(-10);
  });
  await once(socket, 'close');
  assert.notEqual(text.trimEnd().slice(-1), '0', 'the last chunk did not come');
  await isAlive();
});

test('nor are documents that are asked for again and again and not taken up', async () => {
  const asked = 100;
  const socket = await open(impatient);
  socket.pause();
  socket.write(`GET /openapi/v2 HTTP/1.1\r\nhost: x\r\n${admin}\r\n`.repeat(asked));
  await once(socket, 'readable');
  await backend.clock.advance(5_000);
  let answers = 0;
  socket.on('data', (chunk: Buffer) => {
    answers += chunk.toString('latin1').split('HTTP/1.1 200').length - 1;
  });
  const closed = once(socket, 'close').then(() => true);
  const complete = new Promise<boolean>((resolve) => {
    socket.on('data', () => answers === asked && resolve(false));
  });
  assert.ok(await Promise.race([closed, complete]), 'the last answer came');
  await isAlive();
});

test('hundreds of idle watchers are served, and nothing once they are gone', async () => {
  const from = await backend.store.revision();
  const path = `${maps}?watch=true&resourceVersion=${from}`;
  const watchers: TLSSocket[] = [];
  const watchOne = async () => {
    const socket = await open(listener);
    watchers.push(socket);
    socket.write(`GET ${path} HTTP/1.1\r\nhost: x\r\n${admin}\r\n`);
    await once(socket, 'data');
  };
  for (let batch = 0; batch < 20; batch++) await Promise.all(Array.from({ length: 10 }, watchOne));
  const heard = Promise.all(watchers.map((socket) => once(socket, 'data')));
  await backend.call({ verb: 'create', resource: 'configmaps', namespace: 'default', body: configMap('news') });
  await heard;
  for (const socket of watchers) socket.destroy();
  await isAlive();
});
