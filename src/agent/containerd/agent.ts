// One machine as a node: registers it, reports its health, and runs its pods in containers by way of a container runtime
// on a unix socket. All that matters is in the API and in the runtime: an agent that was killed finds its pods again and
// restarts none; one that is stopped leaves them running.
import { hostname } from 'node:os';
import { join } from 'node:path';
import { isReason, type Node, resources } from '../../api/index.ts';
import type { ControllerContext } from '../../client/index.ts';
import {
  composeController,
  type EventRecorder,
  makeDirectory,
  type Part,
  referenceTo,
  type RunningController,
  sleep,
} from '../../machinery/index.ts';
import { connectCri } from '../cri/index.ts';
import { createKubeletApi, type KubeletTls } from '../kubelet-api/index.ts';
import { isSimulated } from '../simulated/index.ts';
import { ensureNetwork } from './cni.ts';
import type { NodeContext } from './context.ts';
import { startHousekeeping } from './housekeeping/housekeeping.ts';
import { checkHealth } from './node/health.ts';
import { lockNode, NodeStartError } from './node/machine-lock.ts';
import { measureMachine } from './node/machine.ts';
import { startRegistration } from './node/registration.ts';
import { createObjectReader } from './objects.ts';
import type { Paths } from './paths.ts';
import { type PodLives, startPodManager } from './pod-manager.ts';
import { clearUnknownPod } from './pod-traces.ts';
import { createRuntimeReader } from './runtime.ts';
import { createPodStreams } from './streams.ts';

export const defaultContainerdSocket = '/run/containerd/containerd.sock';
/** What /var/lib/kubelet is to a kubelet: of the machine, not of one cluster, so that the next one can clear it. */
export const defaultNodeDirectory = '/var/lib/everynode';
/** Of the network that the agent sets up where a runtime has none; all nodes on that runtime share it. */
export const defaultPodCidr = '10.64.0.0/24';
/** While the runtime is away, its network is looked at again after this time. */
const networkRetryMs = 5_000;
const clearMsMax = 60_000;

export interface ContainerdNodeOptions extends ControllerContext {
  /** The runtime's unix socket. */
  readonly socketPath?: string;
  /** Where pods' volumes and files lie; kept from run to run. Absolute. */
  readonly directory: string;
  /** The machine's host name when absent. */
  readonly nodeName?: string;
  /** What the Node says of its pods' addresses; absent = nothing. */
  readonly podCidr?: string;
  /** Where containers in the host's network reach the API server. */
  readonly apiServer?: { readonly host: string; readonly port: number };
  /** With this the agent answers the API server: logs, exec, attach, port-forward. */
  readonly kubelet: KubeletTls;
  readonly recorder?: EventRecorder;
  /** /var/log of the host: pods/ and containers/ are made below it. */
  readonly logDirectory?: string;
  /** The cluster ends with this run: so do its pods. Else they go on, and the next run finds them. */
  readonly clearOnStop?: boolean;
}

export function startContainerdNode(options: ContainerdNodeOptions): RunningController {
  const name = 'containerd-node';
  const { socketPath = defaultContainerdSocket, nodeName = machineNodeName(), directory } = options;
  const cri = connectCri(socketPath);
  const locked = lockNode(socketPath, nodeName, directory);
  const composed = locked.then(() => start(options, cri)).then((parts) => composeController(name, parts));
  const run = async (): Promise<void> => {
    try {
      await (await composed).stopped;
      if (options.clearOnStop === true) await clearAll(options, cri);
    } finally {
      cri.close();
      await locked.then(
        (lock) => lock.release(),
        () => undefined,
      );
    }
  };
  const synced = composed.then((controller) => controller.synced);
  synced.catch(() => undefined);
  return { name, synced, stopped: run() };
}

/** The node will not come back: nothing of it stays behind. */
async function clearAll(options: ContainerdNodeOptions, cri: NodeContext['cri']): Promise<void> {
  // The node's own signal has ended; this work has a deadline instead.
  const signal = AbortSignal.timeout(clearMsMax);
  const { nodeName = machineNodeName(), log } = options;
  const reader = createRuntimeReader(cri, nodeName);
  const context = { cri, paths: pathsOf(options) };
  try {
    const pods = await reader.list(signal);
    await Promise.all(
      [...pods.keys()].map(async (uid) => clearUnknownPod(context, uid, await reader.read(uid, signal), signal)),
    );
  } catch (error) {
    log.error('pods are left on this machine', { error });
  }
}

