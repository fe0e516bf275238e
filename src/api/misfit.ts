// Is a value what its fields say? Asked of what comes from an API server before anything reads it: a field of another
// type would make the reader stumble far from here. What is absent or null fits; whoever needs a field says so.
import type { PartialFields, PartialFieldType } from './partial-fields.ts';

/** What does not fit, as `spec.taints[0].key is no text`; undefined when everything does. Looks at the listed fields only. */
export function misfit(value: unknown, fields: PartialFields): string | undefined {
  return inObject(value, fields, '');
}

function inObject(value: unknown, fields: PartialFields, path: string): string | undefined {
  if (!isObject(value)) return `${path === '' ? 'it' : path} is no object`;
  for (const number in fields) {
    const [name, type] = fields[number]!;
    const part = value[name];
    if (part === undefined || part === null) continue;
    const found = inField(part, type, path === '' ? name : `${path}.${name}`);
    if (found !== undefined) return found;
  }
  return undefined;
}

function inField(value: unknown, type: PartialFieldType, path: string): string | undefined {
  switch (type) {
    case 'string':
    case 'time':
      return typeof value === 'string' ? undefined : `${path} is no text`;
    case 'strings':
      return Array.isArray(value) && value.every(isText) ? undefined : `${path} is no list of texts`;
    case 'integer':
      return Number.isSafeInteger(value) ? undefined : `${path} is no whole number`;
    case 'boolean':
      return typeof value === 'boolean' ? undefined : `${path} is neither true nor false`;
    case 'labels':
      return isObject(value) && Object.values(value).every(isText) ? undefined : `${path} is no map of texts`;
    default:
      return Array.isArray(type)
        ? inList(value, type[0] as PartialFields, path)
        : inObject(value, type as PartialFields, path);
  }
}

function inList(value: unknown, fields: PartialFields, path: string): string | undefined {
  if (!Array.isArray(value)) return `${path} is no list`;
  for (const [index, item] of value.entries()) {
    const found = inObject(item, fields, `${path}[${index}]`);
    if (found !== undefined) return found;
  }
  return undefined;
}

const isText = (value: unknown): value is string => typeof value === 'string';

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
