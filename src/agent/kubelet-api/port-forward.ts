// port-forward between a WebSocket and the container runtime's SPDY streams, in the two ways there are: kubectl from 1.31
// on sends SPDY's own bytes through the WebSocket (KEP-4006), the official libraries number two channels a port.
import { StatusError } from '../../api/index.ts';
import { send } from './copy.ts';
import type { SpdySession } from './spdy.ts';
import type { AcceptedWebSocket } from './web-socket.ts';

/** SPDY in binary messages: nothing is translated. */
export const tunnelProtocol = 'SPDY/3.1+portforward.k8s.io';
export const channelsProtocol = 'v4.channel.k8s.io';
/** Of the runtime's SPDY streams. */
export const runtimeForwardProtocols = ['portforward.k8s.io'] as const;

/** As many as one WebSocket can number (one byte, two channels a port). */
const portsMax = 128;

/** The ports of a request that numbers channels: `port=80&port=81` or `port=80,81`. */
export function forwardedPorts(values: readonly string[]): readonly number[] {
  const ports = values.flatMap((value) => value.split(',')).map(Number);
  if (ports.length === 0) throw new StatusError('BadRequest', 'query parameter "port" is required');
  if (ports.length > portsMax) throw new StatusError('BadRequest', `more than ${portsMax} ports in one connection`);
  for (const [index, port] of ports.entries())
    if (!Number.isInteger(port) || port < 1 || port > 65_535)
      throw new StatusError('BadRequest', `query parameter "port": port ${index + 1} is not between 1 and 65535`);
  return ports;
}

/** Channel 2n carries the data of port n, channel 2n+1 its error; each begins with the port, in two bytes. */
export async function translatePortForward(
  client: AcceptedWebSocket,
  runtime: SpdySession,
  ports: readonly number[],
): Promise<void> {
  const pairs = ports.map((port, index) => {
    const headers = { port: String(port), requestid: String(index) };
    const error = runtime.open({ ...headers, streamtype: 'error' });
    error.end();
    return { port, error, data: runtime.open({ ...headers, streamtype: 'data' }) };
  });
  const copy = async (from: AsyncIterable<Buffer>, channel: number) => {
    for await (const chunk of from) await send(client.messages, Buffer.concat([Buffer.of(channel), chunk]));
  };
  const down = async () => {
    for (const [index, { port }] of pairs.entries())
      for (const channel of [2 * index, 2 * index + 1])
        await send(client.messages, Buffer.of(channel, port & 0xff, port >> 8));
    await Promise.all(pairs.flatMap(({ data, error }, index) => [copy(data, 2 * index), copy(error, 2 * index + 1)]));
    client.close();
  };
  const up = async () => {
    for await (const message of client.messages as AsyncIterable<Buffer | string>) {
      const bytes = Buffer.from(message as Buffer);
      const [channel = 0] = bytes;
      const data = channel % 2 === 0 ? pairs[channel / 2]?.data : undefined;
      if (data?.writable === true) await send(data, bytes.subarray(1));
    }
  };
  // Whoever is cut off by the other's end fails with it, and has nobody left to tell.
  await Promise.allSettled([down(), up().finally(() => runtime.close())]);
}
