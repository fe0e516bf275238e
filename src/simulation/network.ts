// The client of the first mode: one life of a controller on its line to the model server. Its requests go through
// requests.ts; its watches are late, stall and break.
import { type KubernetesObject, type Resource, StatusError, type Stored, type WatchEvent } from '../api/index.ts';
import type { Client } from '../client/index.ts';
import type { ModelServer } from './model-server.ts';
import { lateMsMin, type LineOptions, openLine } from './requests.ts';

const staleVersionsMax = 40;
/** Lists in a row that are older than what was seen: fewer than make a reflector believe that the server lost its memory. */
const staleRelistsMax = 3;

export interface Network {
  readonly client: Client;
  /** Breaks every open watch. */
  cut(): void;
}

export function createNetwork(options: LineOptions, server: ModelServer): Network {
  const { actor, clock, conditions, monitor, signal } = options;
  const { seen, chancesOf, call } = openLine(options);
  const cutters = new Set<() => void>();
  const relistsInARow = new Map<string, number>();

  const listedVersion = (plural: string): number => {
    const { staleList, staleRelist = 0 } = conditions.weather;
    const { next, upTo } = chancesOf(plural);
    if (next() < staleList) return Math.max(1, server.version - upTo(staleVersionsMax));
    const known = seen[plural] ?? 0;
    const before = relistsInARow.get(plural) ?? 0;
    const stale = staleRelist > 0 && known > 1 && before < staleRelistsMax && next() < staleRelist;
    relistsInARow.set(plural, stale ? before + 1 : 0);
    return stale ? Math.max(1, known - 1 - upTo(staleVersionsMax)) : server.version;
  };

  /** Waits for time, for a change at the server, or for the end of the watch: whatever comes first. */
  const pause = (ms: number | undefined, ended: () => boolean) =>
    new Promise<void>((resolve) => {
      const undo: (() => void)[] = [];
      const done = () => {
        for (const step of undo) step();
        resolve();
      };
      if (ended()) {
        resolve();
        return;
      }
      undo.push(ms === undefined ? server.onChange(done) : clock.after(ms, done));
      cutters.add(done);
      undo.push(() => cutters.delete(done));
      signal.addEventListener('abort', done, { once: true });
      undo.push(() => signal.removeEventListener('abort', done));
    });

  async function* watch<T extends KubernetesObject>(
    resource: Resource<T>,
    from: number,
  ): AsyncIterable<WatchEvent<Stored<T>>> {
    await call({ verb: 'get', resource: resource.name, namespace: undefined, name: 'watch', body: undefined }, () => {
      if (from >= server.compacted) return;
      monitor.met('gone');
      throw new StatusError('Expired', 'too old resource version');
    });
    const { next, upTo } = chancesOf(resource.name);
    let cursor = from;
    let isCut = false;
    const cut = () => (isCut = true);
    const ended = () => isCut || signal.aborted;
    cutters.add(cut);
    try {
      for (let deliverAt: number | undefined; !ended(); ) {
        const change = server.nextChange(resource, cursor);
        if (change === undefined) {
          await pause(undefined, ended);
          continue;
        }
        deliverAt ??= change.at + upTo(conditions.weather.watchDelayMsMax);
        const waitMs = Math.max(deliverAt, conditions.stalledUntil.get(resource.name) ?? 0) - clock.now();
        if (waitMs > 0) {
          await pause(waitMs, ended);
          continue;
        }
        deliverAt = undefined;
        cursor = change.version;
        if (clock.now() - change.at >= lateMsMin) monitor.met('lateEvent');
        monitor.delivered(actor, resource.name, cursor);
        yield { type: change.type, object: change.object as Stored<T> };
        // Who asks for the next event has taken this one in.
        seen[resource.name] = cursor;
      }
    } finally {
      cutters.delete(cut);
    }
    if (isCut && !signal.aborted && next() < 0.5) throw new StatusError('ServiceUnavailable', 'watch broken');
  }

  const client: Client = {
    get: (resource, namespace, name) =>
      call({ verb: 'get', resource: resource.name, namespace, name, body: undefined }, () =>
        server.get(resource, namespace, name),
      ),
    list: (resource) =>
      call(
        { verb: 'list', resource: resource.name, namespace: undefined, name: undefined, body: undefined },
        () => {
          const version = listedVersion(resource.name);
          if (version < server.version) monitor.met('staleList');
          return { metadata: { resourceVersion: String(version) }, items: server.allAt(resource, version) };
        },
        ({ metadata }) => {
          // Who has seen something newer must not go by it.
          if (relistsInARow.get(resource.name) === 0) seen[resource.name] = Number(metadata.resourceVersion);
          monitor.delivered(actor, resource.name, Number(metadata.resourceVersion));
        },
      ),
    watch: (resource, { resourceVersion }) => watch(resource, Number(resourceVersion)),
    create(resource, object) {
      const { namespace, name } = object.metadata;
      return call({ verb: 'create', resource: resource.name, namespace, name, body: object }, () =>
        resource.kind === 'Event' ? (object as Stored<typeof object>) : server.create(actor, resource, object),
      );
    },
    update(resource, object, options) {
      const { namespace, name } = object.metadata;
      const { subresource } = options ?? {};
      return call({ verb: 'update', resource: resource.name, subresource, namespace, name, body: object }, () =>
        server.update(actor, resource, object, options),
      );
    },
    patch: (resource, namespace, name, type, patch, options) =>
      call({ verb: 'patch', resource: resource.name, namespace, name, body: patch }, () =>
        resource.kind === 'Event'
          ? ({ metadata: { namespace, name } } as Stored<never>)
          : server.patch(actor, resource, namespace, name, type, patch, options),
      ),
    delete: (resource, namespace, name, options) =>
      call({ verb: 'delete', resource: resource.name, namespace, name, body: options }, () =>
        server.delete(actor, resource, namespace, name, options),
      ),
    createSubresource: () => Promise.reject(new Error('the simulation has no such subresource')),
  };
  return {
    client,
    cut() {
      for (const cut of Array.from(cutters)) cut();
    },
  };
}
