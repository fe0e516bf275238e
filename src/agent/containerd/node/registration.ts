// The Node object of this machine, its lease and its heartbeats: made on the first start, kept on every other. What
// others put on it (labels, taints) stays.
import { type Condition, findCondition, isReason, type Node, resources, type Stored } from '../../../api/index.ts';
import type { ControllerContext } from '../../../client/index.ts';
import { createTimerHeap, createWorkQueue, type Part, steadyClock, steadyNow } from '../../../machinery/index.ts';
import { kubeletVersion, leaseOf, type NodeHealth, nodeConditions } from '../../node-report.ts';
import { renewLease } from '../../renew-lease.ts';
import type { MachineFacts } from '../context.ts';
import { architecture, identifyMachine } from './machine.ts';

/** A quarter of the lease's duration, as the kubelet does. */
const leaseRenewMs = 10_000;
/** How often health is looked at; it is posted when it changed, else every statusPostMs. */
const healthCheckMs = 10_000;
/** While the node is not ready, so that a network that comes up is not waited for (kubelet's fast status update). */
const unreadyCheckMs = 500;
/** --node-status-report-frequency */
const statusPostMs = 300_000;

type Beat = 'lease' | 'status';

export interface RegistrationOptions extends Pick<ControllerContext, 'client' | 'clock' | 'log' | 'signal'> {
  readonly nodeName: string;
  readonly machine: MachineFacts;
  readonly podCidr?: string;
  /** Where the API server finds the agent. */
  readonly kubeletPort: number;
  /** `containerd://1.6.20` */
  runtimeVersion(): Promise<string>;
  health(): Promise<NodeHealth>;
  /** Something changed about the node: an event. */
  readonly tell?: (node: Stored<Node>, reason: string, message: string) => void;
}

export interface Registration extends Part {
  /** Resolves once the node is registered and has reported. */
  readonly synced: Promise<void>;
  /** The node as the API had it last; undefined before it is registered. */
  readonly node: Stored<Node> | undefined;
  /** As measured last. */
  readonly diskPressure: boolean;
}

export function startRegistration(options: RegistrationOptions): Registration {
  const { client, clock, log, signal, nodeName } = options;
  const reported = Promise.withResolvers<void>();
  reported.promise.catch(() => undefined);
  let node: Stored<Node> | undefined;
  let leaseExists = false;
  let ready = false;
  let diskPressure = false;
  let postedMs = Number.NEGATIVE_INFINITY;
  const failing = new Set<Beat>();

  const register = async (): Promise<Stored<Node>> => {
    try {
      return await client.get(resources.nodes, undefined, nodeName, { signal });
    } catch (error) {
      if (!isReason(error, 'NotFound')) throw error;
      return await client.create(resources.nodes, registrationOf(options), { signal });
    }
  };

  const post = async (): Promise<void> => {
    // Asked for each time: somebody may have declared the node lost meanwhile, and must hear that it is not.
    node = await register();
    const now = clock.now();
    const health = await options.health();
    ready = health.unready === undefined;
    diskPressure = health.diskPressure === true;
    const conditions = nodeConditions(node.status?.conditions, health, now);
    const stands = conditions.every(({ type, status, message }) => {
      const standing = findCondition(node?.status?.conditions, type);
      return standing?.status === status && standing.message === message;
    });
    // The first report of a run is always made: what the node offers may be another now.
    if (stands && steadyNow(clock) - postedMs < statusPostMs) return;
    const runtime = await options.runtimeVersion();
    const patch = {
      metadata: { uid: node.metadata.uid },
      status: {
        capacity: options.machine.capacity,
        allocatable: options.machine.allocatable,
        conditions,
        addresses: [
          { type: 'InternalIP', address: options.machine.hostIP },
          { type: 'Hostname', address: nodeName },
        ],
        nodeInfo: await identifyMachine(runtime, kubeletVersion),
        daemonEndpoints: { kubeletEndpoint: { Port: options.kubeletPort } },
      },
    };
    const written = { subresource: 'status', signal };
    const before = node.status?.conditions;
    node = await client.patch(resources.nodes, undefined, nodeName, 'strategic', patch, written);
    if (postedMs === Number.NEGATIVE_INFINITY) options.tell?.(node, 'Starting', 'Starting kubelet.');
    for (const condition of conditions)
      if (findCondition(before, condition.type)?.status !== condition.status) tellChange(node, condition);
    if (health.unready !== undefined) log.warn('the node is not ready', { node: nodeName, why: health.unready });
    postedMs = steadyNow(clock);
    reported.resolve();
    if (!leaseExists) queue.add('lease');
  };

  const tellChange = (of: Stored<Node>, { type, status, reason = '' }: Condition) => {
    const ready = status === 'True' ? 'NodeReady' : 'NodeNotReady';
    const what = type === 'Ready' ? ready : reason.replace(/^Kubelet/, 'Node');
    options.tell?.(of, what, `Node ${nodeName} status is now: ${what}`);
  };

  const renew = async (): Promise<void> => {
    // Registering is the other beat's; the lease is the node's and comes after it.
    if (node === undefined) return;
    await renewLease(client, leaseOf(node, clock.now()), leaseExists, signal);
    leaseExists = true;
  };

  const queue = createWorkQueue<Beat>({
    clock,
    signal,
    concurrency: 2,
    async work(beat) {
      try {
        await (beat === 'lease' ? renew() : post());
        failing.delete(beat);
      } catch (error) {
        // Deleted by somebody, or made anew: a kubelet registers again when it starts; we do at once.
        if (!isReason(error, 'NotFound', 'Conflict')) throw error;
        node = undefined;
        leaseExists = false;
        throw error;
      }
    },
    onFailure(beat, error) {
      // Said once: an API server that is away is away for every beat.
      if (!failing.has(beat)) log.warn('telling of the node failed', { node: nodeName, beat, error });
      failing.add(beat);
    },
  });

  const timers = createTimerHeap<Beat>(steadyClock(clock), (beat) => {
    const periods = { lease: leaseRenewMs, status: ready ? healthCheckMs : unreadyCheckMs };
    timers.set(beat, steadyNow(clock) + periods[beat]);
    queue.add(beat);
  });
  timers.set('status', steadyNow(clock));
  timers.set('lease', steadyNow(clock));
  signal.addEventListener(
    'abort',
    () => {
      timers.clear();
      reported.reject(signal.reason);
    },
    { once: true },
  );
  return {
    synced: reported.promise,
    stopped: queue.stopped,
    get node() {
      return node;
    },
    get diskPressure() {
      return diskPressure;
    },
  };
}

function registrationOf({ nodeName, podCidr }: RegistrationOptions): Node {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name: nodeName,
      labels: {
        'kubernetes.io/hostname': nodeName,
        'kubernetes.io/os': 'linux',
        'kubernetes.io/arch': architecture(),
      },
    },
    spec: { ...(podCidr === undefined ? {} : { podCIDR: podCidr }), providerID: `everynode://containerd/${nodeName}` },
  };
}
