// Everything that was ever true: the objects as they are, and every change that made them so, with who made it. What the
// invariants are judged by, in both modes of the simulator. Decides nothing and refuses nothing.
import { type KubernetesObject, type Resource, StatusError, type Stored } from '../api/index.ts';

export type StoredObject = Stored<KubernetesObject>;

export interface Change {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  /** The plural. */
  readonly resource: string;
  readonly object: StoredObject;
  readonly previous: StoredObject | undefined;
  readonly version: number;
  readonly at: number;
  /** Who wrote it: `agent`, `user`, `controller-1` … */
  readonly actor: string;
}

export class Archive {
  readonly #tables = new Map<string, Map<string, StoredObject>>();
  readonly #changes = new Map<string, Change[]>();
  readonly #waiting = new Set<() => void>();
  #version = 1;

  /** Of the newest change. */
  get version(): number {
    return this.#version;
  }

  all<T extends KubernetesObject>(resource: Resource<T>): Stored<T>[] {
    return [...this.#table(resource.name).values()] as Stored<T>[];
  }

  find<T extends KubernetesObject>(resource: Resource<T>, namespace: string | undefined, name: string) {
    return this.#table(resource.name).get(keyOf(namespace, name)) as Stored<T> | undefined;
  }

  get<T extends KubernetesObject>(resource: Resource<T>, namespace: string | undefined, name: string): Stored<T> {
    const found = this.find(resource, namespace, name);
    if (found !== undefined) return found;
    throw new StatusError('NotFound', `${resource.name} "${name}" not found`, { name, kind: resource.name });
  }

  /** What a list at this version would have held. */
  allAt<T extends KubernetesObject>(resource: Resource<T>, version: number): Stored<T>[] {
    const table = new Map(this.#table(resource.name));
    for (const change of this.changesAfter(resource, version).toReversed()) {
      const key = keyOf(change.object.metadata.namespace, change.object.metadata.name);
      if (change.previous === undefined) table.delete(key);
      else table.set(key, change.previous);
    }
    return [...table.values()] as Stored<T>[];
  }

  changesAfter(resource: Resource, version: number): readonly Change[] {
    const changes = this.#changes.get(resource.name) ?? [];
    let low = 0;
    let high = changes.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (changes[middle]!.version > version) high = middle;
      else low = middle + 1;
    }
    return changes.slice(low);
  }

  /** The first change of the resource after this version. */
  nextChange(resource: Resource, version: number): Change | undefined {
    const changes = this.#changes.get(resource.name);
    if (changes === undefined || (changes.at(-1)?.version ?? 0) <= version) return undefined;
    let index = changes.length - 1;
    while (index > 0 && changes[index - 1]!.version > version) index--;
    return changes[index];
  }

  /** Every state that an observer may believe in who has seen the history up to this version and may see more. */
  statesSince<T extends KubernetesObject>(
    resource: Resource<T>,
    namespace: string | undefined,
    name: string,
    version: number,
  ): (Stored<T> | undefined)[] {
    const key = keyOf(namespace, name);
    const later = this.changesAfter(resource, version).filter(
      ({ object }) => keyOf(object.metadata.namespace, object.metadata.name) === key,
    );
    const first = later.length > 0 ? later[0]!.previous : this.find(resource, namespace, name);
    return [first, ...later.map(({ type, object }) => (type === 'DELETED' ? undefined : object))] as (
      | Stored<T>
      | undefined
    )[];
  }

  /** Calls back once, after the next change of anything. */
  onChange(callback: () => void): () => void {
    this.#waiting.add(callback);
    return () => this.#waiting.delete(callback);
  }

  /** Takes in what has happened; versions grow. */
  record(change: Change): void {
    const { type, resource, object, version } = change;
    this.#version = version;
    const key = keyOf(object.metadata.namespace, object.metadata.name);
    if (type === 'DELETED') this.#table(resource).delete(key);
    else this.#table(resource).set(key, object);
    const changes = this.#changes.get(resource);
    if (changes === undefined) this.#changes.set(resource, [change]);
    else changes.push(change);
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const wake of waiting) wake();
  }

  #table(plural: string): Map<string, StoredObject> {
    let table = this.#tables.get(plural);
    if (table === undefined) {
      table = new Map();
      this.#tables.set(plural, table);
    }
    return table;
  }
}

const keyOf = (namespace: string | undefined, name: string) => `${namespace ?? ''}/${name}`;
