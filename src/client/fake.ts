// A Client over plain maps, for unit tests of controllers: optimistic locking, watches that resume, graceful pod
// deletion, finalizers, the status subresource. No defaulting, no validation: that is the embedded API server's job.
// What it hands out is frozen, so a controller that mutates an object it was given fails in its own test.
import {
  formatTime,
  type KubernetesObject,
  parseLabelSelector,
  type Pod,
  type Resource,
  StatusError,
  type Stored,
  type WatchEvent,
} from '../api/index.ts';
import type { Clock, Random } from '../machinery/index.ts';
import type { Client, ListOptions } from './client.ts';
import { applyFakePatch } from './fake-patch.ts';

export type FakeVerb = 'get' | 'list' | 'watch' | 'create' | 'update' | 'patch' | 'delete';

export interface FakeCall {
  readonly verb: FakeVerb;
  /** The plural, with its subresource if any: `pods`, `pods/binding`. */
  readonly resource: string;
  readonly namespace: string | undefined;
  readonly name: string | undefined;
  /** The object, the patch or the options that were sent. */
  readonly body: unknown;
}

export interface FakeClient extends Client {
  /** Stores an object as given (status included) and tells the watchers: for setting a scene. */
  add<T extends KubernetesObject>(resource: Resource<T>, object: T): Stored<T>;
  /** Takes an object away at once, whatever its finalizers. */
  remove(resource: Resource, namespace: string | undefined, name: string): void;
  /** All objects of a resource, by namespace and name. */
  all<T extends KubernetesObject>(resource: Resource<T>): readonly Stored<T>[];
  /** The next `times` calls of this verb on this resource (`pods`, `pods/binding`; `*` = any) reject with the error. */
  failNext(verb: FakeVerb, resource: Resource | string, error: Error, times?: number): void;
  /** Ends every open watch, as a server does now and then; with an error, as a broken connection does. */
  endWatches(error?: Error): void;
  /** Forgets the history: a watch from an older resourceVersion gets 410 Expired. */
  compact(): void;
  /** Every call that reached the client, in order; tests may empty it. */
  readonly calls: FakeCall[];
  count(verb: FakeVerb, resource: Resource | string): number;
}

type Object = Stored<KubernetesObject>;
interface Change {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly resource: string;
  readonly object: Object;
  readonly previous: Object | undefined;
  readonly version: number;
}

