// additionalPrinterColumns as columns of a Table (apiextensions tableconvertor): the name, then what the definition asks
// for; without any, name and age.
import type { KubernetesObject } from '../../api/index.ts';
import { type Cell, type Column } from '../printing/column.ts';
import { defaultColumns, nameColumn } from '../printing/columns/common.ts';
import { age } from '../printing/duration.ts';
import { compileJsonPath } from './json-path.ts';
import type { PrinterColumn } from './types.ts';

export function columnsOf(columns: readonly PrinterColumn[] | undefined): readonly Column[] {
  if (columns === undefined || columns.length === 0) return defaultColumns;
  return [nameColumn, ...columns.map(columnOf)];
}

function columnOf({ name, type, format, description, priority = 0, jsonPath }: PrinterColumn): Column {
  const read = compileJsonPath(jsonPath);
  return {
    name,
    type: type as Column['type'],
    ...(format === undefined ? {} : { format }),
    description: description ?? `Custom resource definition column (in JSONPath format): ${jsonPath}`,
    priority,
    cell: (object: KubernetesObject, now) => cellOf(type, read(object), now),
  };
}

function cellOf(type: string, found: readonly unknown[], now: number): Cell {
  const [first] = found;
  if (first === undefined || first === null) return null;
  switch (type) {
    case 'integer':
      return typeof first === 'number' ? Math.trunc(first) : null;
    case 'number':
      return typeof first === 'number' ? first : null;
    case 'boolean':
      return typeof first === 'boolean' ? first : null;
    case 'date':
      return typeof first === 'string' ? age(first, now) : null;
    default:
      // Of several the first, as upstream has it.
      return typeof first === 'string' ? first : JSON.stringify(first);
  }
}
