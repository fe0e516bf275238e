// For tests: an API server on a memory store in virtual time, and short calls to it.
import type { KubernetesObject, StatusError } from '../api/index.ts';
import { createVirtualClock, seededRandom, type VirtualClock } from '../machinery/index.ts';
import { openMemoryStore, type Store } from '../store/index.ts';
import type { ApiRequest, ApiResponse, User, WatchRequest } from './request.ts';
import { type ApiServer, createApiServer } from './server.ts';

export const admin: User = { name: 'admin', groups: ['system:masters'] };

/** Objects of tests are looked into freely. */
export type AnyObject = KubernetesObject & { readonly [field: string]: unknown };

type Call = Partial<ApiRequest> & Pick<ApiRequest, 'verb' | 'resource'>;

export interface SeenEvent {
  readonly type: string;
  readonly object: KubernetesObject;
}

export interface TestServer {
  readonly server: ApiServer;
  readonly store: Store;
  readonly clock: VirtualClock;
  readonly respond: (call: Call) => Promise<ApiResponse>;
  /** The answer's body. */
  readonly call: (call: Call) => Promise<AnyObject>;
  /** The StatusError that the call must fail with. */
  readonly fails: (call: Call) => Promise<StatusError>;
  readonly watch: (request: Partial<WatchRequest> & Pick<WatchRequest, 'resource'>) => Promise<TestWatch>;
}

export interface TestWatch {
  readonly events: SeenEvent[];
  /** `ADDED a`, `BOOKMARK 7`. */
  readonly words: () => string[];
  readonly ended: () => Error | true | undefined;
  readonly stop: () => void;
}

const groups: Readonly<Record<string, string>> = {
  daemonsets: 'apps',
  controllerrevisions: 'apps',
  deployments: 'apps',
  leases: 'coordination.k8s.io',
  priorityclasses: 'scheduling.k8s.io',
  poddisruptionbudgets: 'policy',
};

export async function createTestServer(options: { readonly historyEventsMax?: number } = {}): Promise<TestServer> {
  const clock = createVirtualClock();
  const store = openMemoryStore(options);
  const server = await createApiServer({ store, clock, random: seededRandom(1) });
  // What a controller does in a cluster: no pod without it.
  for (const namespace of ['default', 'kube-system'])
    await server.handle({
      verb: 'create',
      group: '',
      version: 'v1',
      resource: 'serviceaccounts',
      namespace,
      user: admin,
      userAgent: 'test/1',
      body: { metadata: { name: 'default' } },
    });
  const complete = (call: Call): ApiRequest => ({
    group: groups[call.resource] ?? '',
    version: 'v1',
    user: admin,
    userAgent: 'test/1',
    ...call,
  });
  return {
    server,
    store,
    clock,
    respond: (call) => server.handle(complete(call)),
    call: async (call) => (await server.handle(complete(call))).body as AnyObject,
    async fails(call) {
      const answer = await server.handle(complete(call)).catch((error: unknown) => error);
      if (answer instanceof Error && 'reason' in answer) return answer as StatusError;
      throw new Error(`expected a StatusError, got ${JSON.stringify(answer)}`, { cause: answer });
    },
    async watch(request) {
      const events: SeenEvent[] = [];
      let ended: Error | true | undefined;
      const stop = await server.watch(
        { group: groups[request.resource] ?? '', version: 'v1', user: admin, ...request },
        { event: (type, object) => events.push({ type, object }), end: (error) => (ended = error ?? true) },
      );
      const words = () =>
        events.map(
          ({ type, object }) =>
            `${type} ${type === 'BOOKMARK' ? object.metadata.resourceVersion : object.metadata.name}`,
        );
      return { events, words, ended: () => ended, stop };
    },
  };
}

export function pod(
  name: string,
  fields: Readonly<Record<string, unknown>> = {},
  spec: Readonly<Record<string, unknown>> = {},
): AnyObject {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, ...fields },
    spec: { containers: [{ name: 'main', image: 'busybox:1' }], ...spec },
  };
}

export function daemonSet(name: string, image = 'busybox:1'): AnyObject {
  return {
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata: { name },
    spec: {
      selector: { matchLabels: { app: name } },
      template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: 'main', image }] } },
    },
  };
}

export function configMap(name: string, data: Readonly<Record<string, string>> = {}): AnyObject {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data };
}
