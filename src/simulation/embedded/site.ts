// The second mode: the real API server on a real store, and everything of the real cluster that works through it
// (cluster/parts.ts): scheduler, garbage collector, node lifecycle, pod garbage collector, disruption, namespaces, service
// accounts, simulated nodes. All of it on the virtual clock, each part on a line of its own that fails as the weather has it.
import { AsyncLocalStorage } from 'node:async_hooks';
import { isReason, type KubernetesObject, resources, StatusError } from '../../api/index.ts';
import { parseMisbehaviourRule } from '../../agent/index.ts';
import { type ApiServer, type Component, componentUser, createApiServer, mastersGroup } from '../../apiserver/index.ts';
import type { Client } from '../../client/index.ts';
import {
  controllerNames,
  createInProcessClient,
  ensureDefinitions,
  type Parts,
  startParts,
} from '../../cluster/index.ts';
import type { Clock } from '../../machinery/index.ts';
import { openMemoryStore } from '../../store/index.ts';
import { Archive, type StoredObject } from '../archive.ts';
import { namespace } from '../namespace.ts';
import { lease } from '../lives.ts';
import { listeningLogger } from '../listening-logger.ts';
import type { Network } from '../network.ts';
import { lineChances, type LineOptions, type Request } from '../requests.ts';
import type { Hands, Site, SiteContext } from '../site.ts';
import { createClusterInvariants } from './cluster-invariants.ts';
import { createEmbeddedNodes, isOrdinary } from './nodes.ts';
import { createEmbeddedNetwork } from './network.ts';
import { type StoreWrite, watchStore } from './watched-store.ts';

/** The resources whose history the invariants ask for; of leases only the one that controllers stand for. */
const archived: ReadonlySet<string> = new Set([
  'pods',
  'nodes',
  'daemonsets',
  'controllerrevisions',
  'rolloutpolicies',
]);
const isArchived = (plural: string, path: readonly string[]) =>
  archived.has(plural) || (plural === 'leases' && path[0] === lease.namespace && path[1] === lease.name);
const administrator = { name: 'user', groups: [mastersGroup, 'system:authenticated'] };
/** Away for so long, the whole process was away: all parts start anew, with empty memory. */
const processRestartMsMin = 5000;
/** Within this all parts have stopped: whatever they wait for takes no longer, time-outs included. */
const stopMsMax = 60_000;
/** No part of the cluster ever asks for what these refuse: one of them is a bug, in the part or in the server. */
const bugs = ['InternalError', 'Forbidden', 'Invalid', 'BadRequest', 'MethodNotAllowed', 'Unauthorized'] as const;

interface Origin {
  readonly actor: string;
  /** Users have none. */
  readonly request?: Request;
  /** It is a DaemonSet controller's. */
  readonly controls?: boolean;
}

