// Everything of the cluster that works through the API: the controllers and the nodes. One list; each gets
// a client, a logger and an event recorder of its own. One signal stops them all.
import type { Duplex } from 'node:stream';
import {
  type MisbehaviourRule,
  type SimulatedFleet,
  startContainerdNode,
  startSimulatedFleet,
} from '../agent/index.ts';
import type { Component } from '../apiserver/index.ts';
import { type Client, type ControllerContext, eventSink, type ServedResources } from '../client/index.ts';
import { runDaemonSetController } from '../controllers/daemonset/index.ts';
import { runDisruption } from '../controllers/disruption/index.ts';
import { runGarbageCollector } from '../controllers/garbage-collector/index.ts';
import { runNamespaces } from '../controllers/namespaces/index.ts';
import { runNodeLifecycle } from '../controllers/node-lifecycle/index.ts';
import { runPodGc } from '../controllers/pod-gc/index.ts';
import { runScheduler } from '../controllers/scheduler/index.ts';
import { runServiceAccounts } from '../controllers/service-accounts/index.ts';
import {
  type Clock,
  createEventRecorder,
  type EventRecorder,
  type Random,
  type RunningController,
} from '../machinery/index.ts';
import type { Logger } from '../observe/index.ts';
import type { ControllerName } from './controller-selection.ts';
import type { MachineNode } from './machine-node.ts';

export interface PartsOptions {
  /** Each part acts as a user of its own, with the rights it needs (apiserver/auth/component-roles.ts). */
  readonly clientFor: (component: Component) => Client;
  /** Everything that can be owned, deleted with its namespace, and so on. */
  readonly resources: ServedResources;
  /** PEM of the cluster's authority, for kube-root-ca.crt. */
  readonly authority: string;
  /** Which controllers run. */
  readonly controllers: ReadonlySet<ControllerName>;
  readonly nodes: number;
  readonly rules: readonly MisbehaviourRule[];
  /** Makes this machine a node as well; its client acts as that node. */
  readonly machine?: MachineNode | undefined;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

export interface Parts {
  /** Every controller has its lists, every node is registered. */
  readonly ready: Promise<void>;
  /** Rejects when a part dies; never resolves. */
  readonly failed: Promise<never>;
  /** A connection to the agent of the simulated nodes. */
  readonly connectSimulated: () => Duplex;
  stop(): Promise<void>;
}

interface PartContext extends ControllerContext {
  readonly recorder: EventRecorder;
}

/** Named as upstream names them; the names stand in managedFields, events and the log. */
function startAll(
  options: PartsOptions,
  contextFor: (component: Component, client?: Client) => PartContext,
): { readonly parts: readonly RunningController[]; readonly fleet: SimulatedFleet } {
  const { resources, authority, nodes, rules, machine } = options;
  const starters: Readonly<Record<ControllerName, () => RunningController>> = {
    'namespace-controller': () => runNamespaces({ ...contextFor('namespace-controller'), resources }),
    'serviceaccount-controller': () =>
      runServiceAccounts({ ...contextFor('serviceaccount-controller'), rootCertificate: authority }),
    'garbage-collector-controller': () =>
      runGarbageCollector({ ...contextFor('generic-garbage-collector'), resources }),
    'node-lifecycle-controller': () => runNodeLifecycle(contextFor('node-controller')),
    'pod-garbage-collector-controller': () => runPodGc(contextFor('pod-garbage-collector')),
    'kube-scheduler': () => runScheduler(contextFor('default-scheduler')),
    'disruption-controller': () => runDisruption(contextFor('disruption-controller')),
    'daemonset-controller': () => runDaemonSetController(contextFor('daemonset-controller')),
  };
  const running = Object.entries(starters).filter(([name]) => options.controllers.has(name as ControllerName));
  const fleet = startSimulatedFleet({ ...contextFor('kubelet'), nodes, rules });
  const parts = [
    ...running.map(([, start]) => start()),
    fleet,
    ...(machine === undefined ? [] : [startContainerdNode({ ...machine, ...contextFor('kubelet', machine.client) })]),
  ];
  return { parts, fleet };
}

export function startParts(options: PartsOptions): Parts {
  const { clientFor, clock, random, log } = options;
  const controller = new AbortController();
  const { signal } = controller;
  const recorders: EventRecorder[] = [];
  const contextFor = (component: Component, client = clientFor(component)): PartContext => {
    const context = { client, clock, random, log: log.child({ component }), signal };
    const recorder = createEventRecorder({ ...context, component, sink: eventSink(client) });
    recorders.push(recorder);
    return { ...context, recorder };
  };
  const { parts, fleet } = startAll(options, contextFor);
  const failed = Promise.withResolvers<never>();
  for (const part of parts) part.stopped.catch(failed.reject);
  // Those who never look must not be crashed by it: close() rejects with it too.
  failed.promise.catch(() => undefined);
  return {
    ready: Promise.race([Promise.all(parts.map((part) => part.synced)).then(() => undefined), failed.promise]),
    failed: failed.promise,
    connectSimulated: fleet.connect,
    async stop() {
      controller.abort();
      await Promise.all([...parts, ...recorders].map((part) => part.stopped));
    },
  };
}
