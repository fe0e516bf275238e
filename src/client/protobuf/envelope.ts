// What stands around Kubernetes' protobuf messages: "k8s\0" and runtime.Unknown { typeMeta = 1, raw = 2 } around an
// object or a list; in a watch, frames of a four-byte length and a WatchEvent { type = 1, object = 2 { raw = 1 } }.
// https://kubernetes.io/docs/reference/using-api/api-concepts/#protobuf-encoding
import type { PartialFields, Status } from '../../api/index.ts';
import { type PartialObject, readPartial } from './partial-reader.ts';
import { type Cursor, expectWire, lengthWire, malformed, readEnd, readString, readVarint, skip } from './wire.ts';

export const protobufMediaType = 'application/vnd.kubernetes.protobuf';

const magic = Buffer.from('k8s\0');

const status: PartialFields = {
  2: ['status', 'string'],
  3: ['message', 'string'],
  4: ['reason', 'string'],
  5: [
    'details',
    {
      1: ['name', 'string'],
      2: ['group', 'string'],
      3: ['kind', 'string'],
      4: ['causes', [{ 1: ['reason', 'string'], 2: ['message', 'string'], 3: ['field', 'string'] }]],
      5: ['retryAfterSeconds', 'integer'],
      6: ['uid', 'string'],
    },
  ],
  6: ['code', 'integer'],
};

/** All that is read of a bookmark: how far the watch is, and whether the initial objects are complete. */
const bookmark: PartialFields = {
  1: ['metadata', { 6: ['resourceVersion', 'string'], 12: ['annotations', 'labels'] }],
};

const lists = new WeakMap<PartialFields, PartialFields>();

/** An object, a list of such objects, or the Status that came instead. @throws RangeError */
export function readObject(body: Buffer, fields: PartialFields): PartialObject {
  return readEnvelope({ bytes: body, at: 0 }, body.length, (kind) => {
    if (kind === 'Status') return status;
    return kind.endsWith('List') ? listOf(fields) : fields;
  });
}

/** Undefined when the body is something else. @throws RangeError */
export function readStatus(body: Buffer): Partial<Status> | undefined {
  const read = readEnvelope({ bytes: body, at: 0 }, body.length, (kind) => (kind === 'Status' ? status : {}));
  return read['kind'] === 'Status' ? read : undefined;
}

/** @throws RangeError */
export function readWatchEvent(frame: Buffer, fields: PartialFields): { type: string; object: PartialObject } {
  const cursor: Cursor = { bytes: frame, at: 0 };
  let type = '';
  let object: PartialObject | undefined;
  while (cursor.at < frame.length) {
    const tag = readVarint(cursor, frame.length);
    if (tag === ((1 << 3) | lengthWire)) type = readString(cursor, frame.length);
    else if (tag === ((2 << 3) | lengthWire)) object = readRaw(cursor, readEnd(cursor, frame.length), type, fields);
    else skip(cursor, tag & 7, frame.length);
  }
  if (object === undefined) throw malformed('an event without object');
  return { type, object };
}

function readRaw(cursor: Cursor, end: number, type: string, fields: PartialFields): PartialObject {
  let object: PartialObject | undefined;
  while (cursor.at < end) {
    const tag = readVarint(cursor, end);
    if (tag !== ((1 << 3) | lengthWire)) skip(cursor, tag & 7, end);
    else
      object = readEnvelope(cursor, readEnd(cursor, end), (kind) => {
        if (kind === 'Status') return status;
        return type === 'BOOKMARK' ? bookmark : fields;
      });
  }
  if (object === undefined) throw malformed('an event without object');
  return object;
}

function readEnvelope(cursor: Cursor, end: number, fieldsOf: (kind: string) => PartialFields): PartialObject {
  const { bytes } = cursor;
  const begin = cursor.at + magic.length;
  if (begin > end || bytes.compare(magic, 0, magic.length, cursor.at, begin) !== 0)
    throw malformed('it does not begin with k8s\\0');
  cursor.at = begin;
  let kind = '';
  let apiVersion = '';
  let object: PartialObject = {};
  while (cursor.at < end) {
    const tag = readVarint(cursor, end);
    const field = tag >>> 3;
    if (field !== 1 && field !== 2) {
      skip(cursor, tag & 7, end);
      continue;
    }
    expectWire(tag & 7, lengthWire);
    const stop = readEnd(cursor, end);
    if (field === 2) object = readPartial(cursor, stop, fieldsOf(kind));
    else {
      const typed: TypeMeta = readPartial(cursor, stop, typeMeta);
      kind = typed.kind ?? '';
      apiVersion = typed.apiVersion ?? '';
    }
  }
  object['kind'] = kind;
  object['apiVersion'] = apiVersion;
  return object;
}

interface TypeMeta {
  readonly kind?: string;
  readonly apiVersion?: string;
}

const typeMeta: PartialFields = { 1: ['apiVersion', 'string'], 2: ['kind', 'string'] };

function listOf(fields: PartialFields): PartialFields {
  const known = lists.get(fields);
  if (known !== undefined) return known;
  const list: PartialFields = {
    1: [
      'metadata',
      { 2: ['resourceVersion', 'string'], 3: ['continue', 'string'], 4: ['remainingItemCount', 'integer'] },
    ],
    2: ['items', [fields]],
  };
  lists.set(fields, list);
  return list;
}
