// The API server of the simulation: objects with versions, their whole history, and Kubernetes' rules for writing them
// (optimistic locking, preconditions, generations, graceful deletion, finalizers). Answers at once and never fails by
// chance: delays and faults are the network's (network.ts). No defaulting, no validation.
import {
  formatTime,
  type DeleteOptions,
  type KubernetesObject,
  type Pod,
  type Resource,
  StatusError,
  type Stored,
} from '../api/index.ts';
import { applyFakePatch, type PatchType, type WriteOptions } from '../client/index.ts';
import type { Clock, Random } from '../machinery/index.ts';

export type StoredObject = Stored<KubernetesObject>;

export interface Change {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly resource: string;
  readonly object: StoredObject;
  readonly previous: StoredObject | undefined;
  readonly version: number;
  readonly at: number;
  /** Who wrote it: `agent`, `user`, `controller-1` … */
  readonly actor: string;
}

export class ModelServer {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #tables = new Map<string, Map<string, StoredObject>>();
  readonly #changes = new Map<string, Change[]>();
  readonly #waiting = new Set<() => void>();
  readonly #committed: (change: Change) => void;
  #version = 1;
  #compacted = 0;

  constructor(options: {
    readonly clock: Clock;
    readonly random: Random;
    readonly committed: (change: Change) => void;
  }) {
    this.#clock = options.clock;
    this.#random = options.random;
    this.#committed = options.committed;
  }

  get version(): number {
    return this.#version;
  }

  /** Watches from an older version than this get 410 Expired. */
  get compacted(): number {
    return this.#compacted;
  }

  compact(): void {
    this.#compacted = this.#version;
  }

