// Any number of simulated nodes in one object: it registers them, keeps them alive and runs their pods, as so many
// kubelets would look from outside. One watch of nodes, one of pods, one timer. All state that matters is in the API:
// a restarted fleet adopts what it finds and restarts nothing.
import { type Node, type Pod, resources, StatusError, type Stored } from '../../api/index.ts';
import { type ControllerContext, listWatch } from '../../client/index.ts';
import {
  composeController,
  createTimerHeap,
  createWorkQueue,
  type EventRecorder,
  ownClock,
  referenceTo,
  type RunningController,
  startReflector,
} from '../../machinery/index.ts';
import { createKubeletApi, type KubeletApi } from '../kubelet-api/index.ts';
import type { Capacity } from '../node-report.ts';
import { createPodWriter } from '../pod-writer.ts';
import { NodeNumbers, numberOfCidr } from './addresses.ts';
import { createHeartbeats } from './heartbeats.ts';
import {
  behaviourOf,
  isDead,
  type MisbehaviourRule,
  parseBehaviour,
  RuleError,
  simulateAnnotation,
} from './misbehaviour.ts';
import { defaultCapacity, isSimulated } from './node-object.ts';
import { nodeNames, registerNodes } from './registration.ts';
import { type PodBehaviour, SimulatedNode } from './simulated-node.ts';
import type { SimulatedPod } from './simulated-pod.ts';
import { createSimulatedRuntime } from './simulated-runtime.ts';

export interface SimulatedFleetOptions extends ControllerContext {
  /** How many (node-1 … node-N), or which: registered unless they once were. */
  readonly nodes: number | readonly string[];
  readonly rules?: readonly MisbehaviourRule[];
  readonly recorder?: EventRecorder;
  /** What each node offers. */
  readonly capacity?: Capacity;
  /** How long a container takes to start, at least and at most. */
  readonly startMs?: { readonly min: number; readonly max: number };
  /** How long a pod takes to stop; never longer than its grace period. */
  readonly stopMs?: number;
}

const defaultStartMs = { min: 100, max: 400 };
const defaultStopMs = 200;

interface Place {
  readonly node: SimulatedNode;
  readonly pod: SimulatedPod;
}

export interface SimulatedFleet extends RunningController {
  /** A connection to what would be the kubelet of every simulated node. */
  readonly connect: KubeletApi['connect'];
}

