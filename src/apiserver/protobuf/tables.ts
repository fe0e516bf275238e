// The fields of every message by number: those of messages.ts, written by hand, and those that field-numbers.json and the
// schema's field types make together. Linked when they are first asked for.
import { type FieldType, structOf, type StructType } from '../schema/types.ts';
import numbers from './field-numbers.json' with { type: 'json' };
import { messages } from './messages.ts';

export interface Field {
  readonly name: string;
  readonly many: 'one' | 'list' | 'map';
  /** A scalar (string, int, bool, bytes, time, quantity, intOrString), or the name of another table. */
  readonly type: string;
  /** Zero values stay: a pointer in Go, or required. */
  readonly keepsZero: boolean;
  /** The message's fields are those of the one around it. */
  readonly isEmbedded?: boolean;
}

export type Table = ReadonlyMap<number, Field>;

const derived = numbers as Readonly<Record<string, Readonly<Record<string, string>>>>;
const linked = new Map<string, Table>();

/** `core/v1.Pod`, or the plain name of a message that is written by hand; undefined when neither is known. */
export function tableOf(name: string): Table | undefined {
  const known = linked.get(name);
  if (known !== undefined) return known;
  const table = makeTable(name);
  if (table !== undefined) linked.set(name, table);
  return table;
}

function makeTable(name: string): Table | undefined {
  if (Object.hasOwn(messages, name))
    return new Map(Object.entries(messages[name]!).map(([number, text]) => [Number(number), parseField(text)]));
  // `core/v1.VolumeSource core/v1.Volume`: an embedded message, whose fields have the types of the outer one's.
  const [key = '', outer = key] = name.split(' ');
  const struct = structOf(outer);
  if (struct === undefined || !Object.hasOwn(derived, key)) return undefined;
  return new Map(Object.entries(derived[key]!).map(([number, text]) => [Number(number), derivedField(struct, text)]));
}

function derivedField(struct: StructType, text: string): Field {
  if (text.startsWith('<'))
    return { name: '', many: 'one', type: `${text.slice(1)} ${struct.key}`, keepsZero: true, isEmbedded: true };
  const name = text.replace(/\?$/, '');
  const { type, required } = struct.fields.get(name)!;
  const many = type.is === 'list' || type.is === 'map' ? type.is : 'one';
  const item = type.is === 'list' ? type.item : type.is === 'map' ? type.value : type;
  return { name, many, type: typeName(item), keepsZero: required || text.endsWith('?') };
}

const scalars: Readonly<Record<string, string>> = { int32: 'int', int64: 'int', boolean: 'bool' };

function typeName(type: FieldType): string {
  if (type.is === 'scalar') return scalars[type.scalar] ?? type.scalar;
  if (type.is !== 'struct') return 'any';
  // The types of meta/v1 are among those written by hand.
  return type.struct.key.startsWith('meta/v1.') ? type.struct.name : type.struct.key;
}

function parseField(text: string): Field {
  const [name = '', ...words] = text.split(' ');
  const type = words.at(-1) ?? '';
  const many = words.length === 1 ? 'one' : (words[0] as 'list' | 'map');
  return { name, many, type: type.replace(/[?!]$/, ''), keepsZero: /[?!]$/.test(type) };
}
