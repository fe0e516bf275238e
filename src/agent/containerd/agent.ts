// One machine as a node: registers it, reports its health, and runs its pods in containers by way of a container runtime
// on a unix socket. All that matters is in the API and in the runtime: an agent that was killed finds its pods again and
// restarts none; one that is stopped leaves them running.
import { mkdir } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { Node } from '../../api/index.ts';
import type { ControllerContext } from '../../client/index.ts';
import {
  composeController,
  type EventRecorder,
  type Part,
  type RunningController,
  sleep,
} from '../../machinery/index.ts';
import { connectCri } from '../cri/index.ts';
import { ensureNetwork } from './cni.ts';
import type { NodeContext } from './context.ts';
import { checkHealth } from './node/health.ts';
import { measureMachine } from './node/machine.ts';
import { startRegistration } from './node/registration.ts';
import { createObjectReader } from './objects.ts';
import { startPodManager } from './pod-manager.ts';
import { createRuntimeReader } from './runtime.ts';

export const defaultContainerdSocket = '/run/containerd/containerd.sock';
const defaultPodCidr = '10.64.0.0/24';
/** While the runtime is away, its network is looked at again after this time. */
const networkRetryMs = 5_000;

export interface ContainerdNodeOptions extends ControllerContext {
  /** The runtime's unix socket. */
  readonly socketPath?: string;
  /** Where pods' volumes and files lie; kept from run to run. Absolute. */
  readonly directory: string;
  /** The machine's host name when absent. */
  readonly nodeName?: string;
  readonly podCidr?: string;
  /** Where containers in the host's network reach the API server. */
  readonly apiServer?: { readonly host: string; readonly port: number };
  readonly recorder?: EventRecorder;
  /** /var/log of the host: pods/ and containers/ are made below it. */
  readonly logDirectory?: string;
}

export function startContainerdNode(options: ContainerdNodeOptions): RunningController {
  const { signal } = options;
  const cri = connectCri(options.socketPath ?? defaultContainerdSocket);
  signal.addEventListener('abort', () => cri.close(), { once: true });
  const name = 'containerd-node';
  const composed = start(options, cri).then((parts) => composeController(name, parts));
  const synced = composed.then((controller) => controller.synced);
  synced.catch(() => undefined);
  return { name, synced, stopped: composed.then((controller) => controller.stopped) };
}

/** A machine's host name as a node's name (kubelet: lower case). */
export function machineNodeName(): string {
  return hostname().toLowerCase();
}

async function start(options: ContainerdNodeOptions, cri: NodeContext['cri']): Promise<readonly Part[]> {
  const { client, clock, random, log, signal, directory, podCidr = defaultPodCidr } = options;
  const { nodeName = machineNodeName(), logDirectory = '/var/log', apiServer } = options;
  await mkdir(directory, { recursive: true, mode: 0o750 });
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
    paths: {
      root: directory,
      podLogs: join(logDirectory, 'pods'),
      containerLogs: join(logDirectory, 'containers'),
    },
    environment:
      apiServer === undefined
        ? {}
        : { KUBERNETES_SERVICE_HOST: apiServer.host, KUBERNETES_SERVICE_PORT: String(apiServer.port) },
    recorder: options.recorder,
  };
  const registration = startRegistration({
    ...context,
    podCidr,
    health: () => checkHealth(cri, directory, signal),
    runtimeVersion: () => runtimeVersion(context),
  });
  const network = { stopped: keepNetwork(context, podCidr) };
  try {
    // A pod is admitted by the node's labels as the API has them: the node comes first.
    await registration.synced;
  } catch (error) {
    if (!signal.aborted) throw error;
    return [registration, network];
  }
  const node = (): Node => ({ ...registration.node!, status: { allocatable: machine.allocatable } });
  return [registration, network, startPodManager(context, node)];
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
async function keepNetwork({ cri, clock, log, signal }: NodeContext, podCidr: string): Promise<void> {
  while (!signal.aborted) {
    try {
      await ensureNetwork(cri, podCidr, log, signal);
      return;
    } catch (error) {
      if (signal.aborted) return;
      log.warn('the network is not set up', { error, retryAfterMs: networkRetryMs });
    }
    await sleep(clock, networkRetryMs, signal).catch(() => undefined);
  }
}