export function createFakeClient({ clock, random }: { readonly clock: Clock; readonly random: Random }): FakeClient {
  const tables = new Map<string, Map<string, Object>>();
  const history: Change[] = [];
  const watchers = new Set<{ wake(): void; end(error?: Error): void }>();
  const failures: { verb: FakeVerb; resource: string; error: Error; times: number }[] = [];
  const calls: FakeCall[] = [];
  let version = 1;
  let compacted = 0;

  const table = (resource: Resource) => {
    const key = tableOf(resource);
    const found = tables.get(key) ?? new Map<string, Object>();
    tables.set(key, found);
    return found;
  };

  /** Records the call and throws what a test asked for; otherwise the call goes on. */
  const enter = async (
    verb: FakeVerb,
    resource: Resource,
    subresource: string | undefined,
    call: Partial<FakeCall>,
    signal?: AbortSignal,
  ) => {
    // A real server never answers in the same turn; controllers must not rely on it.
    await Promise.resolve();
    signal?.throwIfAborted();
    const named = subresource === undefined ? resource.name : `${resource.name}/${subresource}`;
    calls.push({ verb, resource: named, namespace: call.namespace, name: call.name, body: call.body });
    const index = failures.findIndex((failure) => failure.verb === verb && [named, '*'].includes(failure.resource));
    if (index < 0) return;
    const failure = failures[index]!;
    if (--failure.times === 0) failures.splice(index, 1);
    throw failure.error;
  };

  const commit = (type: Change['type'], resource: Resource, object: KubernetesObject): Object => {
    version++;
    const stored = freeze({
      ...object,
      apiVersion:
        object.apiVersion ?? (resource.group === '' ? resource.version : `${resource.group}/${resource.version}`),
      kind: object.kind ?? resource.kind,
      metadata: { ...object.metadata, resourceVersion: String(version) },
    }) as Object;
    const key = keyOf(resource, stored.metadata.namespace, stored.metadata.name);
    const previous = table(resource).get(key);
    if (type === 'DELETED') table(resource).delete(key);
    else table(resource).set(key, stored);
    history.push({ type, resource: tableOf(resource), object: stored, previous, version });
    for (const watcher of watchers) watcher.wake();
    return stored;
  };

  const find = (resource: Resource, namespace: string | undefined, name: string): Object => {
    const found = table(resource).get(keyOf(resource, namespace, name));
    if (found !== undefined) return found;
    throw new StatusError('NotFound', `${qualified(resource)} "${name}" not found`, { name, kind: resource.name });
  };

  /** Stores the next state of an object, or removes it when nothing holds it any more. */
  const replace = (resource: Resource, before: Object, next: KubernetesObject): Object => {
    const specMoved = JSON.stringify(specOf(before)) !== JSON.stringify(specOf(next));
    const { uid, creationTimestamp, deletionTimestamp, deletionGracePeriodSeconds, generation } = before.metadata;
    const object = {
      ...next,
      metadata: {
        ...next.metadata,
        uid,
        creationTimestamp,
        generation: (generation ?? 1) + (specMoved ? 1 : 0),
        ...(deletionTimestamp === undefined ? {} : { deletionTimestamp, deletionGracePeriodSeconds }),
      },
    } as KubernetesObject;
    const gone = deletionTimestamp !== undefined && !(deletionGracePeriodSeconds ?? 0) && !isHeld(object);
    return commit(gone ? 'DELETED' : 'MODIFIED', resource, object);
  };

  const create = (resource: Resource, object: KubernetesObject, dryRun = false): Object => {
    const name = object.metadata.name ?? `${object.metadata.generateName ?? ''}${random.uuid().slice(0, 5)}`;
    if (table(resource).has(keyOf(resource, object.metadata.namespace, name)))
      throw new StatusError('AlreadyExists', `${qualified(resource)} "${name}" already exists`, {
        name,
        kind: resource.name,
      });
    const metadata = {
      creationTimestamp: formatTime(clock.now()),
      generation: 1,
      uid: random.uuid(),
      ...object.metadata,
      name,
    };
    const made = { ...object, metadata } as Object;
    return dryRun ? made : commit('ADDED', resource, made);
  };

  const write = (
    resource: Resource,
    before: Object,
    next: KubernetesObject,
    subresource: string | undefined,
    dryRun = false,
  ): Object => {
    const { resourceVersion, uid } = next.metadata;
    const stale = resourceVersion !== undefined && resourceVersion !== before.metadata.resourceVersion;
    if (stale || (uid !== undefined && uid !== before.metadata.uid))
      throw new StatusError(
        'Conflict',
        `Operation cannot be fulfilled on ${qualified(resource)} "${before.metadata.name}": the object has been modified; please apply your changes to the latest version and try again`,
      );
    const part = (object: object, field: string) => (object as Readonly<Record<string, unknown>>)[field];
    // Status and spec each have their own door (API conventions, "Spec and Status").
    let result: object = { ...next, ...(statusKinds.has(resource.kind) ? { status: part(before, 'status') } : {}) };
    if (subresource === 'status') result = { ...before, status: part(next, 'status') };
    if (subresource === 'finalize') result = { ...before, spec: part(next, 'spec') };
    return dryRun ? (result as Object) : replace(resource, before, result as KubernetesObject);
  };

  const remove = (resource: Resource, before: Object, options: Parameters<Client['delete']>[3]): void => {
    const { uid, resourceVersion } = options?.preconditions ?? {};
    if (
      (uid ?? before.metadata.uid) !== before.metadata.uid ||
      (resourceVersion ?? before.metadata.resourceVersion) !== before.metadata.resourceVersion
    )
      throw new StatusError(
        'Conflict',
        `the precondition on ${qualified(resource)} "${before.metadata.name}" does not hold`,
      );
    const finalizers = new Set(before.metadata.finalizers);
    if (options?.propagationPolicy === 'Foreground') finalizers.add('foregroundDeletion');
    if (options?.propagationPolicy === 'Orphan') finalizers.add('orphan');
    const spec = resource.kind === 'Pod' ? (before as Stored<Pod>).spec : undefined;
    const defaultGrace = spec?.nodeName === undefined ? 0 : (spec.terminationGracePeriodSeconds ?? 30);
    const grace = spec === undefined ? 0 : (options?.gracePeriodSeconds ?? defaultGrace);
    const asked = before.metadata.deletionTimestamp;
    const next = {
      ...before,
      metadata: {
        ...before.metadata,
        ...(finalizers.size > 0 ? { finalizers: [...finalizers] } : {}),
        deletionTimestamp: asked !== undefined && grace > 0 ? asked : formatTime(clock.now() + grace * 1000),
        deletionGracePeriodSeconds: grace,
      },
      ...(resource.kind === 'Namespace'
        ? { status: { ...(before as { status?: object }).status, phase: 'Terminating' } }
        : {}),
    };
    if (grace === 0 && !isHeld(next)) commit('DELETED', resource, next);
    else if (asked === undefined || grace === 0) commit('MODIFIED', resource, next);
  };

  const client: FakeClient = {
    calls,
    add: (resource, object) => create(resource, object) as Stored<typeof object>,
    remove: (resource, namespace, name) => void commit('DELETED', resource, find(resource, namespace, name)),
    all: <T extends KubernetesObject>(resource: Resource<T>) =>
      [...table(resource).entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, object]) => object as Stored<T>),
    failNext: (verb, resource, error, times = 1) =>
      void failures.push({ verb, resource: nameOf(resource), error, times }),
    endWatches: (error) => [...watchers].forEach((watcher) => watcher.end(error)),
    compact: () => void (compacted = version),
    count: (verb, resource) => calls.filter((call) => call.verb === verb && call.resource === nameOf(resource)).length,

    async get(resource, namespace, name, options) {
      await enter('get', resource, undefined, { namespace, name }, options?.signal);
      return find(resource, namespace, name) as Stored<never>;
    },
    async list(resource, options) {
      await enter('list', resource, undefined, { namespace: options?.namespace, body: options }, options?.signal);
      const matching = client.all(resource).filter(selects(options));
      const start = Number(options?.continue ?? 0);
      const items = matching.slice(start, start + (options?.limit ?? matching.length));
      const left = matching.length - start - items.length;
      const more = left > 0 ? { continue: String(start + items.length), remainingItemCount: left } : {};
      return { metadata: { resourceVersion: String(version), ...more }, items };
    },
    async *watch<T extends KubernetesObject>(resource: Resource<T>, options: Parameters<Client['watch']>[1]) {
      await enter('watch', resource, undefined, { namespace: options.namespace, body: options }, options.signal);
      const from = Number(options.resourceVersion);
      if (from < compacted) throw new StatusError('Expired', `too old resource version: ${from} (${compacted})`);
      const matches = selects(options);
      const state: { wake: PromiseWithResolvers<void>; ended?: { readonly error: Error | undefined } } = {
        wake: Promise.withResolvers(),
      };
      const end = (error?: Error) => {
        state.ended = { error };
        state.wake.resolve();
      };
      const watcher = { wake: () => state.wake.resolve(), end };
      const abort = () => end();
      watchers.add(watcher);
      options.signal?.addEventListener('abort', abort, { once: true });
      if (options.signal?.aborted === true) end();
      try {
        let next = history.findIndex((change) => change.version > from);
        if (next < 0) next = history.length;
        while (state.ended === undefined) {
          state.wake = Promise.withResolvers();
          for (; next < history.length && state.ended === undefined; next++) {
            const change = history[next]!;
            const type = change.resource === tableOf(resource) ? seenAs(change, matches) : undefined;
            if (type !== undefined) yield { type, object: change.object as Stored<T> } satisfies WatchEvent<Stored<T>>;
          }
          if (state.ended === undefined) await state.wake.promise;
        }
        if (state.ended.error !== undefined) throw state.ended.error;
      } finally {
        watchers.delete(watcher);
        options.signal?.removeEventListener('abort', abort);
      }
    },
    async create(resource, object, options) {
      const { namespace, name } = object.metadata;
      await enter('create', resource, options?.subresource, { namespace, name, body: object }, options?.signal);
      return create(resource, object, options?.dryRun) as Stored<typeof object>;
    },
    async update(resource, object, options) {
      const { namespace, name } = object.metadata;
      await enter('update', resource, options?.subresource, { namespace, name, body: object }, options?.signal);
      const before = find(resource, namespace, name ?? '');
      return write(resource, before, object, options?.subresource, options?.dryRun) as Stored<typeof object>;
    },
    async patch(resource, namespace, name, type, patch, options) {
      await enter('patch', resource, options?.subresource, { namespace, name, body: patch }, options?.signal);
      const before = find(resource, namespace, name);
      const next = applyFakePatch(type, before, patch) as KubernetesObject;
      return write(resource, before, next, options?.subresource, options?.dryRun) as Stored<never>;
    },
    async delete(resource, namespace, name, options) {
      await enter('delete', resource, undefined, { namespace, name, body: options }, options?.signal);
      remove(resource, find(resource, namespace, name), options);
    },
    async createSubresource(resource, namespace, name, subresource, body, options) {
      await enter('create', resource, subresource, { namespace, name, body }, options?.signal);
      const before = find(resource, namespace, name);
      if (subresource === 'eviction') return remove(resource, before, undefined);
      if (subresource !== 'binding')
        throw new StatusError('NotFound', `the fake client has no ${resource.name}/${subresource}`);
      const pod = before as Stored<Pod>;
      if (pod.spec.nodeName !== undefined)
        throw new StatusError('Conflict', `pod ${name} is already assigned to node "${pod.spec.nodeName}"`);
      const nodeName = (body as unknown as { target: { name: string } }).target.name;
      commit('MODIFIED', resource, { ...pod, spec: { ...pod.spec, nodeName } } as KubernetesObject);
    },
  };
  return client;
}

