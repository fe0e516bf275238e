// Columns of storage drivers and runtime classes.
import type { KubernetesObject } from '../../../api/index.ts';
import { type Column, column } from '../column.ts';
import { ageColumn, type Loose, nameColumn } from './common.ts';

type Fields = Readonly<Record<string, unknown>>;

const text = (value: unknown): string => (typeof value === 'string' ? value : '');
const struct = (value: unknown): Fields => (typeof value === 'object' && value !== null ? (value as Fields) : {});
const listOf = (value: unknown): readonly Fields[] => (Array.isArray(value) ? (value as readonly Fields[]) : []);
const flag = (name: string, description: string, of: (object: Loose) => unknown): Column<Loose> =>
  column(name, description, (object: Loose) => of(object) === true, 'boolean');

export const driverColumns: readonly Column<Loose>[] = [
  nameColumn,
  flag('AttachRequired', 'Whether volumes are attached first.', ({ spec }) => spec?.attachRequired ?? true),
  flag('PodInfoOnMount', 'Whether it is told of the pod.', ({ spec }) => spec?.podInfoOnMount),
  flag('StorageCapacity', 'Whether the scheduler asks how much is left.', ({ spec }) => spec?.storageCapacity),
  column(
    'TokenRequests',
    'Audiences of the tokens that it gets.',
    ({ spec }) =>
      listOf(spec?.tokenRequests)
        .map(({ audience }) => text(audience))
        .join(',') || '<unset>',
  ),
  flag('RequiresRepublish', 'Whether volumes are published again and again.', ({ spec }) => spec?.requiresRepublish),
  column(
    'Modes',
    'Kinds of volumes.',
    ({ spec }) => ((spec?.volumeLifecycleModes ?? []) as readonly string[]).join(',') || '<none>',
  ),
  ageColumn,
];

export const nodeDriversColumns: readonly Column<Loose>[] = [
  nameColumn,
  column('Drivers', 'Drivers that are registered on the node.', ({ spec }) => listOf(spec?.drivers).length, 'integer'),
  ageColumn,
];

export const attachmentColumns: readonly Column<Loose>[] = [
  nameColumn,
  { ...column('Attacher', 'Driver that attaches it.', ({ spec }: Loose) => text(spec?.attacher)), format: 'name' },
  column('PV', 'Volume.', ({ spec }) => text(struct(spec?.source).persistentVolumeName)),
  column('Node', 'Node it is attached to.', ({ spec }) => text(spec?.nodeName)),
  flag('Attached', 'Whether it is.', ({ status }) => status?.attached),
  ageColumn,
];

export const capacityColumns: readonly Column<Loose>[] = [
  nameColumn,
  column('StorageClassName', 'Class of the volumes.', ({ storageClassName }) => text(storageClassName)),
  column('Capacity', 'What is left.', ({ capacity }) => text(capacity) || '<unset>'),
];

export const runtimeClassColumns: readonly Column<Loose>[] = [
  nameColumn,
  column('Handler', 'What the container runtime calls it.', (object: KubernetesObject) =>
    text((object as Loose)['handler']),
  ),
  ageColumn,
];
