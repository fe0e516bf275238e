// startCluster(): store, API server, controllers and simulated nodes as one process. Puts the rooms together, starts
// them in order and stops them in the other; decides nothing.
import { once } from 'node:events';
import { defaultPodCidr, machineNodeName, type MisbehaviourRule, NodeStartError } from '../agent/index.ts';
import type { Resource } from '../api/index.ts';
import {
  type ApiListener,
  type Component,
  componentUser,
  createApiServer,
  mastersGroup,
  type User,
} from '../apiserver/index.ts';
import type { Client, ServedResources } from '../client/index.ts';
import type { Clock, Random } from '../machinery/index.ts';
import type { Logger } from '../observe/index.ts';
import { ensureCertificates, nodeClientCertificate } from './certificates.ts';
import { createCloser } from './closer.ts';
import { selectControllers } from './controller-selection.ts';
import { openDataDirectory } from './data-directory.ts';
import { ensureDefinitions } from './definitions.ts';
import { createInProcessClient } from './in-process-client.ts';
import { writeKubeconfig } from './kubeconfig.ts';
import { listen } from './listen.ts';
import { type EtcdAddress, openStore } from './open-store.ts';
import { machineNode } from './machine-node.ts';
import { createNodeConnections } from './node-connections.ts';
import { type Parts, startParts } from './parts.ts';
import { claimWithKeys } from './shared-keys.ts';
import { ClusterStartError } from './start-error.ts';
import { findResource } from './resource-finder.ts';

export interface ClusterOptions {
  /** Where everything is kept; absent = in memory, gone when the cluster is closed. */
  readonly dataDir?: string;
  /** Keeps the state there; several clusters on one etcd and prefix, with one authority, are the same cluster. */
  readonly etcd?: EtcdAddress;
  /** Simulated nodes to have: node-1 … node-N. */
  readonly nodes: number;
  /** Which controllers run, as kube-controller-manager's --controllers; absent = all. */
  readonly controllers?: readonly string[];
  /** How simulated pods and nodes misbehave. */
  readonly rules?: readonly MisbehaviourRule[];
  /** Makes this machine a node too, which runs its pods in containers: needs root and a container runtime. */
  readonly containerd?: ContainerdOptions;
  /** How long events are kept, ms; absent: an hour. */
  readonly eventTtlMs?: number;
  /** Address to listen on: a loopback one unless said otherwise. */
  readonly host?: string;
  /** Absent: the last run's, else 6443, else any free one. 0: any free one. */
  readonly port?: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** Aborting it stops the start; a cluster that has started is stopped by `close`. */
  readonly signal?: AbortSignal;
}

export interface ContainerdOptions {
  /** The runtime's unix socket; absent = containerd's own. */
  readonly socketPath?: string;
  /** Where volumes of pods lie; absent = /var/lib/everynode. */
  readonly directory?: string;
}

export interface Cluster {
  /** `https://127.0.0.1:6443` */
  readonly url: string;
  /** Of an administrator, mode 0600. */
  readonly kubeconfigPath: string;
  /** The API without the network, as an administrator. */
  readonly client: Client;
  /** Rejects when a part of the cluster dies, which no part does by design; never resolves. */
  readonly failed: Promise<never>;
  /** The served resource for what stands in a manifest. */
  findResource(apiVersion: string, kind: string): Resource | undefined;
  /** Stops everything: watches end, the store is flushed and closed, nothing is left open. */
  close(): Promise<void>;
}

const administrator: User = { name: 'everynode-admin', groups: [mastersGroup, 'system:authenticated'] };

/** Rejects with a ClusterStartError when what was asked for cannot be had; nothing is left running then. */
export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  const { clock, random, log, signal, host = '127.0.0.1' } = options;
  const closer = createCloser();
  try {
    const controllers = selectControllers(options.controllers ?? ['*']);
    const directory = await openDataDirectory(options.dataDir);
    closer.add(() => directory.close());
    const [certificates, store] = await Promise.all([
      ensureCertificates(directory.pkiPath, host, clock.now()),
      openStore({ etcd: options.etcd, path: directory.statePath, clock, log }),
    ]);
    closer.add(() => store.close());
    if (options.etcd !== undefined) await claimWithKeys(store, certificates, directory.pkiPath);
    signal?.throwIfAborted();

    const server = await createApiServer({
      store,
      clock,
      random,
      serviceAccountKey: certificates.serviceAccountKey,
      ...(options.eventTtlMs === undefined ? {} : { eventTtlMs: options.eventTtlMs }),
      failed: (error) => log.error('API server', { error }),
    });
    closer.add(() => server.close());
    await ensureDefinitions(server, { clock, log });
    signal?.throwIfAborted();
    const { kubeconfigPath } = directory;
    let parts: Parts | undefined;
    const connectNode = createNodeConnections({
      authority: certificates.authority.certificate,
      clientCertificate: () => nodeClientCertificate(directory.pkiPath, certificates.authority, clock.now()),
      simulated: () => parts?.connectSimulated(),
    });
    const listening = await listen(server, { host, port: options.port, certificates, kubeconfigPath, connectNode });
    closer.add(() => listening.close());
    const url = reachable(listening);
    await writeKubeconfig(kubeconfigPath, {
      url,
      authority: certificates.authority.certificate,
      client: certificates.admin,
    });

    const clientFor = (component: Component) => createInProcessClient(server, componentUser(component), component);
    const authority = certificates.authority.certificate;
    const { nodes, rules = [] } = options;
    const resources: ServedResources = {
      all: () => server.resources.all().filter(({ verbs }) => verbs.includes('list')),
      subscribe: (listener) => server.resources.subscribe(listener),
    };
    const machine =
      options.containerd === undefined
        ? undefined
        : await machineNode({
            ...options.containerd,
            nodeName: machineNodeName(),
            url,
            pkiPath: directory.pkiPath,
            authority: certificates.authority,
            podCidr: defaultPodCidr,
            // Of a cluster in memory nobody will ever know again what ran for it.
            clearOnStop: options.dataDir === undefined && options.etcd === undefined,
            clock,
            log,
          });
    if (machine !== undefined) closer.add(() => machine.client.close());
    const common = { clock, random, log };
    const started = startParts({ clientFor, resources, authority, controllers, nodes, rules, machine, ...common });
    parts = started;
    closer.add(() => started.stop());
    await (signal === undefined ? started.ready : Promise.race([started.ready, rejectedByAbort(signal)]));
    return {
      url,
      kubeconfigPath,
      client: createInProcessClient(server, administrator, 'everynode'),
      failed: started.failed,
      findResource: (apiVersion, kind) => findResource(server.resources, apiVersion, kind),
      close: () => closer.close(),
    };
  } catch (error) {
    await closer.close().catch((closing: unknown) => {
      // What could not start cannot stop either: it rejects with the same.
      if (closing !== error) throw closing;
    });
    if (error instanceof NodeStartError) throw new ClusterStartError(error.message, { cause: error });
    throw error;
  }
}

async function rejectedByAbort(signal: AbortSignal): Promise<never> {
  if (!signal.aborted) await once(signal, 'abort');
  throw signal.reason;
}

/** Listening on every address is no address to connect to: this machine's own is. */
function reachable({ host, port, url }: ApiListener): string {
  return host === '0.0.0.0' || host === '::' ? `https://127.0.0.1:${port}` : url;
}
