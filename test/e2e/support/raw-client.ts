// HTTP without a client: bytes over TLS as the kubeconfig's user, for what no well-behaved client does.
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls';

export interface RawClient {
  /** A new connection that has sent this request and nothing else; every answer is the caller's to read. */
  send(request: string): Promise<TLSSocket>;
  /** One request on a connection of its own, and all of its answer. */
  ask(request: string, body?: string): Promise<string>;
  /** Ends every connection that is still open. */
  close(): void;
}

export function createRawClient(kubeconfigPath: string): RawClient {
  const text = readFileSync(kubeconfigPath, 'utf8');
  const decoded = (field: string) => Buffer.from(new RegExp(`${field}: (\\S+)`).exec(text)![1]!, 'base64');
  const [, host = '', port = ''] = /server: https:\/\/(\S+):(\d+)/.exec(text)!;
  const options: ConnectionOptions = {
    host,
    port: Number(port),
    ca: decoded('certificate-authority-data'),
    cert: decoded('client-certificate-data'),
    key: decoded('client-key-data'),
  };
  const sockets = new Set<TLSSocket>();
  // A resumed session spares both sides most of the handshake.
  let session: Buffer | undefined;
  const open = async () => {
    const socket = connect({ ...options, ...(session === undefined ? {} : { session }) });
    sockets.add(socket);
    socket.on('session', (fresh: Buffer) => {
      session ??= fresh;
    });
    // The server may end it at any time.
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
    await once(socket, 'secureConnect');
    return socket;
  };
  const send = async (request: string) => {
    const socket = await open();
    socket.write(`${request} HTTP/1.1\r\nhost: test\r\n\r\n`);
    return socket;
  };
  return {
    send,
    async ask(request, body = '') {
      const socket = await open();
      let answer = '';
      socket.setEncoding('latin1').on('data', (chunk: string) => {
        answer += chunk;
      });
      const type =
        body === '' ? '' : `content-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n`;
      socket.write(`${request} HTTP/1.1\r\nhost: test\r\nconnection: close\r\n${type}\r\n${body}`);
      await once(socket, 'close');
      return answer;
    },
    close() {
      for (const socket of sockets) socket.destroy();
    },
  };
}
