// exec over a WebSocket with a container runtime that does as it is told: what goes wrong, and that it is told and cleared
// away. With a real runtime: test/containerd/streams-client.test.ts.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, request as ask, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { WebSocket } from 'ws';
import { type Status, StatusError } from '../../api/index.ts';
import { createVirtualClock } from '../../machinery/index.ts';
import { silentLogger } from '../../observe/index.ts';
import { createKubeletApi, type KubeletApi, type PodRuntime } from './index.ts';

const path = '/exec/ns/p/c?command=ls&output=1&input=1';
const channel = { stdin: 0, stdout: 1, error: 3, close: 255 } as const;
/** Streams in the order in which they are opened. */
const stream = { error: 1, stdin: 3, stdout: 5 } as const;

function data(id: number, payload: string): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt32BE(id, 0);
  head.writeUInt32BE(payload.length, 4);
  return Buffer.concat([head, Buffer.from(payload)]);
}

describe('exec over a WebSocket', () => {
  let stop: AbortController;
  let ended: AbortController;
  let api: KubeletApi;
  let runtime: Server;
  let connected: PromiseWithResolvers<Socket>;
  let sockets: Socket[];
  beforeEach(async () => {
    [stop, ended, connected] = [new AbortController(), new AbortController(), Promise.withResolvers()];
    sockets = [];
    runtime = createServer((_, response) => response.writeHead(404).end('no such token'));
    runtime.on('upgrade', (_, socket: Socket) => {
      sockets.push(socket);
      socket.on('error', () => undefined).once('end', () => socket.end());
      socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\n\r\n');
      connected.resolve(socket);
    });
    await once(runtime.listen(0, '127.0.0.1'), 'listening');
    const url = new URL(`http://127.0.0.1:${(runtime.address() as AddressInfo).port}/exec/token`);
    const never = () => Promise.reject(new StatusError('NotFound', 'not here'));
    const pods: PodRuntime = {
      logs: never,
      exec: async () => ({ url, ended: ended.signal }),
      attach: never,
      portForward: never,
    };
    api = createKubeletApi({
      runtime: pods,
      clock: createVirtualClock(),
      log: silentLogger,
      signal: stop.signal,
    });
  });
  afterEach(async () => {
    stop.abort();
    await api.stopped;
    runtime.closeAllConnections();
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => runtime.close(resolve));
  });

  const open = async () => {
    const createConnection = () => api.connect() as Socket;
    const client = new WebSocket(`ws://node${path}`, ['v5.channel.k8s.io'], { createConnection });
    const messages: Buffer[] = [];
    client.on('message', (message: Buffer) => messages.push(message));
    client.on('error', () => undefined);
    const closed = new Promise<number>((resolve) => client.once('close', resolve));
    await once(client, 'open');
    const socket = await connected.promise;
    return { client, messages, closed, socket };
  };
  const gone = (socket: Duplex) => new Promise((resolve) => socket.resume().once('close', resolve));

  test('a runtime that is lost is told as the status of the command, after what it said', async () => {
    const { messages, closed, socket } = await open();
    socket.write(data(stream.stdout, 'half of '));
    socket.end(data(stream.stdout, 'it'));
    assert.equal(await closed, 1000);
    const said = messages.filter(([number]) => number === channel.stdout).map((bytes) => bytes.subarray(1).toString());
    assert.equal(said.join(''), 'half of it');
    const [last] = messages.slice(-1);
    assert.equal(last?.[0], channel.error);
    assert.match((JSON.parse(String(last?.subarray(1))) as Status).message ?? '', /container runtime was lost/);
  });

  test("the command's own status is passed on; what is written to unknown channels is not", async () => {
    const { client, messages, closed, socket } = await open();
    for (const number of [7, channel.stdout, channel.error]) client.send(Buffer.of(number, 0x21));
    client.send(Buffer.alloc(0));
    client.send(Buffer.of(channel.stdin, 0x79, 0x65, 0x73));
    client.send(Buffer.of(channel.close, channel.stdin));
    let received = '';
    while (!received.includes('yes')) received += ((await once(socket, 'data'))[0] as Buffer).toString('latin1');
    assert.ok(!received.includes('!'));
    socket.end(data(stream.error, '{"status":"Success"}'));
    await closed;
    assert.deepEqual(messages.map(String), ['\u0003{"status":"Success"}']);
  });

  test('ends with its pod, with its client, and with a message that is too long', async () => {
    const first = await open();
    ended.abort();
    await Promise.all([first.closed, gone(first.socket)]);
    [ended, connected] = [new AbortController(), Promise.withResolvers()];
    const second = await open();
    second.client.terminate();
    await gone(second.socket);
    connected = Promise.withResolvers();
    const third = await open();
    third.client.send(Buffer.alloc(17 * 1024 * 1024));
    await Promise.all([third.closed, gone(third.socket)]);
  });

  const upgrade = async (headers: Readonly<Record<string, string>>) => {
    const all = {
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-protocol': 'v5.channel.k8s.io',
      ...headers,
    };
    const asked = ask({ createConnection: () => api.connect(), host: 'node', path, headers: all }).end();
    const [answer] = (await once(asked, 'response')) as [IncomingMessage];
    return { code: answer.statusCode, text: await text(answer) };
  };

  test('a handshake that is none is refused, and the runtime is let go', async () => {
    assert.equal((await upgrade({ 'sec-websocket-version': '13' })).code, 400);
    await gone(await connected.promise);
  });

  test('a runtime that refuses is told', async () => {
    runtime.removeAllListeners('upgrade');
    const { code, text } = await upgrade({});
    assert.deepEqual(
      [code, (JSON.parse(text) as Status).message],
      [500, 'the container runtime refused the stream: it answered 404'],
    );
  });
});
