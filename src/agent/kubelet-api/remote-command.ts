// exec and attach between a WebSocket, as kubectl from 1.31 on and the official libraries speak it, and the container
// runtime's SPDY streams: the same streams, numbered here, named there (apiserver/pkg/util/proxy/streamtranslator.go).
// v5 adds one thing to v4: the client can say that its input has ended.
import type { Duplex } from 'node:stream';
import { send } from './copy.ts';
import type { ProcessOptions } from './runtime.ts';
import type { SpdySession } from './spdy.ts';
import type { AcceptedWebSocket } from './web-socket.ts';

/** Of WebSockets, best first. */
export const remoteCommandProtocols = ['v5.channel.k8s.io', 'v4.channel.k8s.io'] as const;
/** Of the runtime's SPDY streams: the error stream carries a Status. */
export const runtimeCommandProtocols = ['v4.channel.k8s.io'] as const;

const channel = { stdin: 0, stdout: 1, stderr: 2, error: 3, resize: 4, close: 255 } as const;
const statusBytesMax = 64 * 1024;

/** Resolves when the command has ended and its status is told, or the client has gone. */
export async function translateRemoteCommand(
  client: AcceptedWebSocket,
  runtime: SpdySession,
  options: ProcessOptions,
): Promise<void> {
  // The runtime waits for all of them, whatever their order.
  const error = runtime.open({ streamtype: 'error' });
  const stdin = options.stdin ? runtime.open({ streamtype: 'stdin' }) : undefined;
  const stdout = options.stdout ? runtime.open({ streamtype: 'stdout' }) : undefined;
  const stderr = options.stderr ? runtime.open({ streamtype: 'stderr' }) : undefined;
  const resize = options.tty ? runtime.open({ streamtype: 'resize' }) : undefined;
  error.end();

  const down = async () => {
    const [status] = await Promise.all([
      readAll(error),
      copyOut(stdout, client.messages, channel.stdout),
      copyOut(stderr, client.messages, channel.stderr),
    ]);
    await send(client.messages, numbered(channel.error, status.length === 0 ? lost : status));
    client.close();
  };
  const up = async () => {
    for await (const message of client.messages as AsyncIterable<Buffer | string>) {
      const bytes = Buffer.from(message as Buffer);
      const rest = bytes.subarray(1);
      if (bytes[0] === channel.stdin && stdin?.writable === true) await send(stdin, rest);
      else if (bytes[0] === channel.resize && resize?.writable === true) await send(resize, rest);
      else if (bytes[0] === channel.close && rest[0] === channel.stdin) stdin?.end();
    }
  };
  // Whoever is cut off by the other's end fails with it, and has nobody left to tell.
  await Promise.allSettled([down(), up().finally(() => runtime.close())]);
}

const lost = Buffer.from(
  JSON.stringify({
    metadata: {},
    status: 'Failure',
    message: 'the connection to the container runtime was lost',
    reason: 'InternalError',
    code: 500,
  }),
);

async function copyOut(from: Duplex | undefined, to: Duplex, number: number): Promise<void> {
  if (from === undefined) return;
  for await (const chunk of from as AsyncIterable<Buffer>) await send(to, numbered(number, chunk));
}

async function readAll(stream: Duplex): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes <= statusBytesMax) chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function numbered(number: number, bytes: Buffer): Buffer {
  return Buffer.concat([Buffer.of(number), bytes]);
}
