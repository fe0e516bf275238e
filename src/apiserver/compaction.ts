// Lets the store forget: watches can resume, and pages go on, for the last five to ten minutes, as with kube-apiserver
// (--etcd-compaction-interval). Several API servers on one store each do it; the later one finds nothing to do.
import type { Clock } from '../machinery/index.ts';
import type { Store } from '../store/index.ts';

const compactionMs = 5 * 60_000;

export interface Compaction {
  /** Resolves when the compaction that runs, if one does, is over. */
  close(): Promise<void>;
}

/** Every five minutes forgets what is older than five minutes. `failed` hears of a failure; the next turn goes on. */
export function startCompaction(store: Store, clock: Clock, failed: (error: unknown) => void): Compaction {
  let closed = false;
  let running = Promise.resolve();
  let old: number | undefined;
  const turn = async () => {
    const last = old;
    old = await store.revision();
    if (last !== undefined) await store.compact(last);
  };
  const arm = () =>
    clock.after(compactionMs, () => {
      running = turn()
        .catch(failed)
        .finally(() => {
          if (!closed) cancel = arm();
        });
    });
  let cancel = arm();
  return {
    async close() {
      closed = true;
      cancel();
      await running;
    },
  };
}