const statusKinds = new Set(['Pod', 'Node', 'Namespace', 'DaemonSet', 'Deployment', 'ReplicaSet']);
const tableOf = (resource: Resource) => `${resource.group}/${resource.name}`;
const qualified = (resource: Resource) =>
  resource.group === '' ? resource.name : `${resource.name}.${resource.group}`;
const nameOf = (resource: Resource | string) => (typeof resource === 'string' ? resource : resource.name);
const keyOf = (resource: Resource, namespace: string | undefined, name: string) =>
  resource.namespaced ? `${namespace ?? 'default'}/${name}` : name;
const specOf = (object: KubernetesObject) => (object as { spec?: unknown }).spec;

/** Finalizers hold an object; a namespace has its own in spec (the `kubernetes` finalizer). */
function isHeld(object: KubernetesObject): boolean {
  const inSpec =
    object.kind === 'Namespace' ? (specOf(object) as { finalizers?: readonly string[] } | undefined)?.finalizers : [];
  return (object.metadata.finalizers?.length ?? 0) + (inSpec?.length ?? 0) > 0;
}

/** Label and field selectors (`a.b=c`, `a.b!=c`) and the namespace, in one predicate. */
function selects(options: Pick<ListOptions, 'namespace' | 'labelSelector' | 'fieldSelector'> | undefined) {
  const labels = parseLabelSelector(options?.labelSelector ?? '');
  const fields = (options?.fieldSelector ?? '').split(',').filter((term) => term !== '');
  return (object: KubernetesObject): boolean =>
    (options?.namespace === undefined || object.metadata.namespace === options.namespace) &&
    labels(object.metadata.labels) &&
    fields.every((term) => {
      const [path = '', value = ''] = term.split(/!?={1,2}/);
      const found = path
        .split('.')
        .reduce<unknown>((at, step) => (at as Record<string, unknown> | undefined)?.[step], object);
      return ((found ?? '') === value) !== term.includes('!=');
    });
}

/** What a watcher with this selector sees of a change: objects enter and leave its view. */
function seenAs(
  { type, object, previous }: Change,
  matches: (object: KubernetesObject) => boolean,
): Change['type'] | undefined {
  const before = previous !== undefined && matches(previous);
  if (type === 'DELETED') return before ? type : undefined;
  if (matches(object)) return before ? 'MODIFIED' : 'ADDED';
  return before ? 'DELETED' : undefined;
}

function freeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  Object.values(value).forEach(freeze);
  return Object.freeze(value);
}
