// protobuf's wire format, read: the fields of one message in order. Knows no message.
// https://protobuf.dev/programming-guides/encoding/

/** A varint, or the bytes of a string, a message or the like. */
export type WireValue = bigint | Uint8Array;

/** Throws a RangeError when the bytes are no message. */
export function* readFields(bytes: Uint8Array): Generator<readonly [number: number, value: WireValue]> {
  let position = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = bytes[position++];
      if (byte === undefined) throw new RangeError('a number is cut short');
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    throw new RangeError('a number is too long');
  };
  while (position < bytes.length) {
    const tag = Number(varint());
    const wire = tag & 7;
    if (wire === 0) {
      yield [tag >>> 3, varint()];
    } else if (wire === 2) {
      const length = Number(varint());
      if (length > bytes.length - position) throw new RangeError('a field is cut short');
      yield [tag >>> 3, bytes.subarray(position, position + length)];
      position += length;
    } else {
      // Fixed-width numbers do not occur in Kubernetes' types.
      throw new RangeError(`wire type ${wire} is not used by Kubernetes`);
    }
  }
}
