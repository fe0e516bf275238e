// What follows from CustomResourceDefinitions: their names are accepted or not, their resources appear in the table and
// go, and when one is deleted its objects go first. Level-triggered: every change of a definition looks at all of it
// again. Several API servers on one store do the same without harm.
import { formatTime, isReason, isTrue, type KubernetesObject, withCondition } from '../../api/index.ts';
import type { ServerContext } from '../context.ts';
import type { User } from '../request.ts';
import type { ResourceDefinition, WriteContext } from '../resources/definition.ts';
import { sameJson } from '../same-json.ts';
import { objectAt, prefixOf } from '../storage.ts';
import { deleteCollection } from '../verbs/delete.ts';
import { rewrite } from '../verbs/rewrite.ts';
import { cleanupFinalizer } from './entry.ts';
import { settledStatus } from './names.ts';
import { resourcesOf } from './resource.ts';
import { type CustomResourceDefinition, definitionsPlace } from './types.ts';

/** When to look again after the store could not be followed, and whether a leaving definition's objects are gone. */
const againMs = 1000;
const self: User = { name: 'system:apiserver', groups: ['system:masters'] };

export interface CustomResources {
  close(): Promise<void>;
}

interface Served {
  readonly definition: CustomResourceDefinition;
  readonly resources: readonly ResourceDefinition[];
}

