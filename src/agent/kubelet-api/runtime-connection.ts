// The way to the container runtime's streaming server: a plain connection on this machine, upgraded to SPDY/3.1. The URL
// holds a token that is good once and for a minute, so there is nothing else to prove.
import { request } from 'node:http';
import type { Duplex } from 'node:stream';
import { StatusError } from '../../api/index.ts';

const connectMsMax = 30_000;

export interface UpgradedConnection {
  readonly socket: Duplex;
  /** What was received after the answer's headers. */
  readonly head: Buffer;
  /** The protocol of the streams that the runtime chose. */
  readonly protocol: string;
}

/**
 * @param protocols of the streams, best first: `v4.channel.k8s.io`, `portforward.k8s.io`.
 * Rejects with a StatusError when the runtime refuses.
 */
export function connectRuntime(url: URL, protocols: readonly string[]): Promise<UpgradedConnection> {
  return new Promise((resolve, reject) => {
    const failed = (message: string, cause?: unknown) =>
      reject(new StatusError('InternalError', message, undefined, cause === undefined ? {} : { cause }));
    const asked = request(url, {
      method: 'POST',
      agent: false,
      timeout: connectMsMax,
      headers: {
        connection: 'Upgrade',
        upgrade: 'SPDY/3.1',
        'content-length': '0',
        'x-stream-protocol-version': [...protocols],
      },
    });
    asked.once('upgrade', (answer, socket, head) => {
      socket.setTimeout(0);
      resolve({ socket, head, protocol: String(answer.headers['x-stream-protocol-version'] ?? '') });
    });
    asked.once('response', (answer) => {
      failed(`the container runtime refused the stream: it answered ${answer.statusCode}`);
      asked.destroy();
    });
    asked.once('timeout', () => asked.destroy(new Error('no answer in time')));
    asked.once('error', (error) => failed(`the container runtime cannot be reached: ${error.message}`, error));
    asked.end();
  });
}
