// exec, attach and port-forward once their HTTP request is understood: asks the runtime where its streams are, agrees
// on a protocol with the client and joins the two. Older clients speak SPDY themselves: their bytes pass as they are.
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { StatusError } from '../../api/index.ts';
import { joinStreams } from '../../machinery/index.ts';
import {
  channelsProtocol,
  forwardedPorts,
  runtimeForwardProtocols,
  translatePortForward,
  tunnelProtocol,
} from './port-forward.ts';
import { remoteCommandProtocols, runtimeCommandProtocols, translateRemoteCommand } from './remote-command.ts';
import { connectRuntime } from './runtime-connection.ts';
import type { ProcessOptions, StreamPlace } from './runtime.ts';
import { createSpdySession } from './spdy.ts';
import { acceptWebSocket, offeredProtocols } from './web-socket.ts';

export interface Upgrade {
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  readonly head: Buffer;
}

/** What a client may want to do over the streams of one place. */
export type Wanted =
  | { readonly what: 'command'; readonly options: ProcessOptions }
  | { readonly what: 'forward'; readonly ports: readonly string[] };

/** Rejects with a StatusError while the client can still be answered; resolves when the streams have ended. */
export async function serveUpgrade(upgrade: Upgrade, wanted: Wanted, place: StreamPlace): Promise<void> {
  const asked = (upgrade.request.headers.upgrade ?? '').toLowerCase();
  if (asked === 'spdy/3.1') await passSpdy(upgrade, place);
  else if (asked === 'websocket') await serveWebSocket(upgrade, wanted, place);
  else throw new StatusError('BadRequest', 'Upgrade request required: to WebSocket or to SPDY/3.1');
}

/** What kubectl before 1.31, and every later one as a last resort, speaks with the runtime itself. */
async function passSpdy({ request, socket, head }: Upgrade, place: StreamPlace): Promise<void> {
  const offered = request.headers['x-stream-protocol-version'];
  const protocols = String(offered ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  const runtime = await connectRuntime(place.url, protocols);
  const agreed = runtime.protocol === '' ? '' : `X-Stream-Protocol-Version: ${runtime.protocol}\r\n`;
  socket.write(`HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\n${agreed}\r\n`);
  socket.write(runtime.head);
  runtime.socket.write(head);
  await joinStreams(socket, runtime.socket, place.ended);
}

async function serveWebSocket(upgrade: Upgrade, wanted: Wanted, place: StreamPlace): Promise<void> {
  const { request, socket, head } = upgrade;
  const isCommand = wanted.what === 'command';
  const known = isCommand ? remoteCommandProtocols : [tunnelProtocol, channelsProtocol];
  const offered = offeredProtocols(request);
  const protocol = offered.find((name) => known.includes(name as never));
  if (protocol === undefined)
    throw new StatusError('BadRequest', `none of the WebSocket protocols is known here: ${known.join(', ')} are`);
  const ports = wanted.what === 'forward' && protocol === channelsProtocol ? forwardedPorts(wanted.ports) : [];
  const runtime = await connectRuntime(place.url, isCommand ? runtimeCommandProtocols : runtimeForwardProtocols);
  if (runtime.head.length > 0) runtime.socket.unshift(runtime.head);
  const client = await acceptWebSocket(request, socket, head, protocol).catch((error: unknown) => {
    runtime.socket.destroy();
    throw error;
  });
  if (protocol === tunnelProtocol) {
    await joinStreams(client.messages, runtime.socket, place.ended);
    return;
  }
  const session = createSpdySession(runtime.socket);
  const end = () => session.close();
  place.ended.addEventListener('abort', end, { once: true });
  if (place.ended.aborted) end();
  try {
    if (wanted.what === 'command') await translateRemoteCommand(client, session, wanted.options);
    else await translatePortForward(client, session, ports);
  } finally {
    place.ended.removeEventListener('abort', end);
    session.close();
  }
}
