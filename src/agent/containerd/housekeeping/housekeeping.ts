// What a node does beside running pods so that it does not run out of something: rotates the logs of its containers,
// removes images that nothing uses, and ends pods that use too much. What ended containers leave is pod-traces.ts.
import { join } from 'node:path';
import { defaultImageGarbagePolicy, type Starved } from '../../../core/node/index.ts';
import { type Part, sleep } from '../../../machinery/index.ts';
import { CriContainerState, isNotFound } from '../../cri/index.ts';
import type { NodeHealth } from '../../node-report.ts';
import type { NodeContext } from '../context.ts';
import { diskSpace, imageDirectory } from '../node/disks.ts';
import { containerLogName, podLogDirectoryOf } from '../paths.ts';
import { runtimeLabels } from '../runtime.ts';
import { type Evictable, evictPods } from './evictions.ts';
import { createImageCollector } from './image-collector.ts';
import { defaultLogPolicy, rotateLog } from './log-rotation.ts';

/** A kubelet looks every ten seconds; a container that writes 100 MB a second is worth an earlier look. */
const logCheckMs = 1_000;
/** kubelet's ImageGCPeriod. */
const imageCheckMs = 300_000;
/** Under disk pressure, and until it is over. */
const pressedImageCheckMs = 10_000;
/** kubelet's monitoring interval of its eviction manager. */
const evictionCheckMs = 10_000;
/** Logs that are put aside at the same time. */
const logsInWorkMax = 4;

export interface HousekeepingOptions {
  readonly context: NodeContext;
  /** The node has said that its disk is full. */
  readonly diskPressure: () => boolean;
  /** Pods that run and have not been told to go. */
  readonly running: () => readonly Evictable[];
  readonly health: () => Promise<NodeHealth>;
  /** Too little could be freed: something to tell the administrator. */
  readonly failed: (message: string) => void;
}

export function startHousekeeping(options: HousekeepingOptions): Part {
  const { context, diskPressure, failed } = options;
  const { cri, clock, log, signal } = context;
  const images = createImageCollector({
    cri,
    clock,
    log,
    policy: defaultImageGarbagePolicy,
    disk: async () => diskSpace(await imageDirectory(cri, context.paths.root, signal)),
  });

  const keep = async (what: string, work: () => Promise<number>, retryMs: number): Promise<void> => {
    for (let trouble = false; !signal.aborted; ) {
      let againMs = retryMs;
      try {
        againMs = await work();
        trouble = false;
      } catch (error) {
        if (signal.aborted) return;
        // Said once: a runtime that is away is away for every look.
        if (!trouble) log.warn(`${what} failed`, { error });
        trouble = true;
      }
      await sleep(clock, againMs, signal).catch(() => undefined);
    }
  };

  let imagesDueMs = 0;
  const lookAtImages = async (): Promise<number> => {
    const pressed = diskPressure();
    if (pressed || clock.now() >= imagesDueMs) {
      imagesDueMs = clock.now() + imageCheckMs;
      const trouble = await images.collect(pressed, signal);
      if (trouble !== undefined) failed(trouble);
    }
    return pressedImageCheckMs;
  };

  let starved: ReadonlySet<Starved> = new Set();
  const lookAtPods = async (): Promise<number> => {
    starved = await evictPods(options, starved);
    return evictionCheckMs;
  };

  const parts = [
    keep('looking at what pods use', lookAtPods, evictionCheckMs),
    keep('rotating logs', () => rotateLogs(context).then(() => logCheckMs), logCheckMs),
    keep('clearing images', lookAtImages, pressedImageCheckMs),
  ];
  return { stopped: Promise.all(parts).then(() => undefined) };
}

async function rotateLogs({ cri, clock, log, nodeName, paths, signal }: NodeContext): Promise<void> {
  const filter = { labelSelector: { [runtimeLabels.node]: nodeName } };
  const { containers } = await cri.runtime.listContainers({ filter }, { signal });
  const running = containers.filter(({ state }) => state === CriContainerState.CONTAINER_RUNNING).values();
  const work = async () => {
    for (const { id, metadata, labels } of running) {
      const namespace = labels[runtimeLabels.podNamespace] ?? '';
      const [pod = '', uid = ''] = [labels[runtimeLabels.podName], labels[runtimeLabels.podUid]];
      const directory = podLogDirectoryOf(paths, namespace, pod, uid);
      const path = join(directory, containerLogName(metadata?.name ?? '', metadata?.attempt ?? 0));
      const reopen = () => cri.runtime.reopenContainerLog({ containerId: id }, { signal });
      try {
        await rotateLog(path, defaultLogPolicy, reopen, clock.now(), signal);
      } catch (error) {
        if (signal.aborted) throw error;
        // Ended or removed meanwhile; or this one log has trouble, and the others must not suffer for it.
        if (!isNotFound(error)) log.warn('a log could not be rotated', { log: path, error });
      }
    }
  };
  await Promise.all(Array.from({ length: logsInWorkMax }, work));
}
