import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { request as ask } from 'node:https';
import { type Duplex, duplexPair } from 'node:stream';
import { text } from 'node:stream/consumers';
import { after, before, beforeEach, describe, test } from 'node:test';
import { StatusError } from '../../api/index.ts';
import { createAuthority, issueCertificate } from '../../pki/index.ts';
import { createTestServer, pod } from '../server.test-support.ts';
import { type ApiListener, listenApiServer } from './listen.ts';

/** What the node does with the next request. */
let answer: (request: IncomingMessage, response: ServerResponse) => void;
let upgraded: (request: IncomingMessage, socket: Duplex, head: Buffer) => void;
let connections: Duplex[] = [];
let unreachable: StatusError | undefined;

describe('streams from a node', () => {
  let listener: ApiListener;
  let authority: string;
  before(async () => {
    const now = Date.now();
    const ca = await createAuthority('test', now);
    authority = ca.certificate;
    const serving = await issueCertificate(ca, { usage: 'server', commonName: 'api', hosts: ['127.0.0.1'] }, now);
    const backend = await createTestServer();
    await backend.call({ verb: 'create', resource: 'nodes', body: { metadata: { name: 'n' } } });
    const body = pod('p', {}, { nodeName: 'n' });
    await backend.call({ verb: 'create', resource: 'pods', namespace: 'default', body });
    const node = createServer((request, response) => answer(request, response));
    node.on('upgrade', (request, socket, head) => upgraded(request, socket, head));
    listener = await listenApiServer(backend.server, {
      port: 0,
      tls: { ...serving, clientAuthority: authority },
      tokens: new Map([['good', { name: 'tom', groups: ['system:masters'] }]]),
      async connectNode() {
        if (unreachable !== undefined) throw unreachable;
        const [near, far] = duplexPair();
        connections.push(near);
        node.emit('connection', far);
        return near;
      },
    });
  });
  beforeEach(() => {
    connections = [];
    unreachable = undefined;
  });
  after(() => listener.close());

  const send = (path: string, headers: Readonly<Record<string, string>> = {}, method = 'GET') => {
    const url = `${listener.url}/api/v1/namespaces/default/pods/p/${path}`;
    const request = ask(url, {
      method,
      ca: authority,
      agent: false,
      headers: { authorization: 'Bearer good', ...headers },
    });
    request.on('error', () => undefined);
    return request.end();
  };
  const openStreams = async () => {
    const headers = { authorization: 'Bearer good' };
    const asked = ask(`${listener.url}/metrics`, { ca: authority, agent: false, headers }).end();
    const [response] = (await once(asked, 'response')) as [IncomingMessage];
    return /^apiserver_longrunning_requests\{verb="CONNECT"\} (\d+)$/m.exec(await text(response))?.[1];
  };
  const get = async (path: string, headers?: Readonly<Record<string, string>>) => {
    const [response] = (await once(send(path, headers), 'response')) as [IncomingMessage];
    return { code: response.statusCode, type: response.headers['content-type'], text: await text(response) };
  };

  test('a log goes through as it is', async () => {
    answer = (request, response) => response.end(`${request.method} ${request.url}`);
    const asked = await get('log?tailLines=3');
    assert.deepEqual(asked, {
      code: 200,
      type: 'text/plain',
      text: 'GET /containerLogs/default/p/main?tailLines=3',
    });
  });

  test("a node's refusal is the answer; one that is no Status is told all the same", async () => {
    answer = (_, response) =>
      response.writeHead(400).end(JSON.stringify(new StatusError('BadRequest', 'waiting to start').toStatus()));
    const status = await get('log');
    assert.deepEqual([status.code, (JSON.parse(status.text) as Error).message], [400, 'waiting to start']);
    answer = (_, response) => response.writeHead(500).end('out of order');
    const plain = await get('log');
    assert.deepEqual([plain.code, (JSON.parse(plain.text) as Error).message], [500, 'out of order']);
    unreachable = new StatusError('ServiceUnavailable', 'node n cannot be asked');
    assert.equal((await get('log')).code, 503);
  });

  test('a client that leaves ends the reading at the node', async () => {
    const left = Promise.withResolvers<unknown>();
    answer = (_, response) => {
      response.write('so far');
      response.once('close', left.resolve);
    };
    const request = send('log?follow=true');
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    assert.equal(String((await once(response, 'data'))[0]), 'so far');
    assert.equal(await openStreams(), '1');
    request.destroy();
    await left.promise;
    while ((await openStreams()) !== '0');
  });

  test('an upgrade passes the protocol on and nothing of who asks, then bytes both ways', async () => {
    let seen: IncomingMessage | undefined;
    upgraded = (request, socket, head) => {
      seen = request;
      socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n');
      socket.write('Sec-WebSocket-Accept: yes\r\nSec-WebSocket-Protocol: v5.channel.k8s.io\r\n\r\n');
      socket.write(Buffer.concat([Buffer.from('echo:'), head]));
      socket.pipe(socket);
    };
    const request = send('exec?command=ls&stdout=true', {
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-key': 'key',
      'sec-websocket-protocol': 'v5.channel.k8s.io',
      cookie: 'private',
    });
    const [response, socket, head] = (await once(request, 'upgrade')) as [IncomingMessage, Duplex, Buffer];
    assert.equal(response.headers['sec-websocket-protocol'], 'v5.channel.k8s.io');
    assert.equal(response.headers['sec-websocket-accept'], 'yes');
    assert.equal(seen?.url, '/exec/default/p/main?output=1&command=ls');
    assert.deepEqual(
      ['authorization', 'cookie', 'sec-websocket-key', 'upgrade'].map((name) => seen?.headers[name]),
      [undefined, undefined, 'key', 'websocket'],
    );
    socket.unshift(head);
    socket.write('ping');
    let heard = '';
    while (heard !== 'echo:ping') heard += String((await once(socket, 'data'))[0]);
    const gone = once(connections[0]!, 'close');
    socket.destroy();
    await gone;
  });

  test('a refused upgrade is answered in HTTP, and a request without one is told', async () => {
    answer = (_, response) =>
      response.writeHead(404).end(JSON.stringify(new StatusError('NotFound', 'gone').toStatus()));
    upgraded = (_, socket) => socket.end('HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\ngone');
    const upgrade = { connection: 'Upgrade', upgrade: 'SPDY/3.1' };
    const [refused] = (await once(send('attach?stdin=true', upgrade, 'POST'), 'response')) as [IncomingMessage];
    assert.deepEqual([refused.statusCode, (JSON.parse(await text(refused)) as Error).message], [404, 'gone']);
    const without = await get('exec?command=ls');
    assert.deepEqual([without.code, (JSON.parse(without.text) as Error).message], [400, 'Upgrade request required']);
    const unknown = await get('exec?command=ls', { connection: 'Upgrade', upgrade: 'h2c' });
    assert.equal(unknown.code, 400);
  });

  test('nobody gets a stream without saying who he is', async () => {
    const upgrade = { connection: 'Upgrade', upgrade: 'websocket', authorization: 'Bearer bad' };
    const [refused] = (await once(send('exec?command=ls', upgrade), 'response')) as [IncomingMessage];
    assert.equal(refused.statusCode, 401);
    assert.equal(connections.length, 0);
  });

  test('a server that stops ends its streams at once', async () => {
    upgraded = (_, socket) =>
      socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\n\r\n');
    answer = (_, response) => void response.write('so far');
    const upgrade = send('exec?command=ls', { connection: 'Upgrade', upgrade: 'SPDY/3.1' }, 'POST');
    const [, socket] = (await once(upgrade, 'upgrade')) as [IncomingMessage, Duplex];
    const [log] = (await once(send('log?follow=true'), 'response')) as [IncomingMessage];
    // Cut off, which is an error to the one and an end to the other.
    const closed = (stream: Duplex | IncomingMessage) =>
      new Promise((resolve) =>
        stream
          .resume()
          .on('error', () => undefined)
          .once('close', resolve),
      );
    const ended = Promise.all([closed(socket), closed(log)]);
    await listener.close();
    await ended;
  });
});
