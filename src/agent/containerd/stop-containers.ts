// The end of a pod's containers: preStop, TERM, and KILL when the grace period is over; sidecars after the others, the
// last one first (kubelet's killContainersWithSyncResult, terminationOrdering).
import { type Container, type Pod, type PodSpec, type Probe, type Stored } from '../../api/index.ts';
import { containersInOrder, type RuntimeContainer } from '../../core/pod/index.ts';
import { type Clock, sleep } from '../../machinery/index.ts';
import { isNotFound } from '../cri/index.ts';
import type { NodeContext, TellPod } from './context.ts';
import { runPreStop } from './hooks.ts';
import { bareId } from './paths.ts';

/** What every container gets at least between TERM and KILL, whatever its hook took and its pod allows (kubelet: 2 s). */
const graceMsMin = 2_000;
/** What the API server fills in. */
const defaultGraceSeconds = 30;
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

/** @param probe that wants the container's end: it may have a grace period of its own. */
export function gracePeriodMs({ terminationGracePeriodSeconds }: PodSpec, probe?: Probe): number {
  return (probe?.terminationGracePeriodSeconds ?? terminationGracePeriodSeconds ?? defaultGraceSeconds) * 1000;
}

/** Resolves when none of them runs any more. */
export async function stopContainers(order: StopOrder): Promise<void> {
  const { pod, running } = order;
  const sidecars = (pod.spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always');
  const isSidecar = ({ name }: RuntimeContainer) => sidecars.some((sidecar) => sidecar.name === name);
  const ends = running.filter((container) => !isSidecar(container)).map((container) => stopContainer(order, container));
  for (const { name } of sidecars.toReversed()) {
    const before = [...ends];
    for (const container of running.filter((container) => container.name === name))
      ends.push(stopContainer(order, container, { turn: () => Promise.all(before) }));
  }
  await Promise.all(ends);
}

export interface StopDetails {
  /** Of the event. */
  readonly message?: string;
  /** Its hook runs at once, its end waits for this; not longer than there is patience. */
  readonly turn?: () => Promise<unknown>;
}

export async function stopContainer(
  { context, pod, deadlineMs, address, tell, signal }: Omit<StopOrder, 'running'>,
  { id, name }: Pick<RuntimeContainer, 'id' | 'name'>,
  { message = `Stopping container ${name}`, turn }: StopDetails = {},
): Promise<void> {
  const { cri, clock, log } = context;
  tell(pod, 'Normal', 'Killing', message);
  const containerId = bareId(id);
  const container = containerNamed(pod, name);
  const leftMs = () => deadlineMs - clock.now();
  // Without patience there is no hook either.
  if (container?.lifecycle?.preStop !== undefined && leftMs() > 0) {
    const outcome = await runPreStop(context, { container, containerId, address }, leftMs(), signal);
    if (outcome !== undefined && outcome.answer !== 'success') {
      // What the hook answered is not for everybody who may read events.
      tell(pod, 'Warning', 'FailedPreStopHook', 'PreStopHook failed');
      log.warn('a preStop hook failed', { pod: pod.metadata.name, container: name, why: outcome.message });
    }
  }
  if (turn !== undefined && leftMs() > 0) await within(clock, leftMs(), turn(), signal);
  const graceMs = Math.max(leftMs(), graceMsMin);
  try {
    await cri.runtime.stopContainer(
      { containerId, timeout: BigInt(Math.ceil(graceMs / 1000)) },
      { signal, timeoutMs: graceMs + slackMs },
    );
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}

/** Waits for it, but not longer. Rejects when it does. */
async function within(clock: Clock, ms: number, awaited: Promise<unknown>, signal: AbortSignal): Promise<void> {
  const enough = new AbortController();
  const patience = sleep(clock, ms, AbortSignal.any([signal, enough.signal])).catch(() => undefined);
  try {
    await Promise.race([awaited, patience]);
    signal.throwIfAborted();
  } finally {
    enough.abort();
  }
}

function containerNamed({ spec }: Pod, name: string): Container | undefined {
  return containersInOrder(spec).find(({ container }) => container.name === name)?.container;
}
