// Columns and small helpers that many kinds share.
import type { Container, KubernetesObject, LabelSelector } from '../../../api/index.ts';
import { formatLabelSelector } from '../../../api/index.ts';
import { age } from '../duration.ts';
import { type Column, column } from '../column.ts';

export const nameColumn: Column = {
  ...column(
    'Name',
    'Name of the object, unique among its kind in the namespace.',
    (object) => object.metadata.name ?? '',
  ),
  format: 'name',
};

export const ageColumn: Column = column('Age', 'Time since the object was created.', (object, now) =>
  age(object.metadata.creationTimestamp, now),
);

/** What kinds without columns of their own show. */
export const defaultColumns: readonly Column[] = [nameColumn, ageColumn];

/** Roles, limit ranges: upstream prints the time itself. */
export const createdAtColumn: Column = column(
  'Created At',
  'Time at which the object was created.',
  (object) => object.metadata.creationTimestamp ?? '<unknown>',
);

export function orNone(text: string | undefined): string {
  return text === undefined || text === '' ? '<none>' : text;
}

/** `a=b,c=d` */
export function labelsText(labels: Readonly<Record<string, string>> | undefined): string {
  return orNone(
    Object.entries(labels ?? {})
      .map(([key, value]) => `${key}=${value}`)
      .toSorted()
      .join(','),
  );
}

export function selectorText(selector: LabelSelector | undefined): string {
  return selector === undefined ? '<none>' : orNone(formatLabelSelector(selector));
}

export function containerNames(containers: readonly Container[] | undefined): string {
  return (containers ?? []).map(({ name }) => name).join(',');
}

export function containerImages(containers: readonly Container[] | undefined): string {
  return (containers ?? []).map(({ image }) => image ?? '').join(',');
}

/** Kinds whose fields no other room reads are looked at through this. */
export type Loose = KubernetesObject & {
  readonly spec?: Readonly<Record<string, unknown>>;
  readonly status?: Readonly<Record<string, unknown>>;
  readonly [field: string]: unknown;
};
