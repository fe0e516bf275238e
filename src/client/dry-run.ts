// A client that only looks: writes are logged, once each, and answered as if they had been made. Nothing is sent for
// them, so that looking needs no right to write. Who writes through it must not wait to see the result in a watch.
import {
  apiVersionOf,
  formatTime,
  type KubernetesObject,
  pinnedNode,
  type Pod,
  type Resource,
  type Stored,
} from '../api/index.ts';
import type { Clock, Random } from '../machinery/index.ts';
import type { Logger } from '../observe/index.ts';
import type { Client, WriteOptions } from './client.ts';
import { streamsLists } from './intercept.ts';

/** How many writes are remembered, so that the same one is not logged again and again. */
const rememberedMax = 100_000;
/** No watch ever reaches this version, so what was "written" counts as still to be seen. */
const versionOfNever = String(Number.MAX_SAFE_INTEGER);

export interface DryRunOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

export function createDryRunClient(client: Client, { clock, random, log }: DryRunOptions): Client {
  const told = new Set<string>();
  const tell = (verb: string, resource: Resource, namespace: string | undefined, name: string, detail: object = {}) => {
    // What a controller says about its writes is no decision.
    if (resource.kind === 'Event') return;
    const key = JSON.stringify([verb, resource.name, namespace, name, detail]);
    if (told.has(key)) return;
    if (told.size < rememberedMax) told.add(key);
    log.info(`would ${verb}`, {
      resource: resource.name,
      ...(namespace === undefined ? {} : { namespace }),
      name,
      ...detail,
    });
  };
  const written = <T extends KubernetesObject>(resource: Resource<T>, object: T): Stored<T> => ({
    apiVersion: apiVersionOf(resource),
    kind: resource.kind,
    ...object,
    metadata: {
      creationTimestamp: formatTime(clock.now()),
      uid: random.uuid(),
      ...object.metadata,
      name: object.metadata.name ?? `${object.metadata.generateName ?? ''}${random.uuid().slice(0, 5)}`,
      resourceVersion: versionOfNever,
    },
  });
  const part = ({ subresource }: WriteOptions = {}) => (subresource === undefined ? {} : { subresource });

  return {
    ...streamsLists(client),
    get: (...all) => client.get(...all),
    list: (...all) => client.list(...all),
    watch: (...all) => client.watch(...all),
    async create(resource, object, options) {
      const made = written(resource, object);
      tell('create', resource, made.metadata.namespace, made.metadata.name, { ...part(options), ...nodeOf(object) });
      return made;
    },
    async update(resource, object, options) {
      const { namespace, name = '' } = object.metadata;
      const status = options?.subresource === 'status' ? { status: (object as { status?: unknown }).status } : {};
      tell('update', resource, namespace, name, { ...part(options), ...withoutTimes(status) });
      return written(resource, object);
    },
    async patch(resource, namespace, name, _type, patch, options) {
      tell('patch', resource, namespace, name, { ...part(options), patch });
      return client.get(resource, namespace, name, options?.signal === undefined ? {} : { signal: options.signal });
    },
    async delete(resource, namespace, name) {
      tell('delete', resource, namespace, name);
    },
    async createSubresource(resource, namespace, name, subresource) {
      tell('create', resource, namespace, name, { subresource });
    },
  };
}

/** For a pod of a DaemonSet: the node it is pinned to says more than its name. */
function nodeOf(object: KubernetesObject): object {
  const { spec } = object as Partial<Pod>;
  const node = pinnedNode(spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution);
  return node === undefined ? {} : { node };
}

/** Two statuses that differ in when they were written are the same news. */
function withoutTimes(value: object): object {
  return JSON.parse(
    JSON.stringify(value, (key, entry: unknown) => (key.startsWith('last') ? undefined : entry)),
  ) as object;
}
