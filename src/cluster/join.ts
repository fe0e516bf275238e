// joinNode(): one more node for a cluster that runs on this machine, in a process of its own. Whoever can read the
// cluster's folder may make a node of it: its authority's key lies there.
import { join, resolve } from 'node:path';
import { NodeStartError, startContainerdNode } from '../agent/index.ts';
import { eventSink } from '../client/index.ts';
import { type Clock, createEventRecorder, type Random } from '../machinery/index.ts';
import type { Logger } from '../observe/index.ts';
import { readAuthority } from '../pki/index.ts';
import { createCloser } from './closer.ts';
import { clusterPaths, rememberedServer } from './data-directory.ts';
import { machineNode } from './machine-node.ts';
import { ClusterStartError } from './start-error.ts';

export interface JoinOptions {
  /** Where `everynode up` keeps its cluster. */
  readonly dataDir: string;
  readonly nodeName: string;
  /** The runtime's unix socket; absent = containerd's own. */
  readonly socketPath?: string;
  /** Where volumes of pods lie; absent = a directory of this node alone in /var/lib. */
  readonly directory?: string;
  /** Its pods end with this run; else they go on, and the next run finds them. */
  readonly clearOnStop: boolean;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** Aborting it stops the start; a node that has joined is stopped by `close`. */
  readonly signal: AbortSignal;
}

export interface JoinedNode {
  /** Of the API server. */
  readonly url: string;
  /** Rejects when the agent dies, which it does not by design; never resolves. */
  readonly failed: Promise<never>;
  close(): Promise<void>;
}

/** Resolves once the node has registered, however long the API server is away. Rejects with a ClusterStartError. */
export async function joinNode(options: JoinOptions): Promise<JoinedNode> {
  const { nodeName, clock, random, log, socketPath, clearOnStop } = options;
  const place = resolve(options.dataDir);
  const { pkiPath, kubeconfigPath } = clusterPaths(place);
  const url = await rememberedServer(kubeconfigPath);
  const authority = await readAuthority(pkiPath);
  if (url === undefined || authority === undefined)
    throw new ClusterStartError(`there is no cluster in ${place}: start one there with 'everynode up'`);

  const closer = createCloser();
  const stop = new AbortController();
  const directory = options.directory ?? join('/var/lib', `everynode-${nodeName}`);
  const whoAndWhere = { nodeName, url, pkiPath, authority, socketPath, directory };
  const machine = await machineNode({ ...whoAndWhere, clearOnStop, clock, log });
  closer.add(() => machine.client.close());
  const context = { client: machine.client, clock, random, log, signal: stop.signal };
  const recorder = createEventRecorder({ ...context, component: 'kubelet', sink: eventSink(machine.client) });
  const node = startContainerdNode({ ...machine, ...context, recorder });
  closer.add(async () => {
    stop.abort();
    await Promise.all([node.stopped, recorder.stopped]);
  });
  const failed = Promise.withResolvers<never>();
  node.stopped.catch(failed.reject);
  failed.promise.catch(() => undefined);
  const { signal } = options;
  const aborted = Promise.withResolvers<never>();
  const abort = () => aborted.reject(signal.reason);
  if (signal.aborted) abort();
  else signal.addEventListener('abort', abort, { once: true });
  try {
    await Promise.race([node.synced, failed.promise, aborted.promise]);
  } catch (error) {
    await closer.close().catch((closing: unknown) => {
      // What could not start cannot stop either: it rejects with the same.
      if (closing !== error) throw closing;
    });
    if (error instanceof NodeStartError) throw new ClusterStartError(error.message, { cause: error });
    throw error;
  } finally {
    signal.removeEventListener('abort', abort);
  }
  return { url, failed: failed.promise, close: () => closer.close() };
}
