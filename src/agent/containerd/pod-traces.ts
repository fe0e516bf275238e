// What pods leave behind in the runtime and on the host, and taking it away.
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Pod, Stored } from '../../api/index.ts';
import type { ContainerRecord, RuntimeContainer } from '../../core/pod/index.ts';
import { isNotFound, isWrongState } from '../cri/index.ts';
import type { NodeContext } from './context.ts';
import { removeLog } from './housekeeping/log-rotation.ts';
import { bareId, containerLogLink, containerLogName, type Paths, podLogDirectory, podsDirectory } from './paths.ts';
import type { PodView } from './runtime.ts';
import { removePodDirectory } from './volumes/set-up.ts';

type Traces = Pick<NodeContext, 'cri' | 'paths'>;

/** Ended containers of each name that are kept, for `kubectl logs --previous` (kubelet's MaxPerPodContainerCount). */
const endedContainersMax = 1;
const unknownGraceSeconds = 5;

/** Removes what an interrupted start left, and ended containers beyond the newest. */
export async function removeLeftovers(
  context: NodeContext,
  pod: Stored<Pod>,
  { containers, sandboxes }: PodView,
  records: readonly ContainerRecord[],
  signal: AbortSignal,
): Promise<void> {
  const current = new Set(
    records.map(({ attempt }) =>
      attempt.is === 'running' ? attempt.containerId : attempt.is === 'exited' ? attempt.exit.containerId : '',
    ),
  );
  const ended = new Map<string, number>();
  for (const container of containers.toSorted((a, b) => b.attempt - a.attempt)) {
    if (current.has(container.id) || container.state === 'running') continue;
    const kept = ended.get(container.name) ?? 0;
    if (hasRun(container) && kept < endedContainersMax) {
      ended.set(container.name, kept + 1);
      continue;
    }
    await removeContainer(context, container.id, signal);
    await rm(containerLogLink(context.paths, pod, container.name, container.id), { force: true });
    // An interrupted start, begun again: the log is another's now.
    if (containers.some((other) => other !== container && isSameAttempt(other, container))) continue;
    // Its log and what was put aside of it go too (kubelet's removeContainerLog): nobody can ask for them any more.
    await removeLog(join(podLogDirectory(context.paths, pod), containerLogName(container.name, container.attempt)));
  }
  // Of a pod whose sandbox was lost; the newest stays, ready or not (kubelet's evictSandboxes).
  for (const { id, ready } of sandboxes.slice(1)) {
    if (ready || containers.some(({ sandboxId }) => sandboxId === id)) continue;
    await ignoreMissing(context.cri.runtime.stopPodSandbox({ podSandboxId: id }, { signal }));
    await ignoreMissing(context.cri.runtime.removePodSandbox({ podSandboxId: id }, { signal }));
  }
}

function isSameAttempt(a: RuntimeContainer, b: RuntimeContainer): boolean {
  return a.name === b.name && a.attempt === b.attempt;
}

/** The link to the log of a container of whose pod nobody knows more. */
async function removeLogLink({ paths }: Traces, id: string): Promise<void> {
  const suffix = `-${bareId(id)}.log`;
  for (const name of await namesIn(paths.containerLogs))
    if (name.endsWith(suffix)) await rm(join(paths.containerLogs, name), { force: true });
}

/** Takes the network and the namespaces away; what ran in them must have ended. */
export async function stopSandboxes({ cri }: Traces, { sandboxes }: PodView, signal: AbortSignal): Promise<void> {
  for (const { id } of sandboxes) await ignoreMissing(cri.runtime.stopPodSandbox({ podSandboxId: id }, { signal }));
}

/** Everything: containers, sandboxes, logs, volumes. What tells of others goes after them, should the agent die halfway. */
export async function clearPod(
  context: NodeContext,
  pod: Stored<Pod>,
  view: PodView,
  signal: AbortSignal,
): Promise<void> {
  const { paths } = context;
  for (const { id, name } of view.containers) await rm(containerLogLink(paths, pod, name, id), { force: true });
  await clearRuntime(context, view, signal);
  await rm(podLogDirectory(paths, pod), { recursive: true, force: true });
  await removePodDirectory(paths, pod.metadata.uid, signal);
}

/** UIDs of the pods that have a directory: those that run, and what an earlier run could not clear away. */
export function podsWithFiles(paths: Paths): Promise<readonly string[]> {
  return namesIn(podsDirectory(paths));
}

/** A pod of which only the runtime still knows, or its directory. */
export async function clearUnknownPod(context: Traces, uid: string, view: PodView, signal: AbortSignal): Promise<void> {
  const { cri, paths } = context;
  // Nobody remembers its grace period; TERM it gets all the same.
  const timeout = BigInt(unknownGraceSeconds);
  await Promise.all(
    view.containers
      .filter(({ state }) => state === 'running')
      .map(({ id }) => ignoreMissing(cri.runtime.stopContainer({ containerId: bareId(id), timeout }, { signal }))),
  );
  await stopSandboxes(context, view, signal);
  for (const { id } of view.containers) await removeLogLink(context, id);
  await clearRuntime(context, view, signal);
  for (const name of await namesIn(paths.podLogs))
    if (name.endsWith(`_${uid}`)) await rm(join(paths.podLogs, name), { recursive: true, force: true });
  await removePodDirectory(paths, uid, signal);
}

/** Ended, after it had begun: it may have a log. */
function hasRun({ state, startedMs }: RuntimeContainer): boolean {
  return state === 'exited' && startedMs > 0;
}

async function removeContainer({ cri }: Traces, id: string, signal: AbortSignal): Promise<void> {
  const containerId = bareId(id);
  const remove = () => ignoreMissing(cri.runtime.removeContainer({ containerId }, { signal }));
  try {
    await remove();
  } catch (error) {
    if (signal.aborted || !isWrongState(error)) throw error;
    // Its start was cut off, and something of it is still there.
    await cri.endTask(containerId, signal);
    await remove();
  }
}

async function clearRuntime(context: Traces, { sandboxes, containers }: PodView, signal: AbortSignal): Promise<void> {
  const { cri } = context;
  for (const { id } of containers) await removeContainer(context, id, signal);
  for (const { id } of sandboxes) await ignoreMissing(cri.runtime.removePodSandbox({ podSandboxId: id }, { signal }));
}

async function ignoreMissing(call: Promise<unknown>): Promise<void> {
  try {
    await call;
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}

async function namesIn(directory: string): Promise<readonly string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
