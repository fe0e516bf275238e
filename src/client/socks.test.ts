import assert from 'node:assert/strict';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { describe, test, type TestContext } from 'node:test';
import { openTunnel } from './proxy.ts';

interface Script {
  /** What the proxy answers to our greeting. */
  readonly method: number;
  readonly accepts?: boolean;
  readonly status?: number;
  /** Splits every answer into single bytes, as a network may. */
  readonly slowly?: boolean;
}

/** A SOCKS5 proxy that plays a script, then echoes in capitals. Records what it was sent, in hexadecimal. */
const proxy = async (context: TestContext, { method, accepts = true, status = 0, slowly = false }: Script) => {
  const heard: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    const answer = (...bytes: number[]) => {
      if (!slowly) socket.write(Buffer.from(bytes));
      else for (const byte of bytes) socket.write(Buffer.from([byte]));
    };
    const steps = [
      () => answer(5, method),
      ...(method === 2 ? [() => answer(1, accepts ? 0 : 1)] : []),
      () => answer(5, status, 0, 3, 1, 0x61, 0, 80),
    ];
    socket.on('data', (chunk) => {
      const step = steps.shift();
      if (step === undefined) socket.write(chunk.toString().toUpperCase());
      else {
        heard.push(chunk.toString('hex'));
        step();
      }
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  context.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { heard, address: `127.0.0.1:${(server.address() as AddressInfo).port}` };
};

const say = async (socket: Socket, text: string) => {
  const answer = new Promise<string>((resolve) => {
    socket.once('data', (chunk: Buffer) => resolve(chunk.toString()));
  });
  socket.write(text);
  return answer;
};
const target = `${Buffer.from('api').toString('hex')}192b`;

describe('through a SOCKS5 proxy', () => {
  test('the name goes to the proxy, and the connection is ours from then on', async (t) => {
    for (const slowly of [false, true]) {
      const { heard, address } = await proxy(t, { method: 0, slowly });
      const socket = await openTunnel(new URL(`socks5://${address}`), 'api', 6443, 5000);
      assert.deepEqual(heard, ['050100', `0501000303${target}`]);
      assert.equal(await say(socket, 'hello'), 'HELLO');
      socket.destroy();
    }
  });

  test('user and password are given to a proxy that asks for them', async (t) => {
    const { heard, address } = await proxy(t, { method: 2 });
    const socket = await openTunnel(new URL(`socks5h://me:p%40ss@${address}`), 'api', 6443, 5000);
    assert.deepEqual(heard, ['05020002', '01026d650470407373', `0501000303${target}`]);
    socket.destroy();
  });

  const failures: readonly [string, Script, string, RegExp][] = [
    ['refused credentials', { method: 2, accepts: false }, 'me:x@', /refused our user and password/],
    ['an unknown kind of authentication', { method: 0xff }, '', /kind of authentication/],
    ['a refused connection', { method: 0, status: 5 }, '', /refused to connect to api:6443: connection refused/],
  ];
  for (const [what, script, credentials, says] of failures)
    test(`${what} are told, with the proxy and without the password`, async (t) => {
      const { address } = await proxy(t, script);
      await assert.rejects(
        openTunnel(new URL(`socks5://${credentials}${address}`), 'api', 6443, 5000),
        (error: Error) => {
          assert.match(error.message, says);
          assert.ok(error.message.includes(`proxy ${address}`) && !error.message.includes('me:x'));
          return true;
        },
      );
    });

  test('a proxy that says nothing is given up', async (t) => {
    const server = createServer(() => undefined);
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    t.after(() => server.close());
    const { port } = server.address() as AddressInfo;
    await assert.rejects(openTunnel(new URL(`socks5://127.0.0.1:${port}`), 'api', 1, 50), /no answer within 50 ms/);
  });
});
