// All pods of this node: who there is by the API and by the runtime, one life for each, and a queue that lets each look
// at itself when something happened. Decides nothing about a pod's containers.
import { type Node, type Pod, resources, type Stored } from '../../api/index.ts';
import { listWatch } from '../../client/index.ts';
import { refusedUnderPressure } from '../../core/node/index.ts';
import { isKnownToAgent, type Rejection } from '../../core/pod/index.ts';
import { nodeOffer } from '../../core/scheduling/index.ts';
import {
  composeController,
  createWorkQueue,
  type Part,
  referenceTo,
  sleep,
  startReflector,
} from '../../machinery/index.ts';
import { NodeRoom } from '../node-room.ts';
import { createPodWriter, type PodWriter } from '../pod-writer.ts';
import type { NodeContext, TellPod } from './context.ts';
import { PodLife } from './pod-life.ts';
import { clearUnknownPod, podsWithFiles } from './pod-traces.ts';
import type { PodStreams } from './streams.ts';
import { refuseUnsupported } from './unsupported.ts';

/** How often the runtime is asked what changed: it tells nothing by itself before containerd 1.7 (kubelet's PLEG: 1 s). */
const relistMs = 1_000;
/** Pods that are worked on at the same time. */
const podsInWorkMax = 16;

/** Who there is, by UID. */
export type PodLives = Map<string, PodLife>;

/**
 * @param node the Node as the API has it now, for admission.
 * @param lives filled here; others read it.
 * @param streams which end with their pods.
 */
export function startPodManager(
  context: NodeContext,
  node: () => Node,
  lives: PodLives,
  streams: Pick<PodStreams, 'end'>,
): Part {
  const { client, clock, log, random, signal, recorder, reader, nodeName } = context;
  const room = new NodeRoom();
  /** What the runtime said last, by pod UID. */
  let seen: ReadonlyMap<string, string> = new Map();
  let listed = false;

  const tell: TellPod = (pod, type, reason, message) =>
    recorder?.record(referenceTo(resources.pods, pod), type, reason, message);
  const writer: PodWriter = createPodWriter(context, (uid) => lives.get(uid));

  const queue = createWorkQueue<string>({
    clock,
    signal,
    concurrency: podsInWorkMax,
    async work(uid) {
      const life = lives.get(uid);
      if (life === undefined) {
        await clearStray(uid);
        return undefined;
      }
      const { againMs } = await life.sync();
      room.settle(uid, () => life.claims, !life.finished);
      if (life.finished) streams.end(uid);
      if (life.stopped) writer.consider(life, undefined);
      if (life.stopped && gone.has(uid)) forget(uid);
      return againMs === undefined ? undefined : { againAfterMs: Math.max(againMs, 1) };
    },
    onFailure: (uid, error, failures, retryAfterMs) =>
      log.warn('a pod could not be looked after', {
        pod: lives.get(uid)?.pod.metadata.name ?? uid,
        error,
        failures,
        retryAfterMs,
      }),
  });

  /** Pods that the API forgot while something of them may run. */
  const gone = new Set<string>();

  /** Pods of which an earlier run left files. */
  const left = new Set<string>();

  /** Known to this machine alone: of a cluster that was here before, or deleted while the agent was away. */
  const clearStray = async (uid: string): Promise<void> => {
    if (!listed || !(seen.has(uid) || left.has(uid))) return;
    log.info('clearing a pod that the API does not know', { uid });
    await clearUnknownPod(context, uid, await reader.read(uid, signal), signal);
    left.delete(uid);
  };

  const forget = (uid: string) => {
    lives.delete(uid);
    gone.delete(uid);
    streams.end(uid);
    queue.forget(uid);
    writer.forget(uid);
    context.objects.forget(uid);
  };

  const host = {
    wake: (uid: string) => queue.add(uid),
    grant: (pod: Stored<Pod>) => room.resize(pod, nodeOffer(node())),
    changed(uid: string) {
      const life = lives.get(uid);
      if (life !== undefined && !gone.has(uid)) writer.consider(life, undefined);
    },
  };

  const refusePressed = (pod: Pod): Rejection | undefined => {
    const message = refusedUnderPressure(pod, node().status?.conditions);
    return message === undefined ? undefined : { reason: 'Evicted', message };
  };

  const take = (pod: Stored<Pod>) => {
    const { uid } = pod.metadata;
    const known = lives.get(uid);
    if (known !== undefined) known.observe(pod);
    else {
      const over = pod.status?.phase === 'Failed' || pod.status?.phase === 'Succeeded';
      const ran = isKnownToAgent(pod) || seen.has(uid);
      const rejection =
        ran || over
          ? undefined
          : (refusePressed(pod) ?? refuseUnsupported(pod, context.machine) ?? room.check(pod, nodeOffer(node())));
      if (rejection !== undefined) tell(pod, 'Warning', rejection.reason, rejection.message);
      const life = new PodLife(context, host, tell, pod, rejection);
      lives.set(uid, life);
      room.settle(uid, () => life.claims, !life.finished);
    }
    queue.add(uid);
    host.changed(uid);
  };

  const relist = async (): Promise<void> => {
    const now = await reader.list(signal);
    const before = seen;
    seen = now;
    for (const [uid, state] of now) if (before.get(uid) !== state) queue.add(uid);
    for (const uid of before.keys()) if (!now.has(uid)) queue.add(uid);
  };

  /** A runtime that is away is said in the node's conditions; here it only means: ask again. */
  const watchRuntime = async (): Promise<void> => {
    for (let failed = false; !signal.aborted; ) {
      try {
        await relist();
        failed = false;
      } catch (error) {
        if (signal.aborted) return;
        if (!failed) log.warn('the runtime does not answer', { error });
        failed = true;
      }
      await sleep(clock, relistMs, signal).catch(() => undefined);
    }
  };

  const start = async (): Promise<readonly Part[]> => {
    // What runs must be known before pods are admitted: it was admitted once.
    await relist().catch((error: unknown) => {
      if (!signal.aborted) log.warn('the runtime does not answer', { error });
    });
    for (const uid of await podsWithFiles(context.paths)) left.add(uid);
    const source = listWatch(client, resources.pods, { fieldSelector: `spec.nodeName=${nodeName}` });
    const reflector = startReflector<Stored<Pod>, Stored<Pod>>({
      source,
      clock,
      random,
      log,
      signal,
      project: (pod) => (pod.spec.nodeName === nodeName ? pod : undefined),
      handlers: {
        replaced(pods) {
          listed = true;
          // Known pods first: a new one is admitted into the room that those leave.
          const isNew = (pod: Stored<Pod>) => (isKnownToAgent(pod) || seen.has(pod.metadata.uid) ? 0 : 1);
          for (const pod of pods.toSorted((a, b) => isNew(a) - isNew(b))) take(pod);
          for (const uid of [...seen.keys(), ...left]) if (!lives.has(uid)) queue.add(uid);
        },
        applied: take,
        removed({ metadata: { uid } }) {
          const life = lives.get(uid);
          if (life === undefined) return;
          if (life.stopped) {
            room.settle(uid, () => life.claims, false);
            forget(uid);
            return;
          }
          gone.add(uid);
          life.orphan();
          queue.add(uid);
        },
      },
    });
    return [reflector, { stopped: watchRuntime() }];
  };

  const parts = start();
  const composed = parts.then((list) => composeController('pods', [...list, queue, writer]));
  signal.addEventListener('abort', () => lives.forEach((life) => life.abandon()), { once: true });
  const synced = composed.then((controller) => controller.synced);
  synced.catch(() => undefined);
  return { synced, stopped: composed.then((controller) => controller.stopped) };
}
