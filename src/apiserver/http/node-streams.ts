// Logs and streams from nodes: what the agent answers goes through, and bytes go both ways once the connection was
// upgraded. Nothing of what is sent is looked at; who may ask was decided before.
import { type IncomingMessage, request as askNode, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type Status, StatusError, statusErrorFrom } from '../../api/index.ts';
import { joinStreams } from '../../machinery/index.ts';
import type { ConnectNode, NodeLocation } from '../node-connection.ts';

/** kubelet's --streaming-connection-idle-timeout; clients send something every few seconds. */
const idleMsMax = 4 * 60 * 60 * 1000;
const refusalBytesMax = 64 * 1024;

/** A request that wants the connection for itself. */
export interface UpgradeRequest {
  readonly socket: Socket;
  /** What was received after the request. */
  readonly head: Buffer;
}

/** Says which protocol, of what: the rest of the client's headers is not the node's business. */
const passedHeaders = [
  'upgrade',
  'sec-websocket-key',
  'sec-websocket-version',
  'sec-websocket-protocol',
  'x-stream-protocol-version',
];
const agreedHeaders = ['upgrade', 'sec-websocket-accept', 'sec-websocket-protocol', 'x-stream-protocol-version'];

export interface Exchange {
  readonly location: NodeLocation;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Ends the stream: the server stops. */
  readonly signal: AbortSignal;
}

/** Resolves when everything has been sent. Rejects with what the node, or the way to it, has against it. */
export async function passLog(connect: ConnectNode, exchange: Exchange): Promise<void> {
  const { location, response } = exchange;
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  const signal = AbortSignal.any([exchange.signal, gone.signal]);
  const connection = await connect(location.node, signal);
  try {
    const answer = await ask(connection, location.path, 'GET', {}, signal);
    if ('upgraded' in answer) throw new StatusError('InternalError', 'the node answered with an upgrade');
    response.writeHead(200, { 'content-type': 'text/plain', 'cache-control': 'no-cache, private' });
    response.flushHeaders();
    await pipeline(answer.body, response, { signal });
  } catch (error) {
    // Who has left needs no answer.
    if (!gone.signal.aborted) throw error;
  } finally {
    connection.destroy();
  }
}

/** Resolves when the streams have ended. Rejects while the client can still be answered. */
export async function passUpgrade(
  connect: ConnectNode,
  exchange: Exchange,
  { socket, head }: UpgradeRequest,
): Promise<void> {
  const { location, request, response, signal } = exchange;
  const connection = await connect(location.node, signal);
  const headers = { connection: 'Upgrade', ...chosen(request.headers, passedHeaders) };
  const answer = await ask(connection, location.path, request.method ?? 'GET', headers, signal).catch(
    (error: unknown) => {
      connection.destroy();
      throw error;
    },
  );
  if (!('upgraded' in answer)) {
    connection.destroy();
    throw new StatusError('BadRequest', 'Upgrade request required');
  }
  response.statusCode = 101;
  response.detachSocket(socket);
  const lines = Object.entries(chosen(answer.headers, agreedHeaders)).map(([name, value]) => `${name}: ${value}`);
  socket.write(`HTTP/1.1 101 Switching Protocols\r\n${['connection: Upgrade', ...lines].join('\r\n')}\r\n\r\n`);
  if (answer.head.length > 0) socket.write(answer.head);
  if (head.length > 0) answer.upgraded.write(head);
  socket.setTimeout(idleMsMax, () => socket.destroy());
  await joinStreams(socket, answer.upgraded, signal);
}

type Answer =
  | { readonly body: IncomingMessage }
  | { readonly upgraded: Duplex; readonly head: Buffer; readonly headers: IncomingMessage['headers'] };

/** Rejects with the node's own words when it refuses. */
function ask(
  connection: Duplex,
  path: string,
  method: string,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const options = { createConnection: () => connection, host: 'node', path, method, signal };
    const asked = askNode({
      ...options,
      headers: { ...headers, ...(method === 'POST' ? { 'content-length': 0 } : {}) },
    });
    asked.once('upgrade', (answer, upgraded, head) => resolve({ upgraded, head, headers: answer.headers }));
    asked.once('response', (answer) => {
      if (answer.statusCode === 200) resolve({ body: answer });
      else refusalOf(answer).then(reject, reject);
    });
    asked.once('error', (cause) =>
      reject(new StatusError('ServiceUnavailable', `the node does not answer: ${cause.message}`, undefined, { cause })),
    );
    asked.end();
  });
}

async function refusalOf(answer: IncomingMessage): Promise<StatusError> {
  let text = '';
  for await (const chunk of answer.setEncoding('utf8') as AsyncIterable<string>)
    if (text.length < refusalBytesMax) text += chunk;
  const code = answer.statusCode ?? 500;
  try {
    return statusErrorFrom(JSON.parse(text) as Partial<Status>, code);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return statusErrorFrom({ message: text.trim() }, code);
  }
}

function chosen(headers: IncomingMessage['headers'], names: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    names.flatMap((name) => (headers[name] === undefined ? [] : [[name, String(headers[name])]])),
  );
}
