// One resource of an API server as a reflector's source.
import {
  isReason,
  type KubernetesObject,
  type PartialFields,
  type Resource,
  StatusError,
  type Stored,
} from '../api/index.ts';
import { type Clock, sleep, type Source, steadyNow } from '../machinery/index.ts';
import type { Client } from './client.ts';

export interface ListWatchOptions {
  /** All namespaces when absent. */
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  /** The only fields that are read; others may be missing. */
  readonly fields?: PartialFields;
}

export function listWatch<T extends KubernetesObject>(
  client: Client,
  resource: Resource<T>,
  options: ListWatchOptions = {},
): Source<Stored<T>> {
  return {
    name: resource.name,
    list: (page) => client.list(resource, { ...options, ...page }),
    watch: (start) => client.watch(resource, { ...options, ...start }),
    ...(client.streamsLists === true
      ? {
          stream: ({ signal }) =>
            client.watch(resource, { ...options, signal, resourceVersion: '', sendInitialEvents: true }),
        }
      : {}),
  };
}

/** How often a server that has no such resource is asked again. */
const askAgainMs = 60_000;
/** An API server that has just started may not know yet what it has had before: it is believed after this long. */
const believedMs = 30_000;

/** A resource that the server may not have (a CustomResourceDefinition that nobody installed): then there are none of it. */
export function listWatchIfServed<T extends KubernetesObject>(
  client: Client,
  resource: Resource<T>,
  clock: Clock,
): Source<Stored<T>> {
  const source = listWatch(client, resource);
  let wasServed = false;
  let missingSince: number | undefined;
  const isBelieved = (): boolean => {
    missingSince ??= steadyNow(clock);
    return !wasServed || steadyNow(clock) - missingSince >= believedMs;
  };
  return {
    name: source.name,
    async list(page) {
      try {
        const listed = await source.list(page);
        wasServed = true;
        missingSince = undefined;
        return listed;
      } catch (error) {
        if (!isReason(error, 'NotFound')) throw error;
        if (!isBelieved())
          throw new StatusError('ServiceUnavailable', `${resource.name} was served before, and is not now`);
        wasServed = false;
        return { metadata: { resourceVersion: notServed }, items: [] };
      }
    },
    async *watch(start) {
      if (start.resourceVersion === notServed) {
        await sleep(clock, askAgainMs, start.signal);
        throw new StatusError('Expired', `${resource.name} may be served by now`);
      }
      try {
        yield* source.watch(start);
      } catch (error) {
        if (!isReason(error, 'NotFound')) throw error;
        throw new StatusError('Expired', `${resource.name} is no longer served`);
      }
    },
  };
}

/** No server has this version. */
const notServed = '';
