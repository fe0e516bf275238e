// Objects as a Table (meta.k8s.io/v1): what `kubectl get` asks for.
// https://kubernetes.io/docs/reference/using-api/api-concepts/#receiving-resources-as-tables
import type { KubernetesList, KubernetesObject, ListMeta } from '../../api/index.ts';
import type { ResourceDefinition } from '../resources/definition.ts';
import type { Column } from './column.ts';

export interface TableOptions {
  /** The includeObject parameter: what each row carries besides its cells. */
  readonly includeObject: 'None' | 'Metadata' | 'Object';
  /** Milliseconds since the epoch, for ages. */
  readonly now: number;
  /** Rows of a watch need the column definitions once. */
  readonly headers?: boolean;
}

export interface Table {
  readonly kind: 'Table';
  readonly apiVersion: 'meta.k8s.io/v1';
  readonly metadata: Partial<ListMeta>;
  readonly columnDefinitions?: readonly unknown[];
  readonly rows: readonly unknown[];
}

export function listTable(
  definition: ResourceDefinition,
  list: KubernetesList<KubernetesObject>,
  options: TableOptions,
): Table {
  return table(definition, list.metadata, list.items, options);
}

export function objectTable(definition: ResourceDefinition, object: KubernetesObject, options: TableOptions): Table {
  const { resourceVersion } = object.metadata;
  return table(definition, resourceVersion === undefined ? {} : { resourceVersion }, [object], options);
}

/** The metadata alone (PartialObjectMetadata). */
export function metadataOnly(object: KubernetesObject): KubernetesObject {
  return { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: object.metadata };
}

export function metadataOnlyList(list: KubernetesList<KubernetesObject>): KubernetesList<KubernetesObject> {
  return {
    kind: 'PartialObjectMetadataList',
    apiVersion: 'meta.k8s.io/v1',
    metadata: list.metadata,
    items: list.items.map(metadataOnly),
  };
}

function table(
  { columns }: ResourceDefinition,
  metadata: Partial<ListMeta>,
  objects: readonly KubernetesObject[],
  { includeObject, now, headers = true }: TableOptions,
): Table {
  return {
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata,
    ...(headers ? { columnDefinitions: columns.map(columnDefinition) } : {}),
    rows: objects.map((object) => ({
      cells: columns.map(({ cell }) => cell(object, now)),
      ...(includeObject === 'None' ? {} : { object: includeObject === 'Object' ? object : metadataOnly(object) }),
    })),
  };
}

function columnDefinition({ name, type, format = '', description, priority }: Column) {
  return { name, type, format, description, priority };
}