function pathsOf({ directory, logDirectory = '/var/log' }: ContainerdNodeOptions): Paths {
  return { root: directory, podLogs: join(logDirectory, 'pods'), containerLogs: join(logDirectory, 'containers') };
}

/** A machine's host name as a node's name (kubelet: lower case). */
export function machineNodeName(): string {
  return hostname().toLowerCase();
}

async function start(options: ContainerdNodeOptions, cri: NodeContext['cri']): Promise<readonly Part[]> {
  const { client, clock, random, log, signal, directory, podCidr } = options;
  const { nodeName = machineNodeName(), apiServer } = options;
  await makeDirectory(directory, 0o750);
  const machine = await measureMachine(directory);
  const context: NodeContext = {
    client,
    clock,
    random,
    log,
    signal,
    nodeName,
    cri,
    machine,
    reader: createRuntimeReader(cri, nodeName),
    objects: createObjectReader({ client, clock, log }),
    paths: pathsOf(options),
    environment:
      apiServer === undefined
        ? {}
        : { KUBERNETES_SERVICE_HOST: apiServer.host, KUBERNETES_SERVICE_PORT: String(apiServer.port) },
    recorder: options.recorder,
  };
  await refuseSimulated(context);
  const lives: PodLives = new Map();
  const streams = createPodStreams(context, lives);
  const kubelet = createKubeletApi({ ...context, runtime: streams });
  const registration = startRegistration({
    ...context,
    kubeletPort: await kubelet.listen(options.kubelet),
    ...(podCidr === undefined ? {} : { podCidr }),
    health: () => checkHealth(cri, directory, signal),
    runtimeVersion: () => runtimeVersion(context),
    tell: (node, reason, message) =>
      options.recorder?.record(referenceTo(resources.nodes, node), 'Normal', reason, message),
  });
  const network = { stopped: keepNetwork(context) };
  try {
    // A pod is admitted by the node's labels as the API has them: the node comes first.
    await registration.synced;
  } catch (error) {
    if (!signal.aborted) throw error;
    return [registration, network, kubelet];
  }
  const housekeeping = startHousekeeping({
    context,
    diskPressure: () => registration.diskPressure,
    running: () => [...lives.values()].filter(({ finished, leaving }) => !finished && !leaving),
    health: () => checkHealth(cri, directory, signal),
    failed(message) {
      const { node } = registration;
      if (node !== undefined)
        options.recorder?.record(referenceTo(resources.nodes, node), 'Warning', 'ImageGCFailed', message);
    },
  });
  const node = (): Node => {
    const known = registration.node!;
    return { ...known, status: { allocatable: machine.allocatable, conditions: known.status?.conditions ?? [] } };
  };
  return [registration, network, kubelet, housekeeping, startPodManager(context, node, lives, streams)];
}

/** A node has one agent: those that are simulated have theirs. @throws NodeStartError */
async function refuseSimulated({ client, nodeName, log, signal }: NodeContext): Promise<void> {
  try {
    if (!isSimulated(await client.get(resources.nodes, undefined, nodeName, { signal }))) return;
  } catch (error) {
    // Not there yet, or the API is away: registering goes on trying.
    if (!signal.aborted && !isReason(error, 'NotFound')) log.warn('the API cannot be asked for the node', { error });
    return;
  }
  throw new NodeStartError(`node ${nodeName} is a simulated node of this cluster: give this one another name`);
}

/** `containerd://1.6.20`; without the version while it does not answer. */
async function runtimeVersion({ cri, signal }: NodeContext): Promise<string> {
  try {
    const { runtimeName, runtimeVersion } = await cri.runtime.version({}, { signal });
    return `${runtimeName}://${runtimeVersion}`;
  } catch (error) {
    if (signal.aborted) throw error;
    return 'containerd://unknown';
  }
}

/** Sets the network up once the runtime answers. */
async function keepNetwork({ cri, clock, log, signal }: NodeContext): Promise<void> {
  while (!signal.aborted) {
    try {
      await ensureNetwork(cri, defaultPodCidr, log, signal);
      return;
    } catch (error) {
      if (signal.aborted) return;
      log.warn('the network is not set up', { error, retryAfterMs: networkRetryMs });
    }
    await sleep(clock, networkRetryMs, signal).catch(() => undefined);
  }
}
