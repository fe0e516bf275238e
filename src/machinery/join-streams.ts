// Two connections made one.
import type { Duplex } from 'node:stream';
import { onAbort } from './on-abort.ts';

/**
 * Bytes both ways, no faster than each side takes them, until one side has closed or `signal` aborts; then both are gone.
 * Resolves when they are. Why one of them ended is its owner's to know.
 */
export function joinStreams(one: Duplex, other: Duplex, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    let stopListening = () => undefined as void;
    const end = () => {
      stopListening();
      one.destroy();
      other.destroy();
      resolve();
    };
    for (const stream of [one, other]) stream.once('error', end).once('close', end);
    one.pipe(other);
    other.pipe(one);
    if (signal.aborted) end();
    else stopListening = onAbort(signal, end);
  });
}
