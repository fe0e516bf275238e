// The little of protobuf's wire format that an OpenAPI document needs: strings, booleans, messages.
// https://protobuf.dev/programming-guides/encoding/

const varintWire = 0;
const lengthDelimitedWire = 2;

/** A message: its fields, encoded, in order. */
export type Message = readonly Buffer[];

export function stringField(number: number, value: string | undefined): Message {
  return value === undefined ? [] : delimited(number, Buffer.from(value));
}

export function booleanField(number: number, value: boolean | undefined): Message {
  return value === undefined ? [] : [varint((number << 3) | varintWire), varint(value ? 1 : 0)];
}

export function messageField(number: number, message: Message | undefined): Message {
  return message === undefined ? [] : delimited(number, Buffer.concat(message));
}

export function repeatedField<T>(number: number, values: Iterable<T>, encode: (value: T) => Message): Message {
  return [...values].flatMap((value) => messageField(number, encode(value)));
}

function delimited(number: number, bytes: Buffer): Message {
  return [varint((number << 3) | lengthDelimitedWire), varint(bytes.length), bytes];
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 0x80) {
    bytes.push((rest % 0x80) | 0x80);
    rest = Math.floor(rest / 0x80);
  }
  bytes.push(rest);
  return Buffer.from(bytes);
}
