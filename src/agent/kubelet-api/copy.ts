// Sending, one message after the other.
import type { Writable } from 'node:stream';

/** Resolves when the bytes are on their way: who awaits it sends no faster than the other side takes. */
export function send(stream: Writable, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.write(bytes, (error) => (error == null ? resolve() : reject(error)));
  });
}
