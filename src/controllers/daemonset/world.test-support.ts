// A small world for the controller's tests: a fake API server, a virtual clock, and nodes that bind, run and stop pods
// when told to. Test support only.
import { type DaemonSet, formatTime, isTrue, type Pod, pinnedNode, resources, type Stored } from '../../api/index.ts';
import { createFakeClient, eventSink, type FakeClient } from '../../client/index.ts';
import { createEventRecorder, createVirtualClock, seededRandom, type VirtualClock } from '../../machinery/index.ts';
import { silentLogger } from '../../observe/index.ts';
import {
  type DaemonSetController,
  type DaemonSetControllerOptions,
  type Inspection,
  runDaemonSetController,
} from './index.ts';

export interface World extends AsyncDisposable {
  readonly client: FakeClient;
  readonly clock: VirtualClock;
  addNode(name: string, labels?: Record<string, string>): void;
  apply(daemonSet: DaemonSet): Stored<DaemonSet>;
  daemonSet(): Stored<DaemonSet>;
  pods(): readonly Stored<Pod>[];
  live(): readonly Stored<Pod>[];
  /** Starts the controller (again); the returned function stops it. */
  start(
    options?: Partial<Pick<DaemonSetControllerOptions, 'client' | 'onSync' | 'selfCheckMs' | 'onSelfCheck'>>,
  ): Promise<() => Promise<void>>;
  /** Of the controller that was started last. */
  inspect(): Inspection;
  /** One round of every node agent: binds, makes ready (unless `ready` says no), finishes deletions. */
  agents(options?: { ready?: (pod: Stored<Pod>) => boolean; phase?: (pod: Stored<Pod>) => string }): Promise<void>;
  /** Controller and agents in turn until nothing changes. */
  converge(options?: Parameters<World['agents']>[0]): Promise<void>;
}

const roundsMax = 200;

export function createWorld(nodes = 3): World {
  const clock = createVirtualClock();
  const random = seededRandom(1);
  const client = createFakeClient({ clock, random });
  const stops: (() => Promise<void>)[] = [];
  let running: DaemonSetController | undefined;

  const world: World = {
    client,
    clock,
    addNode(name, labels = {}) {
      client.add(resources.nodes, {
        metadata: { name, labels },
        status: { conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: formatTime(clock.now()) }] },
      });
    },
    apply: (daemonSet) => client.add(resources.daemonSets, daemonSet),
    daemonSet: () => client.all(resources.daemonSets)[0]!,
    pods: () => client.all(resources.pods),
    live: () => client.all(resources.pods).filter((pod) => pod.metadata.deletionTimestamp === undefined),
    inspect: () => running!.inspect(),
    async start(options) {
      const abort = new AbortController();
      const context = { client, clock, random, log: silentLogger, signal: abort.signal };
      const recorder = createEventRecorder({ ...context, component: 'daemonset-controller', sink: eventSink(client) });
      const controller = runDaemonSetController({ ...context, ...options, recorder });
      running = controller;
      const stop = async () => {
        abort.abort();
        await clock.advance(0);
        await controller.stopped;
      };
      stops.push(stop);
      await clock.advance(0);
      await controller.synced;
      await clock.advance(1000);
      return stop;
    },
    async agents({ ready = () => true, phase = () => 'Running' } = {}) {
      for (const pod of client.all(resources.pods)) {
        const { namespace, name, uid, deletionTimestamp } = pod.metadata;
        if (deletionTimestamp !== undefined) {
          await client.delete(resources.pods, namespace, name, { gracePeriodSeconds: 0, preconditions: { uid } });
          continue;
        }
        const node =
          pod.spec.nodeName ??
          pinnedNode(pod.spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution);
        const exists = node !== undefined && client.all(resources.nodes).some((entry) => entry.metadata.name === node);
        if (!exists) continue;
        if (pod.spec.nodeName === undefined)
          await client.patch(resources.pods, namespace, name, 'merge', { spec: { nodeName: node } });
        const isReady = phase(pod) === 'Running' && ready(pod);
        if (pod.status?.phase === phase(pod) && isTrue(pod.status.conditions, 'Ready') === isReady) continue;
        const now = formatTime(clock.now());
        const status = {
          phase: phase(pod),
          startTime: now,
          conditions: [{ type: 'Ready', status: isReady ? 'True' : 'False', lastTransitionTime: now }],
        };
        await client.patch(resources.pods, namespace, name, 'merge', { status }, { subresource: 'status' });
      }
    },
    async converge(options) {
      for (let round = 0; round < roundsMax; round++) {
        const before = fingerprint(client);
        await world.agents(options);
        await clock.advance(1000);
        if (fingerprint(client) === before) return;
      }
      throw new Error(`the world did not come to rest in ${roundsMax} rounds`);
    },
    async [Symbol.asyncDispose]() {
      for (const stop of stops) await stop();
    },
  };
  for (let index = 0; index < nodes; index++) world.addNode(`node-${index}`);
  return world;
}

/** Everything but events: those may still be counted up when all else is at rest. */
function fingerprint(client: FakeClient): string {
  return [resources.nodes, resources.daemonSets, resources.controllerRevisions, resources.pods]
    .flatMap((resource) => client.all<never>(resource as never) as readonly Stored<Pod>[])
    .map(({ metadata }) => `${metadata.uid}@${metadata.resourceVersion}`)
    .join();
}

export function fluentd(spec: Partial<DaemonSet['spec']> = {}, image = 'fluentd:1'): DaemonSet {
  return {
    metadata: { name: 'fluentd', namespace: 'kube-system', generation: 1 },
    spec: {
      selector: { matchLabels: { name: 'fluentd' } },
      updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 1, maxSurge: 0 } },
      revisionHistoryLimit: 10,
      template: { metadata: { labels: { name: 'fluentd' } }, spec: { containers: [{ name: 'fluentd', image }] } },
      ...spec,
    },
  };
}

/** What `kubectl set image` does. */
export async function setImage(world: World, image: string): Promise<void> {
  const { namespace, name } = world.daemonSet().metadata;
  await world.client.patch(resources.daemonSets, namespace, name, 'merge', {
    spec: { template: { spec: { containers: [{ name: 'fluentd', image }] } } },
  });
}

export function imagesByNode(pods: readonly Stored<Pod>[]): Record<string, string> {
  return Object.fromEntries(pods.map((pod) => [pod.spec.nodeName ?? '?', pod.spec.containers[0]?.image ?? '']));
}
