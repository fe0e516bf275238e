// One resource of an API server as a reflector's source.
import type { KubernetesObject, PartialFields, Resource, Stored } from '../api/index.ts';
import type { Source } from '../machinery/index.ts';
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
