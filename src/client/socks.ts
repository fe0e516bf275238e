// A way through a SOCKS5 proxy (RFC 1928, RFC 1929), as `ssh -D` gives one. The proxy resolves the name, as Go's does.
import { connect, type Socket } from 'node:net';

const version = 5;
const noAuthentication = 0;
const userAndPassword = 2;
const connectCommand = 1;
const domainName = 3;
/** Lengths of the address that ends an answer, by its type. */
const addressBytes: Readonly<Record<number, number>> = { 1: 4, 4: 16 };
const refusals = [
  '',
  'general failure',
  'not allowed',
  'network unreachable',
  'host unreachable',
  'connection refused',
  'time to live expired',
  'command not supported',
  'address type not supported',
];

/** A connection to `host:port` through the proxy; rejects with what the proxy said. */
export async function openSocksTunnel(proxy: URL, host: string, port: number, msMax: number): Promise<Socket> {
  const socket = connect(Number(proxy.port === '' ? 1080 : proxy.port), proxy.hostname.replace(/^\[|\]$/g, ''));
  socket.setTimeout(msMax, () => socket.destroy(new Error(`no answer within ${msMax} ms`)));
  const read = reader(socket);
  const [user, password] = [decodeURIComponent(proxy.username), decodeURIComponent(proxy.password)];
  try {
    const methods = user === '' ? [noAuthentication] : [noAuthentication, userAndPassword];
    socket.write(Buffer.from([version, methods.length, ...methods]));
    const [, method] = await read(2);
    if (method === userAndPassword) {
      socket.write(Buffer.concat([Buffer.from([1]), counted(user), counted(password)]));
      if ((await read(2))[1] !== 0) throw new Error('it refused our user and password');
    } else if (method !== noAuthentication) throw new Error('it wants a kind of authentication that we have not');
    await ask(socket, read, host, port);
    socket.setTimeout(0);
    return socket;
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

async function ask(
  socket: Socket,
  read: (bytes: number) => Promise<Buffer>,
  host: string,
  port: number,
): Promise<void> {
  const ports = Buffer.from([port >> 8, port & 0xff]);
  socket.write(Buffer.concat([Buffer.from([version, connectCommand, 0, domainName]), counted(host), ports]));
  const [, status = 1, , type = 0] = await read(4);
  if (status !== 0) throw new Error(`it refused to connect to ${host}:${port}: ${refusals[status] ?? status}`);
  await read((addressBytes[type] ?? (await read(1))[0]!) + 2);
}

function counted(text: string): Buffer {
  const bytes = Buffer.from(text);
  if (bytes.length > 255) throw new Error(`'${text.slice(0, 20)}…' is longer than SOCKS allows`);
  return Buffer.concat([Buffer.from([bytes.length]), bytes]);
}

/** Reads so many bytes and not one more: what follows belongs to whoever gets the socket. */
function reader(socket: Socket): (bytes: number) => Promise<Buffer> {
  let failure: Error | undefined;
  socket.on('error', (error) => (failure = error));
  return (bytes) =>
    new Promise((resolve, reject) => {
      const settle = () => {
        const chunk = socket.read(bytes) as Buffer | null;
        if (chunk !== null && chunk.length === bytes) done(() => resolve(chunk));
      };
      const closed = () => done(() => reject(failure ?? new Error('it closed the connection')));
      const done = (then: () => void) => {
        socket.off('readable', settle);
        socket.off('close', closed);
        then();
      };
      socket.on('readable', settle);
      socket.on('close', closed);
      settle();
    });
}
