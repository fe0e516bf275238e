// A watch's bytes as events: one JSON object per line, or one protobuf frame each. Both are bounded, so that a server
// which never ends one cannot fill the memory.
import {
  type KubernetesObject,
  type PartialFields,
  type Resource,
  StatusError,
  statusErrorFrom,
  type WatchEvent,
} from '../api/index.ts';
import { isProtobuf, parserOf } from './body-format.ts';
import { type Reading, requireEvent } from './plausible.ts';
import { readWatchEvent } from './protobuf/envelope.ts';
import type { StreamDecoder } from './transport.ts';

/** An object is at most 1.5 MiB in etcd and 3 MiB in a request; managed fields and escapes come on top. */
const eventBytesMax = 16 * 1024 * 1024;
const newline = 0x0a;
const lengthBytes = 4;

/** Events in order. An ERROR event is thrown as the StatusError that it carries (Expired when compacted). */
export function createWatchDecoder<T extends KubernetesObject>(
  resource: Resource<T>,
  contentType: string,
  fields?: PartialFields,
): StreamDecoder<WatchEvent<T>> {
  return fields !== undefined && isProtobuf(contentType)
    ? eventsOf(resource, splitFrames(), (frame) => parseFrame(frame, fields), { fields, isTyped: true })
    : eventsOf(resource, splitLines(), (line) => parseLine(line, parserOf(resource)), { fields, isTyped: false });
}

function eventsOf<T extends KubernetesObject>(
  resource: Resource<T>,
  pieces: StreamDecoder<Buffer>,
  read: (piece: Buffer) => RawEvent,
  reading: Reading,
): StreamDecoder<WatchEvent<T>> {
  return {
    *push(chunk) {
      for (const piece of pieces.push(chunk)) yield checked(resource, read(piece), reading);
    },
    end: () => pieces.end(),
  };
}

interface RawEvent {
  readonly type?: unknown;
  readonly object?: unknown;
}

function checked<T extends KubernetesObject>(resource: Resource<T>, event: RawEvent, reading: Reading): WatchEvent<T> {
  const { type, object } = event;
  if (type === 'ERROR' && typeof object === 'object' && object !== null) throw statusErrorFrom(object, 500);
  try {
    requireEvent(resource, type, object, reading);
  } catch (error) {
    throw malformed((error as Error).message);
  }
  return event as WatchEvent<T>;
}

function splitLines(): StreamDecoder<Buffer> {
  /** The pieces of a line that is not complete yet. */
  let pieces: Buffer[] = [];
  let pending = 0;
  return {
    *push(chunk) {
      let start = 0;
      for (let end = chunk.indexOf(newline); end >= 0; end = chunk.indexOf(newline, start)) {
        const tail = chunk.subarray(start, end);
        const line = pieces.length === 0 ? tail : Buffer.concat([...pieces, tail]);
        pieces = [];
        pending = 0;
        start = end + 1;
        if (line.length > 0) yield line;
      }
      if (start === chunk.length) return;
      pieces.push(chunk.subarray(start));
      pending += chunk.length - start;
      if (pending > eventBytesMax) throw malformed(`a line of more than ${eventBytesMax} bytes`);
    },
    end: () => checkComplete(pending),
  };
}

/** Frames of a four-byte length, highest byte first. */
function splitFrames(): StreamDecoder<Buffer> {
  let pieces: Buffer[] = [];
  let pending = 0;
  /** Bytes that the next frame needs, its length included. */
  let needed = lengthBytes;
  return {
    *push(chunk) {
      pieces.push(chunk);
      pending += chunk.length;
      if (pending < needed) return;
      const bytes = pieces.length === 1 ? chunk : Buffer.concat(pieces);
      let start = 0;
      needed = frameBytes(bytes, start);
      while (bytes.length - start >= needed) {
        const end = start + needed;
        if (needed > lengthBytes) yield bytes.subarray(start + lengthBytes, end);
        start = end;
        needed = frameBytes(bytes, start);
      }
      pieces = start === bytes.length ? [] : [bytes.subarray(start)];
      pending = bytes.length - start;
    },
    end: () => checkComplete(pending),
  };
}

function checkComplete(pending: number): void {
  if (pending > 0) throw malformed('it ended in the middle of an event');
}

function frameBytes(bytes: Buffer, start: number): number {
  if (bytes.length - start < lengthBytes) return lengthBytes;
  const length = bytes.readUInt32BE(start);
  if (length > eventBytesMax) throw malformed(`a frame of more than ${eventBytesMax} bytes`);
  return lengthBytes + length;
}

function parseFrame(frame: Buffer, fields: PartialFields): RawEvent {
  try {
    return readWatchEvent(frame, fields);
  } catch (error) {
    throw malformed('an event that cannot be read', error);
  }
}

function parseLine(line: Buffer, parse: (text: string) => unknown): RawEvent {
  try {
    return parse(line.toString('utf8')) ?? {};
  } catch (error) {
    throw malformed('an event that is not JSON', error);
  }
}

/** Retryable: the watch is opened again from the last good event. */
function malformed(what: string, cause?: unknown): StatusError {
  return new StatusError('ServiceUnavailable', `the watch sent ${what}`, undefined, { cause });
}
