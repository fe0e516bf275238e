// The resource table: every resource the server serves, found by its URL. It can grow at run time (custom resources).
import { StatusError } from '../../api/index.ts';
import { groupVersionOf, type ResourceDefinition } from './definition.ts';

export interface ResourceTable {
  find(group: string, version: string, name: string): ResourceDefinition | undefined;
  /** In order of registration, which is the order of discovery. */
  all(): readonly ResourceDefinition[];
  /** Adds a resource, or replaces the one with the same group, version and name. */
  add(definition: ResourceDefinition): void;
  remove(group: string, version: string, name: string): void;
  /** Grows with every change: what was derived from the table is good while it stays. */
  readonly changes: number;
  /** Calls back after every change; returns the function that stops it. */
  subscribe(listener: () => void): () => void;
}

export function createResourceTable(definitions: readonly ResourceDefinition[]): ResourceTable {
  const byUrl = new Map<string, ResourceDefinition>();
  const url = (group: string, version: string, name: string) => `${groupVersionOf({ group, version })}/${name}`;
  const listeners = new Set<() => void>();
  let changes = 0;
  const changed = () => {
    changes += 1;
    for (const listener of listeners) listener();
  };
  const table: ResourceTable = {
    find: (group, version, name) => byUrl.get(url(group, version, name)),
    all: () => [...byUrl.values()],
    add(definition) {
      byUrl.set(url(definition.group, definition.version, definition.name), definition);
      changed();
    },
    remove(group, version, name) {
      if (byUrl.delete(url(group, version, name))) changed();
    },
    get changes() {
      return changes;
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
  for (const definition of definitions) table.add(definition);
  return table;
}

/** What an unknown URL below /api or /apis gets (apimachinery NewGenericServerResponse 404). */
export function unknownResource(): StatusError {
  return new StatusError('NotFound', 'the server could not find the requested resource', {});
}
