// A protobuf body of a Kubernetes client as the JSON object it stands for.
// https://kubernetes.io/docs/reference/using-api/api-concepts/#protobuf-encoding
import { formatTime, StatusError } from '../../api/index.ts';
import { tableOf } from './tables.ts';
import { readFields, type WireValue } from './wire-reader.ts';

export const protobufMediaType = 'application/vnd.kubernetes.protobuf';
/** Four bytes before runtime.Unknown: what follows is Kubernetes' envelope. */
const magic = Buffer.from('k8s\0');

type Json = Record<string, unknown>;
/** Throws StatusError: UnsupportedMediaType for kinds and fields that are not known here, BadRequest for garbage. */
export function decodeProtobuf(body: Uint8Array): Json {
  try {
    return decodeEnvelope(body);
  } catch (error) {
    if (!(error instanceof RangeError) && !(error instanceof TypeError)) throw error;
    throw new StatusError('BadRequest', `couldn't read the protobuf body: ${error.message}`, undefined, {
      cause: error,
    });
  }
}

/** runtime.Unknown { typeMeta { apiVersion, kind }, raw } */
function decodeEnvelope(body: Uint8Array): Json {
  if (!magic.equals(body.subarray(0, magic.length))) throw new RangeError('it does not begin with k8s\\0');
  let apiVersion = '';
  let kind = '';
  let raw: Uint8Array = new Uint8Array();
  for (const [number, value] of readFields(body.subarray(magic.length))) {
    if (number === 2) raw = bytesOf(value);
    if (number !== 1) continue;
    for (const [part, text] of readFields(bytesOf(value))) {
      if (part === 1) apiVersion = textOf(text);
      if (part === 2) kind = textOf(text);
    }
  }
  const name = `${apiVersion.includes('/') ? apiVersion : `core/${apiVersion}`}.${kind}`;
  const type = [name, kind].find((candidate) => tableOf(candidate) !== undefined);
  if (type === undefined) throw unsupported(kind, `${kind} objects`);
  return { apiVersion, kind, ...message(type, raw, kind) };
}

function message(type: string, bytes: Uint8Array, root: string): Json {
  const table = tableOf(type);
  if (table === undefined) throw unsupported(root, type);
  const result = new Map<string, unknown>();
  const maps = new Map<string, Map<string, unknown>>();
  for (const [number, value] of readFields(bytes)) {
    const field = table.get(number);
    if (field === undefined) {
      // Go writes the zero values of fields that a newer client has: they say nothing.
      if (value === 0n || (value instanceof Uint8Array && value.length === 0)) continue;
      throw unsupported(root, `field ${number} of ${type}`);
    }
    if (field.isEmbedded === true) {
      for (const [name, part] of Object.entries(message(field.type, bytesOf(value), root))) result.set(name, part);
      continue;
    }
    const { name, many, type: of } = field;
    if (many === 'list') {
      const item = single(of, value, root);
      const list = result.get(name) as unknown[] | undefined;
      if (list === undefined) result.set(name, [item]);
      else list.push(item);
    } else if (many === 'map') {
      const [key, item] = mapEntry(of, bytesOf(value), root);
      const map = maps.get(name) ?? new Map<string, unknown>();
      maps.set(name, map.set(key, item));
    } else {
      const item = single(of, value, root);
      if (field.keepsZero || !isZero(item)) result.set(name, item);
    }
  }
  for (const [name, map] of maps) result.set(name, Object.fromEntries(map));
  return Object.fromEntries(result);
}

function mapEntry(type: string, bytes: Uint8Array, root: string): readonly [string, unknown] {
  let key = '';
  let value: unknown = type === 'string' || type === 'bytes' ? '' : undefined;
  for (const [number, part] of readFields(bytes)) {
    if (number === 1) key = textOf(part);
    if (number === 2) value = single(type, part, root);
  }
  return [key, value];
}

function single(type: string, value: WireValue, root: string): unknown {
  switch (type) {
    case 'string':
      return textOf(value);
    case 'bytes':
      return Buffer.from(bytesOf(value)).toString('base64');
    case 'int':
      return integerOf(value);
    case 'bool':
      return integerOf(value) !== 0;
    case 'time':
      return timeOf(bytesOf(value));
    case 'quantity':
      return textOf(partsOf(value).get(1) ?? new Uint8Array());
    case 'intOrString': {
      const parts = partsOf(value);
      return integerOf(parts.get(1) ?? 0n) === 0
        ? integerOf(parts.get(2) ?? 0n)
        : textOf(parts.get(3) ?? new Uint8Array());
    }
    default:
      return message(type, bytesOf(value), root);
  }
}

/** Go's zero time has no seconds field and is null in JSON. */
function timeOf(bytes: Uint8Array): string | undefined {
  const seconds = partsOf(bytes).get(1);
  return seconds === undefined ? undefined : formatTime(integerOf(seconds) * 1000);
}

function partsOf(value: WireValue): ReadonlyMap<number, WireValue> {
  return new Map(readFields(bytesOf(value)));
}

function isZero(value: unknown): boolean {
  return value === undefined || value === '' || value === 0 || value === false;
}

/** int32 and int64 are two's complement in 64 bits. */
function integerOf(value: WireValue): number {
  if (typeof value !== 'bigint') throw new RangeError('a number was expected');
  return Number(BigInt.asIntN(64, value));
}

function bytesOf(value: WireValue): Uint8Array {
  if (typeof value === 'bigint') throw new RangeError('a text or message was expected');
  return value;
}

/** Throws TypeError for malformed UTF-8. */
function textOf(value: WireValue): string {
  return new TextDecoder('utf-8', { fatal: true }).decode(bytesOf(value));
}

function unsupported(kind: string, what: string): StatusError {
  return new StatusError(
    'UnsupportedMediaType',
    `${what} cannot be read from protobuf here; send ${kind === '' ? 'it' : `the ${kind}`} as JSON or YAML (kubectl apply -f does)`,
  );
}
