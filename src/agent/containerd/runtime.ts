// What runs on this machine for this node, as the runtime tells it: which pods there are, and the containers of one.
// Reads only. Sandboxes and containers are found by labels, so that a restarted agent finds them again.
import type { RuntimeContainer } from '../../core/pod/index.ts';
import { type Cri, type CriContainerStatus, CriContainerState, isNotFound, PodSandboxState } from '../cri/index.ts';

/** The kubelet's labels (tools that look at the runtime know them), and one of ours: whose pods these are. */
export const runtimeLabels = {
  podName: 'io.kubernetes.pod.name',
  podNamespace: 'io.kubernetes.pod.namespace',
  podUid: 'io.kubernetes.pod.uid',
  containerName: 'io.kubernetes.container.name',
  node: 'everynode.dev/node',
} as const;

/** On containers: the image as the spec named it when they were made (a kubelet keeps a hash of it). */
export const imageAnnotation = 'everynode.dev/image';

export interface Sandbox {
  readonly id: string;
  readonly attempt: number;
  readonly ready: boolean;
}

export interface PodView {
  /** Newest first. */
  readonly sandboxes: readonly Sandbox[];
  readonly containers: readonly RuntimeContainer[];
}

export interface RuntimeReader {
  /** UID → a text that changes when anything of the pod does. */
  list(signal: AbortSignal): Promise<ReadonlyMap<string, string>>;
  read(uid: string, signal: AbortSignal): Promise<PodView>;
}

export function createRuntimeReader({ runtime }: Cri, nodeName: string): RuntimeReader {
  const ours = { [runtimeLabels.node]: nodeName };
  /** Ended containers do not change any more: they are asked for once. */
  const ended = new Map<string, RuntimeContainer>();

  const status = async (id: string, sandboxId: string, signal: AbortSignal): Promise<RuntimeContainer | undefined> => {
    const known = ended.get(id);
    if (known !== undefined) return known;
    try {
      const { status } = await runtime.containerStatus({ containerId: id }, { signal });
      if (status === undefined) return undefined;
      const container = viewOf(status, sandboxId);
      if (container.state === 'exited') ended.set(id, container);
      return container;
    } catch (error) {
      // Removed between the list and the question.
      if (isNotFound(error)) return undefined;
      throw error;
    }
  };

  return {
    async list(signal) {
      const filter = { labelSelector: ours };
      const [{ items }, { containers }] = await Promise.all([
        runtime.listPodSandbox({ filter }, { signal }),
        runtime.listContainers({ filter }, { signal }),
      ]);
      const parts = new Map<string, string[]>();
      const add = (uid: string, part: string) => {
        const list = parts.get(uid) ?? [];
        list.push(part);
        parts.set(uid, list);
      };
      for (const { id, state, labels } of items) add(labels[runtimeLabels.podUid] ?? '', `${id}=${state}`);
      for (const { id, state, labels } of containers) add(labels[runtimeLabels.podUid] ?? '', `${id}=${state}`);
      const present = new Set(containers.map(({ id }) => id));
      for (const id of ended.keys()) if (!present.has(id)) ended.delete(id);
      return new Map([...parts].map(([uid, list]) => [uid, list.toSorted().join(' ')]));
    },
    async read(uid, signal) {
      const filter = { labelSelector: { ...ours, [runtimeLabels.podUid]: uid } };
      const [{ items }, { containers }] = await Promise.all([
        runtime.listPodSandbox({ filter }, { signal }),
        runtime.listContainers({ filter }, { signal }),
      ]);
      const found = await Promise.all(containers.map(({ id, podSandboxId }) => status(id, podSandboxId, signal)));
      return {
        sandboxes: items
          .toSorted((a, b) => Number(b.createdAt - a.createdAt))
          .map(({ id, metadata, state }) => ({
            id,
            attempt: metadata?.attempt ?? 0,
            ready: state === PodSandboxState.SANDBOX_READY,
          })),
        containers: found.filter((container) => container !== undefined),
      };
    },
  };
}

const states: Readonly<Record<CriContainerState, RuntimeContainer['state']>> = {
  [CriContainerState.CONTAINER_CREATED]: 'created',
  [CriContainerState.CONTAINER_RUNNING]: 'running',
  [CriContainerState.CONTAINER_EXITED]: 'exited',
  [CriContainerState.CONTAINER_UNKNOWN]: 'unknown',
};

export function viewOf(status: CriContainerStatus, sandboxId: string): RuntimeContainer {
  const { id, metadata, state, imageRef, createdAt, startedAt, finishedAt, exitCode, reason, message, annotations } =
    status;
  return {
    id: `containerd://${id}`,
    name: metadata?.name ?? '',
    attempt: metadata?.attempt ?? 0,
    sandboxId,
    state: states[state] ?? 'unknown',
    imageId: imageRef,
    image: annotations[imageAnnotation] ?? '',
    createdMs: milliseconds(createdAt),
    startedMs: milliseconds(startedAt),
    finishedMs: milliseconds(finishedAt),
    exitCode,
    reason,
    message,
  };
}

function milliseconds(nanoseconds: bigint): number {
  return Number(nanoseconds / 1_000_000n);
}