/** Resolves once the resources of every established definition are served. */
export async function serveCustomResources(
  server: ServerContext,
  failed: (error: unknown) => void,
): Promise<CustomResources> {
  const { store, clock, resources: table } = server;
  const builtin = table.all();
  const prefix = prefixOf(definitionsPlace, undefined);
  const held = new Map<string, CustomResourceDefinition>();
  const served = new Map<string, Served>();
  /** Names of definitions to be looked at; one runs at a time, so that of two that want a name one is first. */
  const due = new Set<string>();
  const timers = new Map<string, () => void>();
  let running: Promise<void> | undefined;
  let closed = false;
  let stop: () => void = () => undefined;

  const take = (key: string, definition: CustomResourceDefinition | undefined) => {
    const name = key.slice(prefix.length);
    if (definition === undefined) {
      held.delete(name);
      // Its names are free again.
      for (const [other, { spec }] of held) if (!isServed(held.get(other)!) && spec !== undefined) due.add(other);
    } else {
      held.set(name, definition);
      due.add(name);
    }
    show(name);
    wake();
  };

  /** Brings the table in line with the definition, at once: whoever sees Established finds the resource. */
  const show = (name: string) => {
    const definition = held.get(name);
    const before = served.get(name);
    if (definition === undefined || !isServed(definition)) {
      for (const { group, version, name: plural } of before?.resources ?? []) table.remove(group, version, plural);
      served.delete(name);
      return;
    }
    if (before !== undefined && isSameService(before.definition, definition)) return;
    const resources = resourcesOf(definition);
    served.set(name, { definition, resources });
    for (const { group, version, name: plural } of before?.resources ?? [])
      if (!resources.some((resource) => resource.version === version)) table.remove(group, version, plural);
    for (const resource of resources) table.add(resource);
  };

  const wake = () => {
    running ??= work().finally(() => {
      running = undefined;
      if (due.size > 0 && !closed) wake();
    });
  };

  const work = async (): Promise<void> => {
    // Never in the store's own call.
    await Promise.resolve();
    for (const name of due) {
      due.delete(name);
      if (closed) return;
      try {
        await settle(name);
      } catch (error) {
        if (!isReason(error, 'NotFound')) failed(error);
        later(name);
      }
    }
  };

  const later = (name: string) => {
    if (closed || timers.has(name)) return;
    const cancel = clock.after(againMs, () => {
      timers.delete(name);
      due.add(name);
      wake();
    });
    timers.set(name, cancel);
  };

  const contextFor = (definition: ResourceDefinition): WriteContext => ({
    server,
    definition,
    user: self,
    now: clock.now(),
  });
  const definitions = table.find('apiextensions.k8s.io', 'v1', 'customresourcedefinitions')!;

  const settle = async (name: string): Promise<void> => {
    const definition = held.get(name);
    if (definition === undefined) return;
    if (definition.metadata.deletionTimestamp !== undefined) {
      await empty(definition);
      return;
    }
    const others = [...held.values()].filter((other) => other.metadata.name !== name);
    const status = settledStatus(definition, others, builtin, clock.now());
    if (status === definition.status) return;
    await write(name, (current) => {
      const now = settledStatus(current, others, builtin, clock.now());
      return now === undefined ? current : { ...current, status: now };
    });
  };

  const write = (name: string, change: (current: CustomResourceDefinition) => CustomResourceDefinition) =>
    rewrite(contextFor(definitions), { namespace: undefined, name, dryRun: false }, (current) =>
      change(current as CustomResourceDefinition),
    );

  /** The finalizer's work: every object of the resource is deleted, and waited for. */
  const empty = async ({ metadata }: CustomResourceDefinition): Promise<void> => {
    if (!metadata.finalizers?.includes(cleanupFinalizer)) return;
    const name = metadata.name!;
    const [resource] = served.get(name)?.resources ?? [];
    if (resource !== undefined) {
      const { group, version, name: plural } = resource;
      await deleteCollection(contextFor(resource), {
        verb: 'deletecollection',
        group,
        version,
        resource: plural,
        user: self,
      });
      const { entries, remaining } = await store.range(prefixOf(resource, undefined), { limit: 1 });
      if (entries.length + remaining > 0) {
        await write(name, (current) => withTerminating(current, true, clock.now()));
        later(name);
        return;
      }
    }
    await write(name, (current) => {
      const finalizers = (current.metadata.finalizers ?? []).filter((entry) => entry !== cleanupFinalizer);
      return withTerminating({ ...current, metadata: { ...current.metadata, finalizers } }, false, clock.now());
    });
  };

  const follow = async (): Promise<void> => {
    const { entries, revision } = await store.range(prefix);
    if (closed) return;
    const present = new Set(entries.map(({ key }) => key));
    for (const name of held.keys()) if (!present.has(prefix + name)) take(prefix + name, undefined);
    for (const { key, value, revision: changed } of entries) take(key, asDefinition(objectAt(value, changed)));
    stop = store.watch(prefix, revision, {
      events(events) {
        for (const { type, key, value, revision: changed } of events)
          take(key, type === 'delete' ? undefined : asDefinition(objectAt(value, changed)));
      },
      end(error) {
        if (!closed && error !== undefined) again(error);
      },
    });
  };
  const again = (error: unknown) => {
    failed(error);
    stop = clock.after(againMs, () => {
      follow().catch((failure: unknown) => {
        if (!closed) again(failure);
      });
    });
  };
  await follow();
  return {
    async close() {
      closed = true;
      stop();
      for (const cancel of timers.values()) cancel();
      await running;
    },
  };
}

function asDefinition(object: KubernetesObject): CustomResourceDefinition {
  return object as CustomResourceDefinition;
}

function isServed({ status }: CustomResourceDefinition): boolean {
  return isTrue(status?.conditions, 'Established');
}

/** Nothing changed that the table's entries are made of. */
function isSameService(a: CustomResourceDefinition, b: CustomResourceDefinition): boolean {
  const isLeaving = ({ metadata }: CustomResourceDefinition) => metadata.deletionTimestamp !== undefined;
  return isLeaving(a) === isLeaving(b) && sameJson(a.spec, b.spec);
}

function withTerminating(definition: CustomResourceDefinition, waits: boolean, now: number): CustomResourceDefinition {
  const condition = waits
    ? {
        type: 'Terminating',
        status: 'True',
        reason: 'InstanceDeletionInProgress',
        message: 'CustomResource deletion is in progress: some objects still have finalizers',
      }
    : { type: 'Terminating', status: 'False', reason: 'InstanceDeletionCompleted', message: 'removed all instances' };
  const { status } = definition;
  return {
    ...definition,
    status: { ...status, conditions: withCondition(status?.conditions, condition, formatTime(now)) },
  };
}
