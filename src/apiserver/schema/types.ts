// The field table as linked types: what each kind's objects look like. Read once, from the derived fields.json.
// Types only; list and merge keys are in merge-keys.ts, defaults in defaults/.
import fields from './fields.json' with { type: 'json' };

export type Scalar =
  | 'string'
  | 'int32'
  | 'int64'
  | 'double'
  | 'boolean'
  | 'time'
  | 'microTime'
  | 'bytes'
  | 'quantity'
  | 'intOrString'
  | 'any';

export type FieldType =
  | { readonly is: 'scalar'; readonly scalar: Scalar }
  | { readonly is: 'list'; readonly item: FieldType }
  | { readonly is: 'map'; readonly value: FieldType }
  | { readonly is: 'struct'; readonly struct: StructType };

export interface Field {
  readonly name: string;
  readonly type: FieldType;
  /** The API marks it required: Go writes it even when it is empty. */
  readonly required: boolean;
}

export interface StructType {
  /** `core/v1.PodSpec`: package, version, type. */
  readonly key: string;
  /** `PodSpec`, as Go and kubectl explain call it. */
  readonly name: string;
  readonly fields: ReadonlyMap<string, Field>;
}

const scalars: ReadonlySet<string> = new Set<Scalar>([
  'string',
  'int32',
  'int64',
  'double',
  'boolean',
  'time',
  'microTime',
  'bytes',
  'quantity',
  'intOrString',
  'any',
]);

const structs = new Map<string, StructType & { readonly fields: Map<string, Field> }>();
for (const key of Object.keys(fields))
  structs.set(key, { key, name: key.slice(key.lastIndexOf('.') + 1), fields: new Map() });
for (const [key, table] of Object.entries(fields as Record<string, Record<string, string>>)) {
  for (const [name, notation] of Object.entries(table)) {
    const required = notation.endsWith('!');
    const type = link(required ? notation.slice(0, -1) : notation);
    structs.get(key)!.fields.set(name, { name, type, required });
  }
}

function link(notation: string): FieldType {
  if (notation.startsWith('[]')) return { is: 'list', item: link(notation.slice(2)) };
  if (notation.startsWith('map[]')) return { is: 'map', value: link(notation.slice(5)) };
  if (scalars.has(notation)) return { is: 'scalar', scalar: notation as Scalar };
  return { is: 'struct', struct: structs.get(notation)! };
}

export function structOf(key: string): StructType | undefined {
  return structs.get(key);
}

/** A resource key (`apiVersion/Kind`) taken apart: `apps/v1/DaemonSet`, `v1/Pod`. */
export interface ResourceKeyParts {
  /** '' for the core group. */
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

export function splitResourceKey(resourceKey: string): ResourceKeyParts {
  const parts = resourceKey.split('/');
  const kind = parts.pop() ?? '';
  const version = parts.pop() ?? '';
  return { group: parts.join('/'), version, kind };
}

/** The type behind a resource key; undefined for kinds without a schema. Kinds of meta/v1 live in every group. */
export function structForResource(resourceKey: string): StructType | undefined {
  const { group, version, kind } = splitResourceKey(resourceKey);
  const pack = `${group === '' ? 'core' : group}/${version}`;
  return structs.get(`${pack}.${kind}`) ?? structs.get(`meta/v1.${kind}`);
}
