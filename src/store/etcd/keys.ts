// Keys and values as etcd has them: bytes under the store's prefix, JSON.
import { CorruptStoreError, type StoredValue } from '../store.ts';
import type { KeyValue } from './generated/etcd_pb.ts';

const encoder = new TextEncoder();

export interface KeySpace {
  /** The first key, and the first key beyond. */
  readonly first: Uint8Array;
  readonly end: Uint8Array;
  /** Stands where no key of the store can (keys hold no NUL); writing it moves the revision and nothing else. */
  readonly marker: Uint8Array;
  encode(key: string): Uint8Array;
  /** Undefined for the marker. */
  decode(key: Uint8Array): string | undefined;
}

export function createKeySpace(prefix: string): KeySpace {
  const first = encoder.encode(prefix);
  return {
    first,
    end: successor(first),
    marker: encoder.encode(`${prefix}\0`),
    encode: (key) => encoder.encode(prefix + key),
    decode(key) {
      const text = bytes(key).toString('utf8', first.length);
      return text === '\0' ? undefined : text;
    },
  };
}

/** The first key after all that begin with these bytes. A prefix ends with '/', hence never with 0xff. */
function successor(prefix: Uint8Array): Uint8Array {
  const end = prefix.slice();
  end[end.length - 1]! += 1;
  return end;
}

export function encodeValue(value: StoredValue): Uint8Array {
  return encoder.encode(JSON.stringify(value));
}

/** Throws CorruptStoreError when it is not what a store wrote. */
export function decodeValue({ key, value }: KeyValue): StoredValue {
  try {
    const decoded: unknown = JSON.parse(bytes(value).toString('utf8'));
    if (typeof decoded === 'object' && decoded !== null && !Array.isArray(decoded)) return decoded as StoredValue;
  } catch (cause) {
    throw foreign(key, cause);
  }
  throw foreign(key);
}

function foreign(key: Uint8Array, cause?: unknown): CorruptStoreError {
  const path = bytes(key).toString('utf8');
  return new CorruptStoreError(
    path,
    `etcd's ${path} is no JSON object: something else writes under this prefix; choose another one`,
    { cause },
  );
}

function bytes(array: Uint8Array): Buffer {
  return Buffer.from(array.buffer, array.byteOffset, array.byteLength);
}
