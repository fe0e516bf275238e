// startCluster() with what a test wants: memory, any free port, no log, few decisions.
import { readFile } from 'node:fs/promises';
import { type MisbehaviourRule, parseMisbehaviourRule } from '../agent/index.ts';
import type { Client } from '../client/index.ts';
import { startCluster as start } from '../cluster/index.ts';
import { systemClock, systemRandom } from '../machinery/index.ts';
import { createLogger, type LogLevel, silentLogger } from '../observe/index.ts';

export interface TestClusterOptions {
  /** Simulated nodes that run pods: node-1 … node-N. Default 1. */
  readonly nodes?: number;
  /** How nodes and pods misbehave, in the words of `everynode up --simulate`. */
  readonly simulate?: readonly string[];
  /** Which of the cluster's controllers run, as kube-controller-manager's --controllers. Default: all. */
  readonly controllers?: readonly string[];
  /** What the cluster says goes to stderr from this level on. Default: it is silent. */
  readonly log?: LogLevel;
  /** Aborting it stops the start. */
  readonly signal?: AbortSignal;
}

export interface TestCluster extends AsyncDisposable {
  /** `https://127.0.0.1:40123` */
  readonly url: string;
  /** Of an administrator, as text: `kubeConfig.loadFromString(cluster.kubeconfig)`. */
  readonly kubeconfig: string;
  /** The same in a file that is there until the cluster is closed: `kubectl --kubeconfig …`. */
  readonly kubeconfigPath: string;
  /** The API without the network, as an administrator. Objects that come back are shared: never change them. */
  readonly client: Client;
  /** Stops everything and removes every file. Safe to call again. */
  close(): Promise<void>;
}

/** Resolves once the API server answers, the controllers have their lists and the nodes are registered. */
export async function startCluster(options: TestClusterOptions = {}): Promise<TestCluster> {
  const { nodes = 1, simulate = [], controllers, log, signal } = options;
  const rules: readonly MisbehaviourRule[] = simulate.map(parseMisbehaviourRule);
  const cluster = await start({
    nodes,
    rules,
    port: 0,
    clock: systemClock,
    random: systemRandom,
    log: log === undefined ? silentLogger : createLogger({ level: log }),
    ...(controllers === undefined ? {} : { controllers }),
    ...(signal === undefined ? {} : { signal }),
  });
  return {
    url: cluster.url,
    kubeconfig: await readFile(cluster.kubeconfigPath, 'utf8'),
    kubeconfigPath: cluster.kubeconfigPath,
    client: cluster.client,
    close: () => cluster.close(),
    [Symbol.asyncDispose]: () => cluster.close(),
  };
}
