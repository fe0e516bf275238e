// The API server of the first mode: an archive with Kubernetes' rules for writing to it
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
import { Archive, type Change, type StoredObject } from './archive.ts';

export class ModelServer extends Archive {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #committed: (change: Change) => void;
  #compacted = 0;

  constructor(options: {
    readonly clock: Clock;
    readonly random: Random;
    readonly committed: (change: Change) => void;
  }) {
    super();
    this.#clock = options.clock;
    this.#random = options.random;
    this.#committed = options.committed;
  }

  /** Watches from an older version than this get 410 Expired. */
  get compacted(): number {
    return this.#compacted;
  }

  compact(): void {
    this.#compacted = this.version;
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
    const version = this.version + 1;
    const stored = { ...object, metadata: { ...object.metadata, resourceVersion: String(version) } } as StoredObject;
    const change = { type, resource: resource.name, object: stored, previous, version, at: this.#clock.now(), actor };
    this.record(change);
    this.#committed(change);
    return stored;
  }
}

const specText = (object: object) => JSON.stringify((object as { readonly spec?: unknown }).spec);

/** Pods that were bound stop gracefully; everything else goes at once. */
function graceOf(resource: Resource, object: StoredObject): number {
  if (resource.kind !== 'Pod') return 0;
  const { spec } = object as Stored<Pod>;
  return spec.nodeName === undefined ? 0 : (spec.terminationGracePeriodSeconds ?? 30);
}
