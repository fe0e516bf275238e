// The end of a pod's containers: preStop, TERM, and KILL when the grace period is over; sidecars after the others, the
// last one first (kubelet's killContainersWithSyncResult).
import { type Container, type Pod, type Stored } from '../../api/index.ts';
import type { RuntimeContainer } from '../../core/pod/index.ts';
import { isNotFound } from '../cri/index.ts';
import type { NodeContext, TellPod } from './context.ts';
import { runPreStop } from './hooks.ts';
import { bareId } from './paths.ts';

/** What is left after a preStop hook that took it all; also what a sidecar gets at least (kubelet: 2 s). */
const graceMsMin = 2_000;
/** How much longer than the grace period the runtime may take. */
const slackMs = 60_000;

export interface StopOrder {
  readonly context: NodeContext;
  readonly pod: Stored<Pod>;
  readonly running: readonly RuntimeContainer[];
  /** When it is over with patience. */
  readonly deadlineMs: number;
  readonly address: string;
  readonly tell: TellPod;
  readonly signal: AbortSignal;
}

/** Resolves when none of them runs any more. */
export async function stopContainers(order: StopOrder): Promise<void> {
  const { pod, running } = order;
  const sidecars = (pod.spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always');
  const isSidecar = ({ name }: RuntimeContainer) => sidecars.some((sidecar) => sidecar.name === name);
  await Promise.all(
    running.filter((container) => !isSidecar(container)).map((container) => stopContainer(order, container)),
  );
  for (const { name } of sidecars.toReversed())
    for (const container of running.filter((container) => container.name === name))
      await stopContainer(order, container);
}

export async function stopContainer(
  { context, pod, deadlineMs, address, tell, signal }: Omit<StopOrder, 'running'>,
  { id, name }: Pick<RuntimeContainer, 'id' | 'name'>,
  message = `Stopping container ${name}`,
): Promise<void> {
  const { cri, clock } = context;
  tell(pod, 'Normal', 'Killing', message);
  const containerId = bareId(id);
  const container = containerNamed(pod, name);
  const leftMs = () => deadlineMs - clock.now();
  // Without patience there is no hook either.
  if (container?.lifecycle?.preStop !== undefined && leftMs() > 0) {
    const outcome = await runPreStop(context, { container, containerId, address }, leftMs(), signal);
    if (outcome !== undefined && outcome.answer !== 'success')
      tell(pod, 'Warning', 'FailedPreStopHook', `PreStopHook failed: ${outcome.message}`);
  }
  const graceMs = deadlineMs === 0 ? 0 : Math.max(leftMs(), graceMsMin);
  try {
    await cri.runtime.stopContainer(
      { containerId, timeout: BigInt(Math.ceil(graceMs / 1000)) },
      { signal, timeoutMs: graceMs + slackMs },
    );
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}

function containerNamed({ spec }: Pod, name: string): Container | undefined {
  return [...(spec.initContainers ?? []), ...spec.containers].find((container) => container.name === name);
}
