// WebSockets on this side of an upgrade. The one module here that knows the library.
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { createWebSocketStream, type WebSocket, WebSocketServer } from 'ws';
import { StatusError } from '../../api/index.ts';

/** Of one message; clients send pieces of some 32 kB. */
const messageBytesMax = 16 * 1024 * 1024;

export interface AcceptedWebSocket {
  /** Reads and writes one message a chunk; holds back who sends faster than is read. */
  readonly messages: Duplex;
  /** Says goodbye once what was written is out. */
  close(): void;
}

/** The protocols that the client offers, best first. */
export function offeredProtocols(request: IncomingMessage): readonly string[] {
  return (request.headers['sec-websocket-protocol'] ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
}

/** Completes the handshake with this protocol. Rejects when it was wrong; that is answered then. */
export function acceptWebSocket(
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  protocol: string,
): Promise<AcceptedWebSocket> {
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: messageBytesMax,
  });
  // The library holds names to RFC 6455's letters; Kubernetes has one with a slash (SPDY/3.1+portforward.k8s.io).
  delete request.headers['sec-websocket-protocol'];
  server.on('headers', (headers) => headers.push(`Sec-WebSocket-Protocol: ${protocol}`));
  return new Promise((resolve, reject) => {
    socket.once('close', () => reject(new StatusError('BadRequest', 'the WebSocket handshake was not completed')));
    server.handleUpgrade(request, socket, head, (client: WebSocket) => {
      const messages = createWebSocketStream(client, { readableObjectMode: true });
      // Whoever reads or writes hears of it; nobody does so after the end.
      messages.on('error', () => undefined);
      resolve({ messages, close: () => client.close(1000) });
    });
  });
}
