// protobuf's wire format at a moving position: numbers, lengths, and skipping what is of no interest. Allocates nothing.
// https://protobuf.dev/programming-guides/encoding/
import { internedString } from './strings.ts';

/** Where a reader stands. One per body; readers move `at`. */
export interface Cursor {
  readonly bytes: Buffer;
  at: number;
}

export const varintWire = 0;
const fixed64Wire = 1;
export const lengthWire = 2;
const fixed32Wire = 5;

/** From here on a number needs more than the 53 bits of a double. */
const exactBytesMax = 7;
const varintBytesMax = 10;

/** int32 and int64 (two's complement in ten bytes when negative). @throws RangeError */
export function readVarint(cursor: Cursor, end: number): number {
  const { bytes } = cursor;
  let value = 0;
  let scale = 1;
  for (let read = 0; cursor.at < end && read < exactBytesMax; read++) {
    const byte = bytes[cursor.at++]!;
    if (byte < 0x80) return value + byte * scale;
    value += (byte & 0x7f) * scale;
    scale *= 0x80;
  }
  let wide = BigInt(value);
  for (let read = exactBytesMax; cursor.at < end && read < varintBytesMax; read++) {
    const byte = bytes[cursor.at++]!;
    wide |= BigInt(byte & 0x7f) << BigInt(read * 7);
    if (byte < 0x80) return Number(BigInt.asIntN(64, wide));
  }
  throw malformed('a number');
}

/** The end of the length-delimited value that begins here. */
export function readEnd(cursor: Cursor, end: number): number {
  const length = readVarint(cursor, end);
  if (length < 0 || length > end - cursor.at) throw malformed('a length');
  return cursor.at + length;
}

export function readString(cursor: Cursor, end: number): string {
  const stop = readEnd(cursor, end);
  const text = internedString(cursor.bytes, cursor.at, stop);
  cursor.at = stop;
  return text;
}

export function skip(cursor: Cursor, wire: number, end: number): void {
  if (wire === lengthWire) cursor.at = readEnd(cursor, end);
  else if (wire === varintWire) readVarint(cursor, end);
  else if (wire === fixed64Wire || wire === fixed32Wire) {
    cursor.at += wire === fixed64Wire ? 8 : 4;
    if (cursor.at > end) throw malformed('a field');
  } else throw malformed(`wire type ${wire}`);
}

export function expectWire(wire: number, expected: number): void {
  if (wire !== expected) throw malformed(`wire type ${wire} where ${expected} belongs`);
}

export function malformed(what: string): RangeError {
  return new RangeError(`the protobuf is malformed: ${what}`);
}
