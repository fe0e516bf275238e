// A client around a client: whoever wants to see, delay or refuse calls does it here, in one place for all verbs.
import { type Resource, StatusError } from '../api/index.ts';
import type { Client } from './client.ts';

export type Verb = 'get' | 'list' | 'watch' | 'create' | 'update' | 'patch' | 'delete';

export interface Call {
  readonly verb: Verb;
  readonly resource: Resource;
  readonly subresource?: string | undefined;
}

export interface Interceptor {
  /** Runs the call, or does not. For a watch nothing is awaited: it is told of (`watching`). */
  readonly around: <R>(call: Call, run: () => Promise<R>) => Promise<R>;
  readonly watching?: (call: Call) => void;
  /** …and of how it ended, when it did not end well. */
  readonly watchFailed?: (call: Call, error: unknown) => void;
}

export function interceptCalls(client: Client, { around, watching, watchFailed }: Interceptor): Client {
  return {
    ...streamsLists(client),
    get: (resource, ...rest) => around({ verb: 'get', resource }, () => client.get(resource, ...rest)),
    list: (resource, options) => around({ verb: 'list', resource }, () => client.list(resource, options)),
    watch(resource, options) {
      const call = { verb: 'watch', resource } as const;
      watching?.(call);
      const events = client.watch(resource, options);
      return watchFailed === undefined ? events : toldOf(events, (error) => watchFailed(call, error));
    },
    create: (resource, object, options) =>
      around({ verb: 'create', resource, subresource: options?.subresource }, () =>
        client.create(resource, object, options),
      ),
    update: (resource, object, options) =>
      around({ verb: 'update', resource, subresource: options?.subresource }, () =>
        client.update(resource, object, options),
      ),
    patch: (resource, namespace, name, type, patch, options) =>
      around({ verb: 'patch', resource, subresource: options?.subresource }, () =>
        client.patch(resource, namespace, name, type, patch, options),
      ),
    delete: (resource, ...rest) => around({ verb: 'delete', resource }, () => client.delete(resource, ...rest)),
    createSubresource: (resource, namespace, name, subresource, body, options) =>
      around({ verb: 'create', resource, subresource }, () =>
        client.createSubresource(resource, namespace, name, subresource, body, options),
      ),
  };
}

/** Hands on the very steps of the iteration: a generator around it would cost every event some turns. */
function toldOf<T>(events: AsyncIterable<T>, failed: (error: unknown) => void): AsyncIterable<T> {
  return {
    [Symbol.asyncIterator]() {
      const steps = events[Symbol.asyncIterator]();
      return {
        next() {
          const step = steps.next();
          step.catch(failed);
          return step;
        },
        return: (value) => steps.return?.(value) ?? Promise.resolve({ done: true, value: undefined }),
      };
    },
  };
}

export function streamsLists(client: Client): Pick<Client, 'streamsLists'> {
  return client.streamsLists === undefined ? {} : { streamsLists: client.streamsLists };
}

const reads: ReadonlySet<Verb> = new Set(['get', 'list', 'watch']);

/** A client whose writes are refused, before anything is sent, whenever they may not be made. */
export function gateWrites(client: Client, mayWrite: () => boolean): Client {
  return interceptCalls(client, {
    around(call, run) {
      if (reads.has(call.verb) || mayWrite()) return run();
      const what = `${call.verb} ${call.resource.name}`;
      return Promise.reject(new StatusError('ServiceUnavailable', `${what}: not sent, this process does not lead`));
    },
  });
}
