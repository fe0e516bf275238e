// Small movements between streams that every protocol here is made of.
import type { Duplex, Writable } from 'node:stream';

/** Resolves when the bytes are on their way: who awaits it sends no faster than the other side takes. */
export function send(stream: Writable, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.write(bytes, (error) => (error == null ? resolve() : reject(error)));
  });
}

/** Bytes both ways until one side ends or `signal` aborts; then both are gone. Resolves when they are. */
export function join(one: Duplex, other: Duplex, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      signal.removeEventListener('abort', end);
      one.destroy();
      other.destroy();
      resolve();
    };
    for (const stream of [one, other]) stream.once('error', end).once('close', end);
    one.pipe(other);
    other.pipe(one);
    if (signal.aborted) end();
    else signal.addEventListener('abort', end, { once: true });
  });
}
