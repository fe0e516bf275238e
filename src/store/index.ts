// The door to the stores: the interface, its errors, and the kinds there are.
export { openMemoryStore } from './memory.ts';
export type { MemoryStoreOptions } from './memory.ts';
export { openSqliteStore } from './sqlite.ts';
export type { SqliteStoreOptions } from './sqlite.ts';
export {
  CompactedError,
  CorruptStoreError,
  FutureRevisionError,
  RevisionMismatchError,
  StoreClosedError,
  StoreLockedError,
  WriteFailedError,
} from './store.ts';
export type { Entry, Range, RangeOptions, Store, StoredValue, StoreEvent, WatchHandler } from './store.ts';
