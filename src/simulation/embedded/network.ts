// The client of the second mode: one component on its line to the real API server. Requests go through requests.ts and
// then, in the component's name, through the cluster's own in-process client; its watches are late, stall and break.
import type { KubernetesObject, Resource, Stored, WatchEvent } from '../../api/index.ts';
import { isReason, StatusError } from '../../api/index.ts';
import type { Client, RequestOptions, WatchOptions } from '../../client/index.ts';
import type { Network } from '../network.ts';
import { lateMsMin, type LineOptions, openLine, type Request, type Verb } from '../requests.ts';

/** Runs what a request does at the server, on the client of the server that is there now. */
export type Perform = <T>(request: Request, run: (client: Client) => Promise<T>) => Promise<T>;

export function createEmbeddedNetwork(options: LineOptions, server: () => Client, perform: Perform): Network {
  const { actor, clock, conditions, monitor, signal } = options;
  const { seen, chancesOf, call } = openLine(options);
  const cutters = new Set<() => void>();

  const send = <T>(
    verb: Verb,
    resource: Resource,
    rest: Pick<Request, 'namespace' | 'name' | 'subresource' | 'body'>,
    run: (client: Client) => Promise<T>,
    received?: (answer: T) => void,
  ) => call({ verb, resource: resource.name, ...rest }, (request) => perform(request, run), received);

  async function* watch<T extends KubernetesObject>(
    resource: Resource<T>,
    watchOptions: WatchOptions,
  ): AsyncIterable<WatchEvent<Stored<T>>> {
    await send('get', resource, { namespace: undefined, name: 'watch', body: undefined }, () => Promise.resolve());
    const { next: chance, upTo } = chancesOf(resource.name);
    const own = new AbortController();
    const stops = [signal, ...(watchOptions.signal === undefined ? [] : [watchOptions.signal])];
    const cut = () => {
      isCut = true;
      own.abort();
    };
    const abort = () => own.abort();
    let isCut = false;
    cutters.add(cut);
    for (const stop of stops) stop.addEventListener('abort', abort, { once: true });
    if (stops.some(({ aborted }) => aborted)) abort();
    const source = server().watch(resource, { ...watchOptions, signal: own.signal });
    const queue: { readonly event: WatchEvent<Stored<T>>; readonly at: number }[] = [];
    let wake = () => {};
    let end: { readonly error: unknown } | undefined;
    const read = async () => {
      for await (const event of source) {
        queue.push({ event, at: clock.now() });
        wake();
      }
    };
    read()
      .then(
        () => (end ??= { error: undefined }),
        (error: unknown) => (end ??= { error }),
      )
      .finally(() => wake());
    const pause = (ms: number | undefined) =>
      new Promise<void>((resolve) => {
        let cancel = () => {};
        const done = () => {
          cancel();
          own.signal.removeEventListener('abort', done);
          resolve();
        };
        if (ms === undefined) wake = done;
        else cancel = clock.after(ms, done);
        own.signal.addEventListener('abort', done, { once: true });
      });
    try {
      for (let deliverAt: number | undefined; !own.signal.aborted; ) {
        const next = queue[0];
        if (next === undefined) {
          if (end !== undefined) break;
          await pause(undefined);
          continue;
        }
        deliverAt ??= next.at + upTo(conditions.weather.watchDelayMsMax);
        const waitMs = Math.max(deliverAt, conditions.stalledUntil.get(resource.name) ?? 0) - clock.now();
        if (waitMs > 0) {
          await pause(waitMs);
          continue;
        }
        deliverAt = undefined;
        queue.shift();
        const version = Number(next.event.object.metadata.resourceVersion);
        if (clock.now() - next.at >= lateMsMin) monitor.met('lateEvent');
        if (next.event.type !== 'BOOKMARK') monitor.delivered(actor, resource.name, version);
        yield next.event;
        // Who asks for the next event has taken this one in.
        seen[resource.name] = version;
      }
    } finally {
      cutters.delete(cut);
      for (const stop of stops) stop.removeEventListener('abort', abort);
      own.abort();
    }
    if (isCut && chance() < 0.5) throw new StatusError('ServiceUnavailable', 'watch broken');
    if (isReason(end?.error, 'Expired')) monitor.met('gone');
    if (end?.error !== undefined) throw end.error;
  }

  const client: Client = {
    get: (resource, namespace, name) =>
      send('get', resource, { namespace, name, body: undefined }, (at) => at.get(resource, namespace, name)),
    list: (resource, listOptions = {}) =>
      send(
        'list',
        resource,
        { namespace: listOptions.namespace, name: undefined, body: undefined },
        (at) => at.list(resource, arrived(listOptions)),
        ({ metadata }) => {
          seen[resource.name] = Number(metadata.resourceVersion);
          monitor.delivered(actor, resource.name, Number(metadata.resourceVersion));
        },
      ),
    watch,
    create: (resource, object, writeOptions = {}) =>
      send('create', resource, { ...placeOf(object), subresource: writeOptions.subresource, body: object }, (at) =>
        at.create(resource, object, arrived(writeOptions)),
      ),
    update: (resource, object, writeOptions = {}) =>
      send('update', resource, { ...placeOf(object), subresource: writeOptions.subresource, body: object }, (at) =>
        at.update(resource, object, arrived(writeOptions)),
      ),
    patch: (resource, namespace, name, type, patch, writeOptions = {}) =>
      send('patch', resource, { namespace, name, subresource: writeOptions.subresource, body: patch }, (at) =>
        at.patch(resource, namespace, name, type, patch, arrived(writeOptions)),
      ),
    delete: (resource, namespace, name, deleteOptions = {}) =>
      send('delete', resource, { namespace, name, body: arrived(deleteOptions) }, (at) =>
        at.delete(resource, namespace, name, arrived(deleteOptions)),
      ),
    createSubresource: (resource, namespace, name, subresource, body) =>
      send('create', resource, { namespace, name, subresource, body }, (at) =>
        at.createSubresource(resource, namespace, name, subresource, body),
      ),
  };
  return {
    client,
    cut() {
      for (const cut of Array.from(cutters)) cut();
    },
  };
}

/** What has reached the server takes effect, whoever waits for it no longer. */
function arrived<O extends RequestOptions>(options: O): Omit<O, 'signal'> {
  const { signal: _, ...rest } = options;
  return rest;
}

function placeOf({ metadata }: KubernetesObject): Pick<Request, 'namespace' | 'name'> {
  return { namespace: metadata.namespace, name: metadata.name };
}