export function createEmbeddedSite(context: SiteContext): Site {
  const { clock, random, conditions, say, effect, committed } = context;
  const met = (fault: string) => context.monitor.met(fault);
  const archive = new Archive();
  const origin = new AsyncLocalStorage<Origin>();
  const effected = new WeakSet<Request>();
  const networks: Network[] = [];
  let writes = 0;
  let failure: unknown;
  let clockOffsetMs = 0;
  /** All but the nodes is one process on one machine. */
  const machineClock: Clock = {
    now: () => clock.now() + clockOffsetMs,
    after: (...timer) => clock.after(...timer),
    steadyNow: () => clock.now(),
  };
  /** The API server is not there until then. */
  let awayUntil = 0;
  let restarts = 0;
  let starts = 0;
  let server: ApiServer;
  let parts: Parts | undefined;
  const ended: Promise<void>[] = [];
  const failed = (error: unknown) => {
    failure ??= error;
  };

  const written = ({ key, value, revision }: StoreWrite) => {
    const { actor, request: sent, controls = false }: Origin = origin.getStore() ?? { actor: 'apiserver' };
    const request = controls ? sent : undefined;
    const [storage = '', ...path] = key.split('/');
    const plural = storage.split('.')[0]!;
    const heartbeat = plural === 'leases' || plural === 'events' || (plural === 'nodes' && actor === 'kubelet');
    if (!heartbeat) writes++;
    if (!isArchived(plural, path)) {
      if (!heartbeat) say(`${actor} ${value === undefined ? 'removes' : 'writes'} ${key} @${revision}`);
      return;
    }
    if (request !== undefined && !effected.has(request)) {
      effected.add(request);
      effect(request);
    }
    const [name = '', within] = path.toReversed();
    const previous = archive.find({ name: plural } as never, within, name) as StoredObject | undefined;
    const object = value === undefined ? previous! : (value as unknown as KubernetesObject);
    const stored = { ...object, metadata: { ...object.metadata, resourceVersion: String(revision) } } as StoredObject;
    const type = value === undefined ? 'DELETED' : previous === undefined ? 'ADDED' : 'MODIFIED';
    const change = {
      type,
      resource: plural,
      object: stored,
      previous,
      version: revision,
      at: clock.now(),
      actor,
    } as const;
    inspect(change, sent);
    archive.record(change);
    committed(change, request);
  };
  const inspect = createClusterInvariants({ archive, clock: machineClock, violate: context.violate });
  const real = openMemoryStore();
  const store = watchStore(real, written);

  // One for all its lives: UIDs do not repeat.
  const serverRandom = random('server');
  const serve = async () => {
    server = await createApiServer({ store, clock: machineClock, random: serverRandom, failed });
  };
  const admin = (): Client => createInProcessClient(server, administrator, 'kubectl');
  const asUser = <T>(deed: () => Promise<T>) => origin.run({ actor: 'user' }, deed);

  const attempt = async (deed: () => Promise<unknown>): Promise<void> => {
    const awayMs = awayUntil - clock.now();
    if (awayMs > 0) {
      clock.after(awayMs + 1, () => void attempt(deed));
      return;
    }
    try {
      await asUser(deed);
    } catch (error) {
      if (isOrdinary(error) || isUnreadablePolicy(error))
        say(`the user's wish is refused: ${(error as Error).message}`);
      else failed(error);
    }
  };

  const join = (line: Omit<LineOptions, 'clock' | 'conditions'>, component: Component): Network => {
    const user = componentUser(component);
    const isController = component === 'daemonset-controller';
    return createEmbeddedNetwork(
      { ...line, clock, conditions },
      () => createInProcessClient(server, user, component),
      async (request, run) => {
        try {
          // Its lease is no part of the role that the DaemonSet controller of this cluster has.
          const by = request.resource === 'leases' ? administrator : user;
          const client = createInProcessClient(server, by, component);
          return await origin.run({ actor: line.actor, request, controls: isController }, () => run(client));
        } catch (error) {
          if (!(error instanceof StatusError)) failed(error);
          else if (isReason(error, ...bugs) && !isNamespaceGoing(error)) failed(error);
          throw error;
        }
      },
    );
  };

  const startEverything = () => {
    starts++;
    const never = new AbortController();
    const clientFor = (component: Component): Client => {
      const network = join(
        {
          actor: component,
          ...lineChances(random, `${component} ${starts}`),
          monitor: {
            sent() {},
            arrives() {},
            ended: (_request, _outcome, fault) => {
              if (fault !== undefined) met(`${fault} (others)`);
            },
            throttled() {},
            delivered() {},
            met: (fault) => met(`${fault} (others)`),
          },
          signal: never.signal,
          beforeWrite() {},
        },
        component,
      );
      networks.push(network);
      return network.client;
    };
    const names = Object.keys(controllerNames) as (keyof typeof controllerNames)[];
    const started = startParts({
      clientFor,
      resources: {
        all: () => server.resources.all().filter(({ verbs }) => verbs.includes('list')),
        subscribe: (listener) => server.resources.subscribe(listener),
      },
      authority: 'simulated',
      controllers: new Set(names.filter((name) => name !== 'daemonset-controller')),
      nodes: 0,
      rules: [parseMisbehaviourRule('image=*broken*: NeverReady')],
      clock: machineClock,
      random: random(`parts ${starts}`),
      log: listeningLogger(failed),
    });
    started.failed.catch(failed);
    // Stopped before its lists are complete: nobody waits for them here.
    started.ready.catch(() => undefined);
    parts = started;
  };

  const user: Hands = {
    create: async (resource, object) => {
      await attempt(() => admin().create(resource, object));
      return object as never;
    },
    update: async (resource, object) => {
      await attempt(() => admin().update(resource, object));
      return object as never;
    },
    delete: (resource, within, name, options) => attempt(() => admin().delete(resource, within, name, options)),
  };

  return {
    archive,
    user,
    nodes: createEmbeddedNodes({ archive, clock, client: admin, attempt }),
    async start() {
      await serve();
      await asUser(() => admin().create(resources.namespaces, { metadata: { name: namespace } }));
      // No pod without it, and a controller that is late with it would only look like one that is wrong.
      await asUser(() => admin().create(resources.serviceAccounts, { metadata: { namespace, name: 'default' } }));
      startEverything();
    },
    async definePolicies() {
      await attempt(() => ensureDefinitions(server, { clock: machineClock, log: listeningLogger(failed) }));
    },
    connect: (line) => join({ ...line, monitor: context.monitor }, 'daemonset-controller'),
    setClock(offsetMs) {
      clockOffsetMs = offsetMs;
    },
    now: () => machineClock.now(),
    async compact() {
      await real.compact(await real.revision());
    },
    async restart(forMs) {
      awayUntil = Math.max(awayUntil, clock.now() + forMs);
      const turn = ++restarts;
      await server.close();
      for (const network of networks) network.cut();
      if (forMs >= processRestartMsMin && parts !== undefined) {
        ended.push(parts.stop().catch(failed));
        networks.length = 0;
        parts = undefined;
      }
      clock.after(awayUntil - clock.now(), () => {
        if (turn !== restarts) return;
        void serve().then(() => (parts === undefined ? startEverything() : undefined), failed);
      });
    },
    get awayMs() {
      return Math.max(0, awayUntil - clock.now());
    },
    stir() {},
    get failure() {
      return failure;
    },
    get writes() {
      return writes;
    },
    async stop() {
      ended.push(parts?.stop().catch(failed) ?? Promise.resolve());
      let left = ended.length;
      for (const end of ended) void end.then(() => left--);
      await clock.advance(stopMsMax);
      if (left > 0) failed(new Error(`parts of the cluster still run ${stopMsMax} ms after they were told to stop`));
      await server.close();
      await real.close();
    },
  };
}

/** The schema refuses most of what nobody can read. */
function isUnreadablePolicy(error: unknown): boolean {
  return error instanceof StatusError && error.reason === 'Invalid' && error.details?.kind === 'RolloutPolicy';
}

/** Nothing can be made in a namespace that is going. */
function isNamespaceGoing(error: StatusError): boolean {
  return error.details?.causes?.some(({ reason }) => reason === 'NamespaceTerminating') === true;
}
