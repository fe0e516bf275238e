// Opens the cluster's store: SQLite in the data directory, or memory. Its refusals are the user's to solve.
import { CorruptStoreError, openMemoryStore, openSqliteStore, type Store, StoreLockedError } from '../store/index.ts';
import { ClusterStartError } from './start-error.ts';

export async function openStore(path: string | undefined): Promise<Store> {
  if (path === undefined) return openMemoryStore();
  try {
    return await openSqliteStore({ path });
  } catch (error) {
    if (error instanceof CorruptStoreError || error instanceof StoreLockedError)
      throw new ClusterStartError(error.message, { cause: error });
    throw error;
  }
}
