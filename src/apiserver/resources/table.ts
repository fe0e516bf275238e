// The resource table: every resource the server serves, found by its URL. It can grow at run time (custom resources).
import { StatusError } from '../../api/index.ts';
import type { ResourceDefinition } from './definition.ts';

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

export function createResourceTable(builtin: readonly ResourceDefinition[]): ResourceTable {
  let definitions = builtin;
  /** Each request looks several times: no key is made of group, version and name for it. */
  let byName = Map.groupBy(definitions, ({ name }) => name);
  const listeners = new Set<() => void>();
  let changes = 0;
  const change = (changed: readonly ResourceDefinition[]) => {
    definitions = changed;
    byName = Map.groupBy(definitions, ({ name }) => name);
    changes += 1;
    for (const listener of listeners) listener();
  };
  const table: ResourceTable = {
    find: (group, version, name) =>
      byName.get(name)?.find((definition) => definition.group === group && definition.version === version),
    all: () => definitions,
    add(definition) {
      const known = table.find(definition.group, definition.version, definition.name);
      if (known === undefined) change([...definitions, definition]);
      else change(definitions.map((other) => (other === known ? definition : other)));
    },
    remove(group, version, name) {
      const known = table.find(group, version, name);
      if (known !== undefined) change(definitions.filter((other) => other !== known));
    },
    get changes() {
      return changes;
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
  return table;
}

/** What an unknown URL below /api or /apis gets (apimachinery NewGenericServerResponse 404). */
export function unknownResource(): StatusError {
  return new StatusError('NotFound', 'the server could not find the requested resource', {});
}
