import assert from 'node:assert/strict';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { after, before, beforeEach, describe, test } from 'node:test';
import type { TLSSocket } from 'node:tls';
import { isReason, isRetryable, resources, type StatusError } from '../api/index.ts';
import { createVirtualClock } from '../machinery/index.ts';
import { createAuthority, issueCertificate, type KeyPair } from '../pki/index.ts';
import { createHttpClient, type HttpClient } from './http-client.ts';

type Handler = (request: IncomingMessage, response: ServerResponse, body: string) => void;

describe('over loopback TLS', () => {
  let server: Server;
  let client: HttpClient;
  let url: string;
  let authority: KeyPair;
  let admin: KeyPair;
  let handler: Handler = () => {};
  const seen: { method: string; url: string; body: unknown; headers: IncomingMessage['headers']; user: unknown }[] = [];

  before(async () => {
    authority = await createAuthority('test-ca', Date.now());
    const own = await issueCertificate(
      authority,
      { usage: 'server', commonName: 'api', hosts: ['127.0.0.1'] },
      Date.now(),
    );
    admin = await issueCertificate(authority, { usage: 'client', commonName: 'admin' }, Date.now());
    const tls = {
      cert: own.certificate,
      key: own.key,
      ca: authority.certificate,
      requestCert: true,
      rejectUnauthorized: false,
    };
    server = createServer(tls, (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const body = Buffer.concat(chunks).toString();
        const { method = '', url = '', headers } = request;
        const user = (request.socket as TLSSocket).getPeerCertificate().subject?.CN;
        seen.push({ method, url, body: body === '' ? undefined : JSON.parse(body), headers, user });
        handler(request, response, body);
      });
    });
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const clientTls = { ca: authority.certificate, certificate: admin.certificate, key: admin.key };
    client = createHttpClient({
      server: url,
      tls: clientTls,
      credentials: async () => ({ authorization: 'Bearer t' }),
    });
  });
  after(async () => {
    await client.close();
    server.closeAllConnections();
    server.close();
  });
  beforeEach(() => {
    seen.length = 0;
  });

  const answer =
    (value: unknown, code = 200, headers: Record<string, string> = {}): Handler =>
    (_request, response) => {
      response.writeHead(code, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(value));
    };
  const failure = (promise: Promise<unknown>): Promise<StatusError> =>
    promise.then(
      () => assert.fail('it succeeded'),
      (error: unknown) => error as StatusError,
    );
  const pod = { metadata: { namespace: 'a', name: 'p' }, spec: { containers: [] } };

  describe('an HTTP client', () => {
    const calls: readonly [string, () => Promise<unknown>, string, string, unknown?][] = [
      ['get', () => client.get(resources.pods, 'a', 'p'), 'GET', '/api/v1/namespaces/a/pods/p'],
      ['get cluster-scoped', () => client.get(resources.nodes, undefined, 'n'), 'GET', '/api/v1/nodes/n'],
      [
        'list everywhere',
        () => client.list(resources.daemonSets, { limit: 5, labelSelector: 'a=b' }),
        'GET',
        '/apis/apps/v1/daemonsets?limit=5&labelSelector=a%3Db',
      ],
      ['list one namespace', () => client.list(resources.pods, { namespace: 'a' }), 'GET', '/api/v1/namespaces/a/pods'],
      [
        'create',
        () => client.create(resources.pods, pod),
        'POST',
        '/api/v1/namespaces/a/pods',
        { apiVersion: 'v1', kind: 'Pod', ...pod },
      ],
      [
        'create of a subresource',
        () => client.create(resources.pods, pod, { subresource: 'eviction' }),
        'POST',
        '/api/v1/namespaces/a/pods/p/eviction',
      ],
      [
        'dry run',
        () => client.create(resources.pods, pod, { dryRun: true, fieldManager: 'me' }),
        'POST',
        '/api/v1/namespaces/a/pods?dryRun=All&fieldManager=me',
      ],
      [
        'update of status',
        () => client.update(resources.pods, pod, { subresource: 'status' }),
        'PUT',
        '/api/v1/namespaces/a/pods/p/status',
      ],
      [
        'patch',
        () => client.patch(resources.pods, 'a', 'p', 'strategic', { x: 1 }),
        'PATCH',
        '/api/v1/namespaces/a/pods/p',
        { x: 1 },
      ],
      [
        'delete',
        () => client.delete(resources.pods, 'a', 'p', { preconditions: { uid: 'u' } }),
        'DELETE',
        '/api/v1/namespaces/a/pods/p',
        { apiVersion: 'v1', kind: 'DeleteOptions', preconditions: { uid: 'u' } },
      ],
      [
        'binding',
        () => client.createSubresource(resources.pods, 'a', 'p', 'binding', { metadata: {} }),
        'POST',
        '/api/v1/namespaces/a/pods/p/binding',
        { metadata: {} },
      ],
    ];
    for (const [what, call, method, path, body] of calls)
      test(`spells ${what} as ${method} ${path}`, async () => {
        handler = answer({ metadata: { name: 'p', uid: 'u', resourceVersion: '5' }, items: [] });
        await call();
        assert.equal(seen[0]!.method, method);
        assert.equal(seen[0]!.url, path);
        if (body !== undefined) assert.deepEqual(seen[0]!.body, body);
      });

    test('sends its client certificate, its token and the patch kind', async () => {
      handler = answer({ metadata: { name: 'p', uid: 'u', resourceVersion: '5' } });
      await client.patch(resources.pods, 'a', 'p', 'merge', {});
      assert.equal(seen[0]!.user, 'admin');
      assert.equal(seen[0]!.headers.authorization, 'Bearer t');
      assert.equal(seen[0]!.headers['content-type'], 'application/merge-patch+json');
    });

    test('keeps its connection after a delete, though that has a body', async () => {
      handler = answer({});
      let opened = 0;
      const count = () => opened++;
      server.on('secureConnection', count);
      const other = createHttpClient({ server: url, tls: { insecure: true } });
      for (let sent = 0; sent < 10; sent++) await other.delete(resources.pods, 'x', 'y');
      await other.close();
      server.off('secureConnection', count);
      // One more than one may be opened, before the first is known to be free.
      assert.ok(opened <= 2, `${opened} connections`);
    });

    test('refuses a name that would make another URL, before anything is sent', async () => {
      for (const name of ['', '.', '..'])
        assert.ok(isReason(await failure(client.get(resources.pods, 'a', name)), 'BadRequest'));
      handler = answer({ metadata: { name: 'x', uid: 'u', resourceVersion: '5' } });
      await client.get(resources.pods, 'a', 'x/../y');
      assert.equal(seen[0]!.url, '/api/v1/namespaces/a/pods/x%2F..%2Fy');
    });

    test('throws the Status that the server answered, with reason, details and code', async () => {
      const status = {
        kind: 'Status',
        status: 'Failure',
        reason: 'NotFound',
        message: 'pods "p" not found',
        details: { name: 'p' },
        code: 404,
      };
      handler = answer(status, 404);
      const error = await failure(client.get(resources.pods, 'a', 'p'));
      assert.deepEqual(
        [error.reason, error.code, error.message, error.details],
        ['NotFound', 404, 'pods "p" not found', { name: 'p' }],
      );
    });

    test('keeps Retry-After of a throttled request', async () => {
      handler = answer({}, 429, { 'retry-after': '7' });
      const error = await failure(client.get(resources.pods, 'a', 'p'));
      assert.ok(isReason(error, 'TooManyRequests'));
      assert.equal(error.details?.retryAfterSeconds, 7);
    });

    test("tells a proxy's error page by its code", async () => {
      handler = (_request, response) => void response.writeHead(503).end('<html>down</html>');
      const error = await failure(client.get(resources.pods, 'a', 'p'));
      assert.ok(isReason(error, 'ServiceUnavailable'));
      assert.match(error.message, /<html>down/);
    });

    test('sends numbers beyond a double as they came: the greatest tolerationSeconds', async () => {
      const text = `{"metadata":{"name":"d","namespace":"a","uid":"u","resourceVersion":"1"},"spec":{"template":{"spec":
        {"tolerations":[{"key":"k","tolerationSeconds":9223372036854775807}]}}}}`;
      const bodies: string[] = [];
      handler = (_request, response, body) => {
        bodies.push(body);
        response.writeHead(200, { 'content-type': 'application/json' }).end(text);
      };
      const read = await client.get(resources.daemonSets, 'a', 'd');
      await client.create(resources.pods, { metadata: pod.metadata, spec: read.spec.template.spec });
      const revision = { metadata: pod.metadata, data: read.spec.template, revision: 1 };
      await client.create(resources.controllerRevisions, revision);
      for (const body of bodies.slice(1)) assert.match(body, /"tolerationSeconds":9223372036854775807\}/);
    });

    test('calls a broken connection and an answer that is no JSON retryable', async () => {
      for (const broken of [
        (request: IncomingMessage) => void request.socket.destroy(),
        (_request: IncomingMessage, response: ServerResponse) => void response.end('{"metadata":'),
      ]) {
        handler = broken;
        const error = await failure(client.get(resources.pods, 'a', 'p'));
        assert.ok(isRetryable(error));
        assert.ok(error.cause instanceof Error);
        assert.match(error.message, /^GET https:.*\/pods\/p: /);
      }
    });

    test('names server, verb and resource when nobody answers or the certificate is not trusted', async () => {
      const nobody = createHttpClient({ server: 'https://127.0.0.1:1' });
      const stranger = createHttpClient({ server: url });
      for (const other of [nobody, stranger]) {
        const error = await failure(other.list(resources.pods));
        assert.ok(isReason(error, 'ServiceUnavailable'));
        assert.match(error.message, /^GET https:\/\/127\.0\.0\.1:\d+\/api\/v1\/pods: \S/);
        await other.close();
      }
    });

    test('gives up on a request after its deadline, and at once when the caller aborts', async () => {
      handler = () => {};
      const clock = createVirtualClock();
      const slow = createHttpClient({ server: url, tls: { insecure: true }, clock, requestMsMax: 5000 });
      const late = failure(slow.list(resources.pods));
      await new Promise((resolve) => {
        server.once('request', resolve);
      });
      await clock.advance(5000);
      assert.ok(isReason(await late, 'Timeout'));
      const controller = new AbortController();
      const aborted = failure(slow.list(resources.pods, { signal: controller.signal }));
      controller.abort(new Error('enough'));
      assert.equal((await aborted).message, 'enough');
      assert.equal(clock.pending, 0);
      await slow.close();
    });
  });

  describe('a watch over HTTP', () => {
    const event = (type: string, name: string, version: string) =>
      `${JSON.stringify({ type, object: { metadata: { name, uid: 'u', resourceVersion: version } } })}\n`;
    const collect = async (signal?: AbortSignal) => {
      const names: (string | undefined)[] = [];
      const watch = client.watch(resources.pods, {
        resourceVersion: '5',
        fieldSelector: 'a=b',
        ...(signal === undefined ? {} : { signal }),
      });
      for await (const { type, object } of watch) names.push(`${type} ${object.metadata.name}`);
      return names;
    };

    test('reads events however the bytes are cut, and ends when the server ends it', async () => {
      handler = (_request, response) => {
        const text = event('ADDED', 'ä', '6') + event('MODIFIED', 'b', '7') + event('DELETED', 'c', '8');
        for (const byte of Buffer.from(text)) response.write(Buffer.from([byte]));
        response.end();
      };
      assert.deepEqual(await collect(), ['ADDED ä', 'MODIFIED b', 'DELETED c']);
      assert.equal(
        seen[0]!.url,
        '/api/v1/pods?watch=true&allowWatchBookmarks=true&timeoutSeconds=290&resourceVersion=5&fieldSelector=a%3Db',
      );
    });

    test('throws Expired when the server no longer has that history', async () => {
      const status = { kind: 'Status', code: 410, reason: 'Expired', message: 'too old resource version' };
      handler = (_request, response) => void response.end(`${JSON.stringify({ type: 'ERROR', object: status })}\n`);
      assert.ok(isReason(await failure(collect()), 'Expired'));
    });

    const broken: readonly [string, string][] = [
      ['half an event', '{"type":"ADDED"'],
      ['no JSON', 'x\n'],
      ['no object', '{"type":"ADDED"}\n'],
      ['no metadata', '{"type":"ADDED","object":{}}\n'],
      ['null', 'null\n'],
      ['an unknown type', event('BOOM', 'a', '6')],
      ['an object without version', event('ADDED', 'a', '')],
      ['another kind', event('ADDED', 'a', '6').replace('{"metadata"', '{"kind":"Node","metadata"')],
      ['labels that are no texts', event('ADDED', 'a', '6').replace('"uid"', '"labels":{"a":{}},"uid"')],
      ['a bookmark of nothing', '{"type":"BOOKMARK","object":{"metadata":{}}}\n'],
    ];
    for (const [what, text] of broken)
      test(`calls a stream with ${what} a retryable failure`, async () => {
        handler = (_request, response) => void response.end(text);
        assert.ok(isRetryable(await failure(collect())));
      });

    test('refuses a line without end instead of filling the memory', async () => {
      handler = (_request, response) => {
        response.on('error', () => undefined);
        for (let sent = 0; sent < 20; sent++) response.write(Buffer.alloc(1024 * 1024, 'x'));
      };
      const error = await failure(collect());
      assert.match(error.message, /a line of more than 16777216 bytes/);
    });

    test('gives up a watch that drips for longer than it was asked to live', async () => {
      const clock = createVirtualClock();
      const patient = createHttpClient({ server: url, tls: { insecure: true }, clock });
      const asked = new Promise((resolve) => {
        handler = (_request, response) => {
          response.write('{');
          setImmediate(resolve, undefined);
        };
      });
      const watch = patient.watch(resources.pods, { resourceVersion: '5' });
      const ended = failure(watch[Symbol.asyncIterator]().next());
      await asked;
      // The head of the answer has to be there before time passes.
      while (clock.pending === 0) await new Promise(setImmediate);
      await new Promise((resolve) => setTimeout(resolve, 50));
      await clock.advance(360_000);
      assert.ok(isReason(await ended, 'Timeout'));
      await patient.close();
    });

    test('ends quietly when the caller aborts, also while nothing comes', async () => {
      handler = (_request, response) => void response.write(event('ADDED', 'a', '6'));
      const controller = new AbortController();
      setImmediate(() => server.once('request', () => setImmediate(() => controller.abort())));
      assert.deepEqual(
        (await collect(controller.signal)).slice(0, 1).filter((line) => line !== 'ADDED a'),
        [],
      );
    });
  });
});
