// A store around a store: tells of every write that took effect, in the order of the revisions, before any watch of it
// can have reached anybody but the API server itself.
import type { Store, StoredValue } from '../../store/index.ts';

export interface StoreWrite {
  readonly key: string;
  /** Undefined for a deletion. */
  readonly value: StoredValue | undefined;
  readonly revision: number;
}

/** `written` runs in the context (node:async_hooks) of whoever wrote. Closing it closes nothing. */
export function watchStore(store: Store, written: (write: StoreWrite) => void): Store {
  return {
    revision: () => store.revision(),
    get: (key) => store.get(key),
    range: (prefix, options) => store.range(prefix, options),
    put: (key, value, expected) =>
      store.put(key, value, expected).then((revision) => {
        written({ key, value, revision });
        return revision;
      }),
    delete: (key, expected) =>
      store.delete(key, expected).then((revision) => {
        written({ key, value: undefined, revision });
        return revision;
      }),
    watch: (prefix, after, handler) => store.watch(prefix, after, handler),
    compact: (revision) => store.compact(revision),
    close: () => Promise.resolve(),
  };
}
