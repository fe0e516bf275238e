// A watch's bytes as events: one JSON object per line. Lines are bounded, so that a server which never ends one cannot
// fill the memory.
import { type KubernetesObject, StatusError, statusErrorFrom, type WatchEvent } from '../api/index.ts';

/** An object is at most 1.5 MiB in etcd and 3 MiB in a request; managed fields and escapes come on top. */
const lineBytesMax = 16 * 1024 * 1024;
const newline = 0x0a;

/** Events in order. An ERROR event is thrown as the StatusError that it carries (Expired when compacted). */
export async function* decodeWatch<T extends KubernetesObject>(
  chunks: AsyncIterable<Uint8Array>,
): AsyncIterable<WatchEvent<T>> {
  for await (const line of splitLines(chunks)) {
    if (line.length === 0) continue;
    const event = parse(line);
    if (event.type === 'ERROR') throw statusErrorFrom(event.object, 500);
    yield event as unknown as WatchEvent<T>;
  }
}

async function* splitLines(chunks: AsyncIterable<Uint8Array>): AsyncIterable<Buffer> {
  /** The pieces of a line that is not complete yet. */
  let pieces: Uint8Array[] = [];
  let pending = 0;
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(newline); end >= 0; end = chunk.indexOf(newline, start)) {
      const tail = chunk.subarray(start, end);
      yield pieces.length === 0
        ? Buffer.from(tail.buffer, tail.byteOffset, tail.length)
        : Buffer.concat([...pieces, tail]);
      pieces = [];
      pending = 0;
      start = end + 1;
    }
    if (start === chunk.length) continue;
    pieces.push(chunk.subarray(start));
    pending += chunk.length - start;
    if (pending > lineBytesMax) throw malformed(`a line of more than ${lineBytesMax} bytes`);
  }
  if (pending > 0) throw malformed('it ended in the middle of an event');
}

function parse(line: Buffer): { readonly type: string; readonly object: object } {
  let event: unknown;
  try {
    event = JSON.parse(line.toString('utf8'));
  } catch (error) {
    throw malformed('an event that is not JSON', error);
  }
  const { type, object } = (event ?? {}) as { type?: unknown; object?: unknown };
  if (typeof type !== 'string' || typeof object !== 'object' || object === null)
    throw malformed('an event without type or object');
  if (type !== 'ERROR' && typeof (object as Partial<KubernetesObject>).metadata !== 'object')
    throw malformed('an object without metadata');
  return { type, object };
}

/** Retryable: the watch is opened again from the last good event. */
function malformed(what: string, cause?: unknown): StatusError {
  return new StatusError('ServiceUnavailable', `the watch sent ${what}`, undefined, { cause });
}
