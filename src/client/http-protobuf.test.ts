import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { isReason, isRetryable, type PartialFields, resources } from '../api/index.ts';
import { createHttpClient, type HttpClient } from './http-client.ts';
import { listWatch } from './list-watch.ts';
import {
  bytesField,
  encodeEvent,
  encodeList,
  encodeMessage,
  encodeObject,
  varintField,
} from './protobuf/encode.test-support.ts';

const fields: PartialFields = {
  1: ['metadata', { 1: ['name', 'string'], 6: ['resourceVersion', 'string'] }],
  3: ['status', { 1: ['phase', 'string'] }],
};
const protobuf = 'application/vnd.kubernetes.protobuf';

describe('a client that says which fields it reads', () => {
  let server: Server;
  let client: HttpClient;
  let handler: (request: IncomingMessage, response: ServerResponse) => void = () => {};

  before(async () => {
    server = createServer((request, response) => handler(request, response));
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    client = createHttpClient({ server: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
  });
  after(async () => {
    await client.close();
    server.closeAllConnections();
    server.close();
  });

  const pod = (name: string) => encodeMessage({ metadata: { name, resourceVersion: '5' } }, fields);
  const names = async () => {
    const seen: string[] = [];
    for await (const { type, object } of client.watch(resources.pods, { resourceVersion: '1', fields }))
      seen.push(`${type} ${object.metadata.name}`);
    return seen;
  };

  test('asks for protobuf, or else JSON, and for JSON alone when it reads everything', async () => {
    const asked: unknown[] = [];
    handler = (request, response) => {
      asked.push(request.headers.accept);
      response.end('{"metadata":{"name":"p","uid":"u","resourceVersion":"5"},"items":[]}');
    };
    await client.list(resources.pods, { fields });
    await client.get(resources.pods, 'a', 'p');
    await client.delete(resources.pods, 'a', 'p');
    assert.deepEqual(asked, [`${protobuf},application/json`, 'application/json', `${protobuf},application/json`]);
  });

  test('gets the same from protobuf as from JSON', async () => {
    const bodies = {
      [protobuf]: encodeList('PodList', '9', [pod('p')]),
      'application/json': Buffer.from(
        '{"kind":"PodList","apiVersion":"v1","metadata":{"resourceVersion":"9"},"items":[{"metadata":{"name":"p","resourceVersion":"5"}}]}',
      ),
    };
    const answers = [];
    for (const [type, body] of Object.entries(bodies)) {
      handler = (_request, response) => void response.writeHead(200, { 'content-type': type }).end(body);
      answers.push(JSON.parse(JSON.stringify(await client.list(resources.pods, { fields }))));
    }
    assert.deepEqual(answers[0], answers[1]);
  });

  test('has no items where Go writes none', async () => {
    handler = (_request, response) =>
      void response.writeHead(200, { 'content-type': protobuf }).end(encodeList('PodList', '9', []));
    assert.deepEqual((await client.list(resources.pods, { fields })).items, []);
  });

  test('reads a watch in frames, however they are cut', async () => {
    handler = (_request, response) => {
      response.writeHead(200, { 'content-type': `${protobuf};stream=watch` });
      const frames = ['a', 'b', 'c'].map((name) => encodeEvent('ADDED', encodeObject('Pod', pod(name))));
      for (const byte of Buffer.concat(frames.slice(0, 2))) response.write(Buffer.from([byte]));
      response.end(frames[2]);
    };
    assert.deepEqual(await names(), ['ADDED a', 'ADDED b', 'ADDED c']);
  });

  test('asks for the list within a watch as the API wants it', async () => {
    let url: string | undefined;
    handler = (request, response) => {
      ({ url } = request);
      response.writeHead(200, { 'content-type': protobuf }).end();
    };
    const source = listWatch(client, resources.pods, { fields });
    for await (const _event of source.stream!({ signal: new AbortController().signal }))
      assert.fail('nothing was sent');
    assert.equal(
      url,
      '/api/v1/pods?watch=true&allowWatchBookmarks=true&timeoutSeconds=290&sendInitialEvents=true&resourceVersionMatch=NotOlderThan',
    );
  });

  test('takes a watch in JSON from a server that has no protobuf', async () => {
    handler = (_request, response) =>
      void response
        .writeHead(200, { 'content-type': 'application/json' })
        .end('{"type":"ADDED","object":{"metadata":{"name":"a","resourceVersion":"5"}}}\n');
    assert.deepEqual(await names(), ['ADDED a']);
  });

  test('knows a failure that is told in protobuf, by answer and by event', async () => {
    const status = encodeObject(
      'Status',
      Buffer.concat([bytesField(4, Buffer.from('Expired')), bytesField(3, Buffer.from('old')), varintField(6, 410)]),
    );
    handler = (_request, response) => void response.writeHead(410, { 'content-type': protobuf }).end(status);
    await assert.rejects(client.list(resources.pods, { fields }), (error) => isReason(error, 'Expired'));
    handler = (_request, response) =>
      void response.writeHead(200, { 'content-type': protobuf }).end(encodeEvent('ERROR', status));
    await assert.rejects(names(), (error) => isReason(error, 'Expired') && error.message === 'old');
  });

  const broken: readonly [string, Buffer][] = [
    ['half a frame', encodeEvent('ADDED', encodeObject('Pod', pod('a'))).subarray(0, 20)],
    ['a frame without end', Buffer.from([0xff, 0, 0, 0, 1])],
    ['a frame of garbage', Buffer.from([0, 0, 0, 2, 0xff, 0xff])],
    ['an event without object', Buffer.from([0, 0, 0, 3, 10, 1, 65])],
    ['an object without metadata', encodeEvent('ADDED', encodeObject('Pod', Buffer.alloc(0)))],
  ];
  for (const [what, body] of broken)
    test(`calls a watch with ${what} a retryable failure`, async () => {
      handler = (_request, response) => void response.writeHead(200, { 'content-type': protobuf }).end(body);
      await assert.rejects(names(), isRetryable);
    });

  test('calls an answer that is no protobuf a retryable failure', async () => {
    handler = (_request, response) => void response.writeHead(200, { 'content-type': protobuf }).end('k8s\0\x0a\x7f');
    await assert.rejects(client.list(resources.pods, { fields }), isRetryable);
  });
});
