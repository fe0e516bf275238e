// One column of a Table answer (meta.k8s.io/v1), as `kubectl get` prints it.
import type { KubernetesObject } from '../../api/index.ts';

export type Cell = string | number | boolean | null;

export interface Column<T extends KubernetesObject = KubernetesObject> {
  readonly name: string;
  readonly type: 'string' | 'integer' | 'number' | 'boolean' | 'date';
  /** `name` marks the column that names the object; custom ones say what they like. */
  readonly format?: string;
  /** 0 is always shown, 1 with `-o wide`. */
  readonly priority: number;
  readonly description: string;
  /** `now` in milliseconds since the epoch, for ages. */
  readonly cell: (object: T, now: number) => Cell;
}

export function column<T extends KubernetesObject>(
  name: string,
  description: string,
  cell: (object: T, now: number) => Cell,
  type: Column['type'] = 'string',
): Column<T> {
  return { name, type, priority: 0, description, cell };
}

/** A column that only `-o wide` shows. */
export function wideColumn<T extends KubernetesObject>(
  name: string,
  description: string,
  cell: (object: T, now: number) => Cell,
  type: Column['type'] = 'string',
): Column<T> {
  return { name, type, priority: 1, description, cell };
}