  all<T extends KubernetesObject>(resource: Resource<T>): Stored<T>[] {
    return [...this.#table(resource).values()] as Stored<T>[];
  }

  find<T extends KubernetesObject>(resource: Resource<T>, namespace: string | undefined, name: string) {
    return this.#table(resource).get(keyOf(namespace, name)) as Stored<T> | undefined;
  }

  get<T extends KubernetesObject>(resource: Resource<T>, namespace: string | undefined, name: string): Stored<T> {
    const found = this.find(resource, namespace, name);
    if (found !== undefined) return found;
    throw new StatusError('NotFound', `${resource.name} "${name}" not found`, { name, kind: resource.name });
  }

  /** What a list at this version would have held. */
  allAt<T extends KubernetesObject>(resource: Resource<T>, version: number): Stored<T>[] {
    const table = new Map(this.#table(resource));
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

  create<T extends KubernetesObject>(actor: string, resource: Resource<T>, object: T): Stored<T> {
    const { namespace, name = '' } = object.metadata;
    if (this.find(resource, namespace, name) !== undefined)
      throw new StatusError('AlreadyExists', `${resource.name} "${name}" already exists`, {
        name,
        kind: resource.name,
      });
    const { resourceVersion: _, ...metadata } = object.metadata;
    const made = {
      ...object,
      metadata: {
        ...metadata,
        uid: this.#random.uuid(),
        generation: 1,
        creationTimestamp: formatTime(this.#clock.now()),
      },
    };
    return this.#commit('ADDED', actor, resource, made, undefined) as Stored<T>;
  }

  update<T extends KubernetesObject>(actor: string, resource: Resource<T>, object: T, options?: WriteOptions) {
    const before = this.get(resource, object.metadata.namespace, object.metadata.name ?? '');
    return this.#write(actor, resource, before, object, options?.subresource) as Stored<T>;
  }

  patch<T extends KubernetesObject>(
    actor: string,
    resource: Resource<T>,
    namespace: string | undefined,
    name: string,
    type: PatchType,
    patch: unknown,
    options?: WriteOptions,
  ): Stored<T> {
    const before = this.get(resource, namespace, name);
    const next = applyFakePatch(type, before, patch) as KubernetesObject;
    return this.#write(actor, resource, before, next, options?.subresource) as Stored<T>;
  }

  delete(
    actor: string,
    resource: Resource,
    namespace: string | undefined,
    name: string,
    options: DeleteOptions = {},
  ): void {
    const before = this.get(resource, namespace, name);
    const { uid, resourceVersion } = options.preconditions ?? {};
    if (
      (uid ?? before.metadata.uid) !== before.metadata.uid ||
      (resourceVersion ?? before.metadata.resourceVersion) !== before.metadata.resourceVersion
    )
      throw new StatusError('Conflict', `the precondition on ${resource.name} "${name}" does not hold`);
    const finalizers = new Set(before.metadata.finalizers);
    if (options.propagationPolicy === 'Foreground') finalizers.add('foregroundDeletion');
    if (options.propagationPolicy === 'Orphan') finalizers.add('orphan');
    const graceSeconds = options.gracePeriodSeconds ?? graceOf(resource, before);
    if (graceSeconds === 0 && finalizers.size === 0) {
      this.#commit('DELETED', actor, resource, before, before);
      return;
    }
    // Asking again changes nothing (a shorter grace period would; nobody here asks for one but 0).
    if (before.metadata.deletionTimestamp !== undefined) return;
    const metadata = {
      ...before.metadata,
      ...(finalizers.size > 0 ? { finalizers: [...finalizers] } : {}),
      deletionTimestamp: formatTime(this.#clock.now() + graceSeconds * 1000),
      deletionGracePeriodSeconds: graceSeconds,
    };
    this.#commit('MODIFIED', actor, resource, { ...before, metadata }, before);
  }

  /** Takes an object away at once, as its node agent or the last finalizer does. */
  remove(actor: string, resource: Resource, object: StoredObject): void {
    this.#commit('DELETED', actor, resource, object, object);
  }

  #write(
    actor: string,
    resource: Resource,
    before: StoredObject,
    next: KubernetesObject,
    subresource: string | undefined,
  ): StoredObject {
    const { resourceVersion, uid } = next.metadata;
    if (
      (resourceVersion ?? before.metadata.resourceVersion) !== before.metadata.resourceVersion ||
      (uid ?? before.metadata.uid) !== before.metadata.uid
    )
      throw new StatusError('Conflict', `${resource.name} "${before.metadata.name}" has been modified`);
    // Status and spec each have their own door (API conventions, "Spec and Status").
    const status = (object: object) => (object as { readonly status?: unknown }).status;
    const object = subresource === 'status' ? { ...before, status: status(next) } : { ...next, status: status(before) };
    const moved = specText(before) !== specText(object);
    const generation = (before.metadata.generation ?? 1) + (moved ? 1 : 0);
    return this.#commit(
      'MODIFIED',
      actor,
      resource,
      { ...object, metadata: { ...object.metadata, generation } },
      before,
    );
  }

  #commit(
    type: Change['type'],
    actor: string,
    resource: Resource,
    object: KubernetesObject,
    previous: StoredObject | undefined,
  ): StoredObject {
    const version = ++this.#version;
    const stored = { ...object, metadata: { ...object.metadata, resourceVersion: String(version) } } as StoredObject;
    const key = keyOf(stored.metadata.namespace, stored.metadata.name);
    if (type === 'DELETED') this.#table(resource).delete(key);
    else this.#table(resource).set(key, stored);
    const change = { type, resource: resource.name, object: stored, previous, version, at: this.#clock.now(), actor };
    const changes = this.#changes.get(resource.name);
    if (changes === undefined) this.#changes.set(resource.name, [change]);
    else changes.push(change);
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const wake of waiting) wake();
    this.#committed(change);
    return stored;
  }

  #table(resource: Resource): Map<string, StoredObject> {
    let table = this.#tables.get(resource.name);
    if (table === undefined) {
      table = new Map();
      this.#tables.set(resource.name, table);
    }
    return table;
  }
}

const keyOf = (namespace: string | undefined, name: string) => `${namespace ?? ''}/${name}`;
const specText = (object: object) => JSON.stringify((object as { readonly spec?: unknown }).spec);

/** Pods that were bound stop gracefully; everything else goes at once. */
function graceOf(resource: Resource, object: StoredObject): number {
  if (resource.kind !== 'Pod') return 0;
  const { spec } = object as Stored<Pod>;
  return spec.nodeName === undefined ? 0 : (spec.terminationGracePeriodSeconds ?? 30);
}
