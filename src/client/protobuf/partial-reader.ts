// Reads the listed fields of a protobuf message into an object of the usual JSON shape and skips everything else. What
// Go writes for an empty field is left out, as in its JSON. Depth is bounded by the list of fields, time by the bytes.
import { formatTime, type PartialFields, type PartialFieldType } from '../../api/index.ts';
import {
  type Cursor,
  expectWire,
  lengthWire,
  malformed,
  readEnd,
  readString,
  readVarint,
  skip,
  varintWire,
} from './wire.ts';

export type PartialObject = Record<string, unknown>;

interface Reader {
  readonly name: string;
  readonly wire: number;
  readonly read: (cursor: Cursor, end: number, object: PartialObject) => void;
}

/** By field number. */
type Table = readonly (Reader | undefined)[];

const tables = new WeakMap<PartialFields, Table>();

/** @throws RangeError when the bytes are no message. */
export function readPartial(cursor: Cursor, end: number, fields: PartialFields): PartialObject {
  return readMessage(cursor, end, tableOf(fields));
}

function readMessage(cursor: Cursor, end: number, table: Table): PartialObject {
  const object: PartialObject = {};
  while (cursor.at < end) {
    const tag = readVarint(cursor, end);
    const wire = tag & 7;
    const reader = table[tag >>> 3];
    if (reader === undefined) skip(cursor, wire, end);
    else {
      expectWire(wire, reader.wire);
      reader.read(cursor, end, object);
    }
  }
  return object;
}

function tableOf(fields: PartialFields): Table {
  const known = tables.get(fields);
  if (known !== undefined) return known;
  const table: (Reader | undefined)[] = [];
  for (const [number, [name, type]] of Object.entries(fields)) table[Number(number)] = readerOf(name, type);
  tables.set(fields, table);
  return table;
}

function readerOf(name: string, type: PartialFieldType): Reader {
  switch (type) {
    case 'string':
      return {
        name,
        wire: lengthWire,
        read(cursor, end, object) {
          const text = readString(cursor, end);
          if (text !== '') object[name] = text;
        },
      };
    case 'strings':
      return { name, wire: lengthWire, read: (cursor, end, object) => append(object, name, readString(cursor, end)) };
    case 'integer':
      return { name, wire: varintWire, read: (cursor, end, object) => void (object[name] = readVarint(cursor, end)) };
    case 'boolean':
      return {
        name,
        wire: varintWire,
        read: (cursor, end, object) => void (object[name] = readVarint(cursor, end) !== 0),
      };
    case 'time':
      return { name, wire: lengthWire, read: (cursor, end, object) => readTime(cursor, end, object, name) };
    case 'labels':
      return { name, wire: lengthWire, read: (cursor, end, object) => readLabel(cursor, end, object, name) };
    default:
      return messageReader(name, type);
  }
}

function messageReader(name: string, type: PartialFields | readonly [PartialFields]): Reader {
  const many = isList(type);
  const table = tableOf(many ? type[0] : type);
  return {
    name,
    wire: lengthWire,
    read(cursor, end, object) {
      const stop = readEnd(cursor, end);
      const message = readMessage(cursor, stop, table);
      if (many) append(object, name, message);
      else object[name] = message;
    },
  };
}

function isList(type: PartialFields | readonly [PartialFields]): type is readonly [PartialFields] {
  return Array.isArray(type);
}

function append(object: PartialObject, name: string, item: unknown): void {
  const list = object[name] as unknown[] | undefined;
  if (list === undefined) object[name] = [item];
  else list.push(item);
}

/** One entry of a map: key is field 1, value field 2; an empty one is not written. */
function readLabel(cursor: Cursor, end: number, object: PartialObject, name: string): void {
  const stop = readEnd(cursor, end);
  let key = '';
  let value = '';
  while (cursor.at < stop) {
    const tag = readVarint(cursor, stop);
    if (tag === ((1 << 3) | lengthWire)) key = readString(cursor, stop);
    else if (tag === ((2 << 3) | lengthWire)) value = readString(cursor, stop);
    else skip(cursor, tag & 7, stop);
  }
  const labels = (object[name] ??= {}) as Record<string, string>;
  // No legal label, but what a server sends must not become a prototype.
  if (key === '__proto__') throw malformed('a label called __proto__');
  labels[key] = value;
}

/** Times of one second are one string: pods are made and bound in bursts. */
const timesCount = 512;
const times: { readonly seconds: number; readonly text: string }[] = [];
/** Year 9999: what Kubernetes can write, and less than what a Date can hold. */
const secondsMax = 253_402_300_799;
const secondsMin = -62_135_596_800;

/** Timestamp { seconds = 1, nanos = 2 }; no seconds is Go's zero time, which is null in JSON. */
function readTime(cursor: Cursor, end: number, object: PartialObject, name: string): void {
  const stop = readEnd(cursor, end);
  let seconds: number | undefined;
  while (cursor.at < stop) {
    const tag = readVarint(cursor, stop);
    if (tag === ((1 << 3) | varintWire)) seconds = readVarint(cursor, stop);
    else skip(cursor, tag & 7, stop);
  }
  if (seconds === undefined) return;
  if (seconds > secondsMax || seconds < secondsMin) throw malformed('a time');
  const place = Math.abs(seconds) % timesCount;
  let time = times[place];
  if (time?.seconds !== seconds) {
    time = { seconds, text: formatTime(seconds * 1000) };
    times[place] = time;
  }
  object[name] = time.text;
}
