// What of an answer the client wants to see: the objects, their metadata alone, or a table.
import { type KubernetesList, type KubernetesObject, StatusError } from '../../api/index.ts';
import { listTable, metadataOnly, metadataOnlyList, objectTable, type TableOptions } from '../printing/table.ts';
import type { ResourceDefinition } from '../resources/definition.ts';
import type { ApiServer } from '../server.ts';
import type { Wanted } from './negotiate.ts';
import type { Query } from './route.ts';

export function shape(
  definition: ResourceDefinition,
  body: unknown,
  wanted: Wanted,
  options: TableOptions,
  subresource?: string,
): unknown {
  if (wanted.shape === 'object' || typeof body !== 'object' || body === null) return body;
  const object = body as KubernetesObject & Partial<KubernetesList<KubernetesObject>>;
  if (object.kind === 'Status') return body;
  const list = Array.isArray(object.items) ? (object as KubernetesList<KubernetesObject>) : undefined;
  if (wanted.shape === 'metadata') return list === undefined ? metadataOnly(object) : metadataOnlyList(list);
  if (list !== undefined) return listTable(definition, list, options);
  return objectTable({ ...definition, columns: columnsOf(definition, subresource) }, object, options);
}

function columnsOf({ columns, subresources }: ResourceDefinition, subresource = ''): ResourceDefinition['columns'] {
  return (Object.hasOwn(subresources, subresource) ? subresources[subresource]?.columns : undefined) ?? columns;
}

export function tableOptions(query: Query, server: ApiServer): TableOptions {
  const asked = query.includeObject ?? '';
  if (asked !== '' && asked !== 'None' && asked !== 'Metadata' && asked !== 'Object')
    throw new StatusError('BadRequest', `unrecognized includeObject value: ${JSON.stringify(asked)}`);
  return { includeObject: asked === '' ? 'Metadata' : asked, now: server.clock.now() };
}
