// Opens the cluster's store: etcd, SQLite in the data directory, or memory. Its refusals are the user's to solve.
import type { Clock } from '../machinery/index.ts';
import type { Logger } from '../observe/index.ts';
import {
  CorruptStoreError,
  type EtcdTls,
  openEtcdStore,
  openMemoryStore,
  openSqliteStore,
  type Store,
  StoreLockedError,
  StoreUnavailableError,
  WriteFailedError,
} from '../store/index.ts';
import { ClusterStartError } from './start-error.ts';

/** A real etcd for the cluster's state. */
export interface EtcdAddress {
  /** `http://127.0.0.1:2379`: one or more members of one etcd cluster. */
  readonly endpoints: readonly string[];
  readonly tls?: EtcdTls;
  /** All keys begin with it; `/everynode/` when absent. */
  readonly prefix?: string;
}

export interface StorePlace {
  /** Where the state goes: to etcd if that is given, else to a file, else nowhere. */
  readonly etcd: EtcdAddress | undefined;
  readonly path: string | undefined;
  readonly clock: Clock;
  readonly log: Logger;
}

export async function openStore({ etcd, path, clock, log }: StorePlace): Promise<Store> {
  try {
    if (etcd !== undefined) return await openEtcdStore({ ...etcd, clock, log: log.child({ component: 'etcd' }) });
    return path === undefined ? openMemoryStore() : await openSqliteStore({ path });
  } catch (error) {
    const isTheirs = [CorruptStoreError, StoreLockedError, StoreUnavailableError, WriteFailedError].some(
      (kind) => error instanceof kind,
    );
    if (isTheirs) throw new ClusterStartError((error as Error).message, { cause: error });
    throw error;
  }
}
