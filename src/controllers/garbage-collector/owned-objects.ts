// Every object of every resource that is served now: one watch for each resource, begun when the resource appears and
// ended when it goes. The objects of a resource that is gone are gone too.
import { apiVersionOf, type Resource } from '../../api/index.ts';
import { type ControllerContext, listWatch, oneVersionEach, type ServedResources } from '../../client/index.ts';
import { type Part, type Reflector, startReflector } from '../../machinery/index.ts';
import { type OwnedObject, projectOwned } from './owner-graph.ts';

export interface OwnedObjectsOptions extends ControllerContext {
  readonly resources: ServedResources;
  readonly handlers: {
    applied(object: OwnedObject, previous: OwnedObject | undefined): void;
    removed(object: OwnedObject): void;
  };
}

interface Watched {
  readonly reflector: Reflector<OwnedObject>;
  readonly stop: () => void;
}

/** Synced when the resources of the start are; those that come later are asked for when a dependent names them. */
export function watchOwned(options: OwnedObjectsOptions): Part {
  const { client, clock, random, log, signal, resources, handlers } = options;
  const watched = new Map<string, Watched>();
  const ended = Promise.withResolvers<void>();

  const start = (resource: Resource): Watched => {
    const own = new AbortController();
    const reflector = startReflector({
      source: listWatch(client, resource),
      clock,
      random,
      log,
      signal: AbortSignal.any([signal, own.signal]),
      handlers,
      project: (object) => projectOwned(resource, object),
    });
    reflector.stopped.catch(ended.reject);
    return { reflector, stop: () => own.abort() };
  };

  const look = () => {
    const wanted = new Map(
      oneVersionEach(resources.all()).map((resource) => [`${apiVersionOf(resource)}/${resource.name}`, resource]),
    );
    for (const [key, { reflector, stop }] of watched) {
      if (wanted.has(key)) continue;
      stop();
      watched.delete(key);
      for (const object of reflector.views()) handlers.removed(object);
    }
    for (const [key, resource] of wanted) if (!watched.has(key)) watched.set(key, start(resource));
  };

  look();
  const synced = Promise.all([...watched.values()].map(({ reflector }) => reflector.synced)).then(() => undefined);
  const unsubscribe = resources.subscribe(look);
  const stopAll = () => {
    unsubscribe();
    Promise.all([...watched.values()].map(({ reflector }) => reflector.stopped)).then(
      () => ended.resolve(),
      ended.reject,
    );
  };
  if (signal.aborted) stopAll();
  else signal.addEventListener('abort', stopAll, { once: true });
  return { synced, stopped: ended.promise };
}
