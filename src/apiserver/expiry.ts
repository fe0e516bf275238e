// Objects with a time to live (events) go away when it is over, counted from their last change as in upstream's leases.
import { type Event, type KubernetesObject, parseTime } from '../api/index.ts';
import { RevisionMismatchError } from '../store/index.ts';
import type { ServerContext } from './context.ts';
import type { ResourceDefinition } from './resources/definition.ts';
import { prefixOf, stored } from './storage.ts';

const sweepMs = 60_000;

export interface Expiry {
  /** Resolves when the sweep that runs, if one does, is over. */
  close(): Promise<void>;
}

/** Sweeps once a minute. Events, the only kind that ends by itself, live for `eventTtlMs` when it is given. `failed` hears of a sweep that the store refused; the next one tries again. */
export function startExpiry(
  server: ServerContext,
  eventTtlMs: number | undefined,
  failed: (error: unknown) => void,
): Expiry {
  let closed = false;
  let running = Promise.resolve();
  const arm = () =>
    server.clock.after(sweepMs, () => {
      running = sweep(server, eventTtlMs, () => closed)
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

async function sweep(server: ServerContext, ttlMs: number | undefined, closed: () => boolean): Promise<void> {
  const mortal = new Map<string, ResourceDefinition>();
  for (const definition of server.resources.all())
    if (definition.ttlMs !== undefined && definition.conversion === undefined)
      mortal.set(definition.storage, definition);
  for (const definition of mortal.values()) {
    const { entries } = await server.store.range(prefixOf(definition, undefined));
    const before = server.clock.now() - (ttlMs ?? definition.ttlMs!);
    for (const { key, value, revision } of entries) {
      if (closed()) return;
      if (lastChange(stored(value)) > before) continue;
      try {
        await server.store.delete(key, revision);
      } catch (error) {
        // Changed in between: it lives on.
        if (!(error instanceof RevisionMismatchError)) throw error;
      }
    }
  }
}

function lastChange(object: KubernetesObject): number {
  const { lastTimestamp, series } = object as Event & { readonly series?: { readonly lastObservedTime?: string } };
  const times = [object.metadata.creationTimestamp, lastTimestamp, series?.lastObservedTime];
  return Math.max(...times.map((time) => parseTime(time) ?? 0));
}
