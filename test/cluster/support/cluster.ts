// The cluster that these tests run on: one of their own (`everynode up`, without its DaemonSet controller), or the one
// of KUBECONFIG with EVERYNODE_CLUSTER=given (`npm run test:cluster`; docs/testing.md says what else may be given).
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import type { TestContext } from 'node:test';
import { promisify } from 'node:util';
import { startSimulatedFleet } from '../../../src/agent/index.ts';
import type { KubernetesList, Node, Stored } from '../../../src/api/index.ts';
import { createHttpClient, loadKubeconfig } from '../../../src/client/index.ts';
import { systemClock, systemRandom } from '../../../src/machinery/index.ts';
import { silentLogger } from '../../../src/observe/index.ts';
import { type EtcdServer, needsEtcd, startEtcd } from '../../../src/store/etcd/etcd-server.test-support.ts';
import { withoutDaemonSets } from '../../e2e/support/controller.ts';
import { temporaryDirectory, up } from '../../e2e/support/everynode.ts';
import { eventually } from '../../e2e/support/eventually.ts';
import { createKubectl, type Kubectl } from '../../e2e/support/kubectl.ts';

export interface Cluster {
  readonly kubectl: Kubectl;
  readonly kubeconfigPath: string;
  /** Of a run of its own, made for the test and gone after it. */
  readonly namespace: string;
  /** The greatest whole number that its API server keeps: Go's, or JavaScript's. */
  readonly greatestNumber: string;
  /** Nodes may be created and deleted: somebody plays them. */
  readonly simulated: boolean;
  /** How to restart the API server; absent: nobody said how. */
  readonly restartApiServer: (() => Promise<void>) | undefined;
  readonly restartEtcd: (() => Promise<void>) | undefined;
  /** The other DaemonSet controller, for takeover. */
  readonly other: { readonly start: () => Promise<void>; readonly stop: () => Promise<void> } | undefined;
  /** Names of the nodes that are there now. */
  nodes(): Promise<readonly string[]>;
}

const given = process.env.EVERYNODE_CLUSTER === 'given';
const nodesOfOwn = 3;
const lastingMs = 180_000;

export async function openCluster(context: TestContext): Promise<Cluster> {
  const found = given ? await givenCluster(context) : await ownCluster(context);
  const namespace = `everynode-test-${systemRandom.uuid().slice(0, 8)}`;
  const { kubectl } = found;
  await kubectl.run(['create', 'namespace', namespace]);
  context.after(async () => {
    await kubectl.attempt(['delete', 'namespace', namespace, '--wait=false']);
  });
  // Pods are refused before their namespace has this.
  await eventually('the service account of the namespace', () =>
    kubectl.run(['-n', namespace, 'get', 'serviceaccount', 'default']),
  );
  const nodes = async () => {
    const { items } = await kubectl.get<KubernetesList<Stored<Node>>>('nodes');
    return items.map(({ metadata }) => metadata.name).toSorted();
  };
  return { ...found, namespace, nodes };
}

type Found = Omit<Cluster, 'namespace' | 'nodes'>;

/** On a real etcd where there is one. The other DaemonSet controller is the one inside `everynode up`. */
async function ownCluster(context: TestContext): Promise<Found> {
  const dataDir = temporaryDirectory();
  const etcd = needsEtcd.skip === undefined ? await etcdFor(context) : undefined;
  const state = etcd === undefined ? [] : ['--etcd-servers', etcd.endpoint];
  const start = (args: readonly string[]) => up(context, { dataDir, nodes: nodesOfOwn, args: [...state, ...args] });
  let running = await start(withoutDaemonSets);
  const { url, kubectl, kubeconfigPath } = running;
  const again = async (signal: NodeJS.Signals, controllers: readonly string[]) => {
    await running.stop(signal);
    running = await start([...controllers, '--port', new URL(url).port]);
  };
  return {
    kubectl,
    kubeconfigPath,
    greatestNumber: String(Number.MAX_SAFE_INTEGER),
    simulated: true,
    restartApiServer: () => again('SIGKILL', withoutDaemonSets),
    restartEtcd:
      etcd &&
      (async () => {
        await etcd.kill();
        await etcd.start();
      }),
    other: { start: () => again('SIGINT', []), stop: () => again('SIGINT', withoutDaemonSets) },
  };
}

async function etcdFor(context: TestContext): Promise<EtcdServer> {
  const etcd = await startEtcd({ directory: temporaryDirectory() });
  context.after(() => etcd.kill());
  return etcd;
}

async function givenCluster(context: TestContext): Promise<Found> {
  const kubeconfigPath = process.env.KUBECONFIG;
  assert.ok(kubeconfigPath !== undefined, 'KUBECONFIG says which cluster');
  const kubectl = createKubectl(kubeconfigPath, temporaryDirectory());
  const simulated = Number(process.env.EVERYNODE_CLUSTER_SIMULATED_NODES ?? 0);
  if (simulated > 0) await simulateNodes(context, kubeconfigPath, simulated);
  const readyAgain = async () => {
    await eventually('the API server answers', () => kubectl.run(['get', '--raw', '/readyz']), lastingMs);
  };
  const restart = (command: string | undefined) =>
    command === undefined
      ? undefined
      : async () => {
          await shell(command);
          await readyAgain();
        };
  const { EVERYNODE_CLUSTER_OTHER_START: start, EVERYNODE_CLUSTER_OTHER_STOP: stop } = process.env;
  return {
    kubectl,
    kubeconfigPath,
    greatestNumber: String(2n ** 63n - 1n),
    simulated: simulated > 0,
    restartApiServer: restart(process.env.EVERYNODE_CLUSTER_RESTART_API_SERVER),
    restartEtcd: restart(process.env.EVERYNODE_CLUSTER_RESTART_ETCD),
    other:
      start === undefined || stop === undefined ? undefined : { start: () => shell(start), stop: () => shell(stop) },
  };
}

async function shell(command: string): Promise<void> {
  await promisify(execFile)('/bin/sh', ['-c', command], { timeout: lastingMs });
}

/** For a control plane without kubelets: our own simulated nodes, from this process. */
async function simulateNodes(context: TestContext, path: string, nodes: number): Promise<void> {
  const clock = systemClock;
  const connection = await loadKubeconfig({ path, clock });
  const client = createHttpClient({ ...connection, clock, userAgent: 'everynode-test-nodes' });
  const stop = new AbortController();
  const fleet = startSimulatedFleet({
    client,
    clock,
    random: systemRandom,
    log: silentLogger,
    signal: stop.signal,
    nodes,
  });
  context.after(async () => {
    stop.abort();
    await fleet.stopped;
    await client.close();
  });
  await fleet.synced;
}
