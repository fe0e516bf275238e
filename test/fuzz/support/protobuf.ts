// JSON objects as the protobuf that Go would send: the inverse of the API server's decoder, by its own tables.
import { parseTime } from '../../../src/api/index.ts';
import { type Field, tableOf } from '../../../src/apiserver/protobuf/tables.ts';
import { bytesField, varintField } from '../../../src/client/protobuf/encode.test-support.ts';

type Json = Readonly<Record<string, unknown>>;

/** Undefined when the kind has no table. Leaves out what no field takes. */
export function encodeProtobuf(object: Json): Buffer | undefined {
  const { apiVersion, kind } = (object as Json | null) ?? {};
  if (typeof apiVersion !== 'string' || typeof kind !== 'string') return undefined;
  const name = `${apiVersion.includes('/') ? apiVersion : `core/${apiVersion}`}.${kind}`;
  const type = [name, kind].find((candidate) => tableOf(candidate) !== undefined);
  if (type === undefined) return undefined;
  const typeMeta = Buffer.concat([bytesField(1, Buffer.from(apiVersion)), bytesField(2, Buffer.from(kind))]);
  return Buffer.concat([Buffer.from('k8s\0'), bytesField(1, typeMeta), bytesField(2, message(type, object))]);
}

function message(type: string, object: unknown): Buffer {
  const table = tableOf(type);
  if (table === undefined || typeof object !== 'object' || object === null) return Buffer.alloc(0);
  const parts: Buffer[] = [];
  for (const [number, field] of table) {
    if (field.isEmbedded === true) parts.push(bytesField(number, message(field.type, object)));
    else parts.push(...fieldOf(number, field, (object as Json)[field.name]));
  }
  return Buffer.concat(parts);
}

function fieldOf(number: number, { many, type }: Field, value: unknown): readonly Buffer[] {
  if (value === undefined || value === null) return [];
  if (many === 'list') return Array.isArray(value) ? value.map((item) => single(number, type, item)) : [];
  if (many === 'map')
    return Object.entries(value).map(([key, item]) =>
      bytesField(number, Buffer.concat([bytesField(1, Buffer.from(key)), single(2, type, item)])),
    );
  return [single(number, type, value)];
}

function single(number: number, type: string, value: unknown): Buffer {
  const text = typeof value === 'string' ? value : JSON.stringify(value ?? '');
  const whole = typeof value === 'number' && Number.isSafeInteger(value) ? value : 0;
  switch (type) {
    case 'string':
      return bytesField(number, Buffer.from(text));
    case 'bytes':
      return bytesField(number, Buffer.from(text, 'base64'));
    case 'int':
      return varintField(number, whole);
    case 'bool':
      return varintField(number, value === true ? 1 : 0);
    case 'time':
      return bytesField(number, varintField(1, Math.floor((parseTime(text) ?? 0) / 1000)));
    case 'quantity':
      return bytesField(number, bytesField(1, Buffer.from(text)));
    case 'intOrString':
      return bytesField(
        number,
        typeof value === 'number'
          ? Buffer.concat([varintField(1, 0), varintField(2, whole)])
          : Buffer.concat([varintField(1, 1), bytesField(3, Buffer.from(text))]),
      );
    default:
      return bytesField(number, message(type, value));
  }
}