export function startSimulatedFleet(given: SimulatedFleetOptions): SimulatedFleet {
  // Simulated machines have clocks of their own: who sets this one's holds up no pod of theirs.
  const options = { ...given, clock: ownClock(given.clock) };
  const { client, clock, random, log, signal, recorder, rules = [], capacity = defaultCapacity } = options;
  const { startMs = defaultStartMs, stopMs = defaultStopMs } = options;
  const nodes = new Map<string, SimulatedNode>();
  const numbers = new NodeNumbers();
  const places = new Map<string, Place>();
  /** Pods bound to any node, simulated or not (yet). */
  const bound = new Map<string, Map<string, Stored<Pod>>>();
  const heartbeats = createHeartbeats(options, capacity);
  const common = { clock, random, log, signal };

  /** What an object's own annotation asks for. One that cannot be read says so in an event, and asks for nothing. */
  const ownOf = (resource: typeof resources.pods | typeof resources.nodes, object: Stored<Pod> | Stored<Node>) => {
    const text = object.metadata.annotations?.[simulateAnnotation];
    if (text === undefined) return undefined;
    try {
      return parseBehaviour(text);
    } catch (error) {
      if (!(error instanceof RuleError)) throw error;
      const message = `${simulateAnnotation}: ${error.message}`;
      recorder?.record(referenceTo(resource, object), 'Warning', 'InvalidSimulation', message);
      return undefined;
    }
  };

  const behaviour: PodBehaviour = {
    stopMs,
    startMs: () => startMs.min + random.next() * (startMs.max - startMs.min),
    newContainerId: () => random.uuid().replaceAll('-', ''),
    behaviourOf(pod, image) {
      const { namespace = '', name } = pod.metadata;
      const nodeName = pod.spec.nodeName ?? '';
      const own = { ...nodes.get(nodeName)?.own, ...ownOf(resources.pods, pod) };
      return behaviourOf(rules, { namespace, name, nodeName }, image, own);
    },
  };

  const timers = createTimerHeap<string>(clock, (uid) => {
    const place = places.get(uid);
    if (place !== undefined) advance(place);
  });

  const writer = createPodWriter(options, (uid) => {
    const place = places.get(uid);
    if (place === undefined || place.node.dead) return undefined;
    place.pod.advance(clock.now());
    return place.pod;
  });

  /** Lets the pod live up to now, and sees to it that it is heard of. */
  const advance = ({ node, pod }: Place) => {
    if (node.dead) return;
    const { events, nextMs } = pod.advance(clock.now());
    node.settle(pod);
    const { uid } = pod.pod.metadata;
    if (nextMs === undefined) timers.delete(uid);
    else timers.set(uid, nextMs);
    for (const { type, reason, message } of events)
      recorder?.record(referenceTo(resources.pods, pod.pod), type, reason, message);
    writer.consider(pod, nextMs);
  };

  const take = (node: SimulatedNode, object: Stored<Pod>) => {
    if (node.dead) return;
    const { uid } = object.metadata;
    const pod = node.take(object, behaviour, clock.now());
    const place = { node, pod };
    if (!places.has(uid) && pod.rejection !== undefined)
      recorder?.record(referenceTo(resources.pods, object), 'Warning', pod.rejection.reason, pod.rejection.message);
    places.set(uid, place);
    advance(place);
  };

  const forgetPod = ({ metadata: { uid } }: Stored<Pod>) => {
    places.get(uid)?.node.forget(uid);
    places.delete(uid);
    timers.delete(uid);
    writer.forget(uid);
  };

  /** Known pods first: a new one is admitted into the room that those leave. */
  const takeAll = (node: SimulatedNode) => {
    const pods = [...(bound.get(node.name)?.values() ?? [])];
    const known = (pod: Stored<Pod>) => (pod.status?.startTime === undefined ? 1 : 0);
    for (const pod of pods.sort((a, b) => known(a) - known(b))) take(node, pod);
  };

  const join = (object: Stored<Node>) => {
    const number = numberOfCidr(object.spec?.podCIDR) ?? numbers.take();
    if (number === undefined) {
      log.error('no address is left for another simulated node', { node: object.metadata.name });
      return;
    }
    numbers.reserve(number);
    const node = new SimulatedNode(object, number, capacity);
    node.own = ownOf(resources.nodes, object);
    node.dead = isDead(rules, node.name, node.own);
    nodes.set(node.name, node);
    heartbeats.start(node);
    if (!node.dead && node.missing !== undefined) adoptions.add(node.name);
    if (!node.dead && node.mustPostStatus) heartbeats.postStatus(node);
    takeAll(node);
  };

  const leave = (name: string) => {
    const node = nodes.get(name);
    if (node === undefined) return;
    nodes.delete(name);
    numbers.release(node.number);
    heartbeats.stop(name);
    for (const { pod } of node.pods.values()) forgetPod(pod);
  };

  const change = (node: SimulatedNode, object: Stored<Node>) => {
    const before = node.node.metadata.annotations?.[simulateAnnotation];
    node.observe(object);
    const turned = before !== object.metadata.annotations?.[simulateAnnotation];
    if (turned) node.own = ownOf(resources.nodes, object);
    node.dead = isDead(rules, node.name, node.own);
    if (node.dead) return;
    if (node.mustPostStatus) heartbeats.postStatus(node);
    if (turned) takeAll(node);
  };

  /** A node that was created by hand gets what a registration brings along. */
  const adoptions = createWorkQueue<string>({
    clock,
    signal,
    concurrency: 1,
    async work(name) {
      const patch = nodes.get(name)?.missing;
      if (patch !== undefined) await client.patch(resources.nodes, undefined, name, 'merge', patch, { signal });
    },
    onFailure: (node, error) => log.warn('labelling a node failed', { node, error }),
  });

  const nodeReflector = startReflector({
    ...common,
    source: listWatch(client, resources.nodes),
    project: (node) => (isSimulated(node) ? node : undefined),
    handlers: {
      replaced(list) {
        // Every number that is in use must be known before the first new one is given out.
        for (const { spec } of list) {
          const number = numberOfCidr(spec?.podCIDR);
          if (number !== undefined) numbers.reserve(number);
        }
        for (const node of list) join(node);
      },
      applied(object) {
        const node = nodes.get(object.metadata.name);
        if (node === undefined) join(object);
        else change(node, object);
      },
      removed: ({ metadata }) => leave(metadata.name),
    },
  });

  const podReflector = startReflector({
    ...common,
    source: listWatch(client, resources.pods),
    project: (pod) => ((pod.spec.nodeName ?? '') === '' ? undefined : pod),
    handlers: {
      replaced(list) {
        for (const pod of list) remember(pod);
        for (const node of nodes.values()) takeAll(node);
      },
      applied(pod) {
        remember(pod);
        const node = nodes.get(pod.spec.nodeName!);
        if (node !== undefined) take(node, pod);
      },
      removed(pod) {
        forgetPod(pod);
        const onNode = bound.get(pod.spec.nodeName!);
        onNode?.delete(pod.metadata.uid);
        if (onNode?.size === 0) bound.delete(pod.spec.nodeName!);
      },
    },
  });

  const remember = (pod: Stored<Pod>) => {
    const name = pod.spec.nodeName!;
    const onNode = bound.get(name) ?? new Map<string, Stored<Pod>>();
    bound.set(name, onNode.set(pod.metadata.uid, pod));
  };

  const registered = Promise.withResolvers<void>();
  registered.promise.catch(() => undefined);
  const registration = createWorkQueue<'register'>({
    clock,
    signal,
    concurrency: 1,
    async work() {
      await registerNodes(options, nodeNames(options.nodes), numbers, capacity);
      registered.resolve();
    },
    onFailure: (_, error, failures, retryAfterMs) =>
      log.warn('registering the simulated nodes failed', { error, failures, retryAfterMs }),
  });
  void nodeReflector.synced.then(
    () => registration.add('register'),
    (reason: unknown) => registered.reject(reason),
  );
  signal.addEventListener(
    'abort',
    () => {
      timers.clear();
      registered.reject(signal.reason);
    },
    { once: true },
  );

  const runtime = createSimulatedRuntime(clock, ({ namespace, pod: name }) => {
    const all = [...bound.values()].flatMap((onNode) => [...onNode.values()]);
    const pod = all.find(({ metadata }) => metadata.name === name && metadata.namespace === namespace);
    const node = nodes.get(pod?.spec.nodeName ?? '');
    if (pod === undefined || node === undefined) return undefined;
    if (node.dead) throw new StatusError('ServiceUnavailable', `node ${node.name} cannot be asked: it plays dead`);
    const { uid } = pod.metadata;
    return { pod, status: () => (node.dead ? undefined : places.get(uid)?.pod.status(clock.now())) };
  });
  const kubelet = createKubeletApi({ runtime, clock, log, signal });
  const parts = composeController('simulated-fleet', [
    nodeReflector,
    podReflector,
    heartbeats,
    writer,
    adoptions,
    { synced: registered.promise, stopped: registration.stopped },
    kubelet,
  ]);
  return { ...parts, connect: () => kubelet.connect() };
}
