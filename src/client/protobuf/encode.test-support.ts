// Kubernetes protobuf, written: for tests and benchmarks of the reader. The inverse of partial-reader.ts and envelope.ts.
import { parseTime, type PartialFields, type PartialFieldType } from '../../api/index.ts';

type Json = Readonly<Record<string, unknown>>;

const varintWire = 0;
const lengthWire = 2;

export function encodeMessage(object: Json, fields: PartialFields): Buffer {
  const parts = Object.entries(fields).flatMap(([number, [name, type]]) =>
    object[name] === undefined ? [] : encodeField(Number(number), object[name], type),
  );
  return Buffer.concat(parts);
}

/** An object or a list of them. */
export function encodeObject(kind: string, message: Buffer, apiVersion = 'v1'): Buffer {
  const typeMeta = Buffer.concat([bytesField(1, Buffer.from(apiVersion)), bytesField(2, Buffer.from(kind))]);
  const unknown = [bytesField(1, typeMeta), bytesField(2, message), bytesField(3, empty), bytesField(4, empty)];
  return Buffer.concat([Buffer.from('k8s\0'), ...unknown]);
}

export function encodeList(kind: string, resourceVersion: string, items: readonly Buffer[]): Buffer {
  const metadata = [bytesField(1, empty), bytesField(2, Buffer.from(resourceVersion)), bytesField(3, empty)];
  return encodeObject(
    kind,
    Buffer.concat([bytesField(1, Buffer.concat(metadata)), ...items.map((item) => bytesField(2, item))]),
  );
}

/** One frame of a watch. */
export function encodeEvent(type: string, object: Buffer): Buffer {
  const event = Buffer.concat([bytesField(1, Buffer.from(type)), bytesField(2, bytesField(1, object))]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(event.length);
  return Buffer.concat([length, event]);
}

export function bytesField(number: number, bytes: Buffer): Buffer {
  return Buffer.concat([varint(number * 8 + lengthWire), varint(bytes.length), bytes]);
}

export function varintField(number: number, value: number): Buffer {
  return Buffer.concat([varint(number * 8 + varintWire), varint(value)]);
}

export function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  for (; rest >= 0x80n; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  bytes.push(Number(rest));
  return Buffer.from(bytes);
}

const empty = Buffer.alloc(0);

function encodeField(number: number, value: unknown, type: PartialFieldType): Buffer[] {
  switch (type) {
    case 'string':
      return [bytesField(number, Buffer.from(value as string))];
    case 'strings':
      return (value as string[]).map((text) => bytesField(number, Buffer.from(text)));
    case 'integer':
      return [varintField(number, value as number)];
    case 'boolean':
      return [varintField(number, value === true ? 1 : 0)];
    case 'time': {
      const seconds = (parseTime(value as string) ?? 0) / 1000;
      return [bytesField(number, Buffer.concat([varintField(1, seconds), varintField(2, 0)]))];
    }
    case 'labels':
      return Object.entries(value as Record<string, string>).map(([key, text]) =>
        bytesField(number, Buffer.concat([bytesField(1, Buffer.from(key)), bytesField(2, Buffer.from(text))])),
      );
    default: {
      const of = Array.isArray(type) ? (type[0] as PartialFields) : (type as PartialFields);
      const messages = Array.isArray(type) ? (value as Json[]) : [value as Json];
      return messages.map((message) => bytesField(number, encodeMessage(message, of)));
    }
  }
}
