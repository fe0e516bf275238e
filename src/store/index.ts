// The door to the stores: the interface, its errors, and the kinds there are.
export { etcdPrefixDefault, openEtcdStore } from './etcd/etcd.ts';
export type { EtcdStoreOptions } from './etcd/etcd.ts';
export type { EtcdTls } from './etcd/connection.ts';
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
  StoreUnavailableError,
  WriteFailedError,
} from './store.ts';
export type { Entry, Range, RangeOptions, Store, StoredValue, StoreEvent, WatchHandler } from './store.ts';
export { sizeOf } from './value-size.ts';
