// Carries out what of a running pod's spec has changed: containers with another image end and start again, resources are
// given to those that run. What that is, core/pod says; whether there is room, the node.
import type { Pod, Stored } from '../../api/index.ts';
import {
  type ContainerRecord,
  followImages,
  grantResources,
  kernelLimits,
  observeContainers,
  outdated,
  type Resize,
  resizesDue,
  type ResizeState,
  startAnew,
  wantsResize,
  withNewContainers,
} from '../../core/pod/index.ts';
import { describeFailure } from '../cri/index.ts';
import { withExitMessages } from './exit-messages.ts';
import { bareId } from './paths.ts';
import { stopContainer, type StopOrder } from './stop-containers.ts';

/** A resize that there is no room for, or that failed, is tried again after this time. */
const resizeRetryMs = 5_000;
/** CRI: no limit, as opposed to 0, which changes nothing. */
const noQuota = -1;

export interface InPlaceOrder {
  readonly stopping: Omit<StopOrder, 'running'>;
  readonly records: readonly ContainerRecord[];
  /** Takes what the pod asks for now out of the node's room; undefined = granted. */
  readonly grant: (pod: Stored<Pod>) => ResizeState | undefined;
}

export interface InPlaceOutcome {
  readonly records: readonly ContainerRecord[];
  /** What the pod's conditions say of it. */
  readonly resize?: ResizeState;
  readonly againMs?: number;
}

export async function changeInPlace({ stopping, records: before, grant }: InPlaceOrder): Promise<InPlaceOutcome> {
  const { pod } = stopping;
  let records = followImages(pod.spec, withNewContainers(pod.spec, before));
  for (const record of outdated(pod.spec, records))
    records = await restart(
      stopping,
      records,
      record,
      `Container ${record.name} definition changed, will be restarted`,
    );
  if (wantsResize(pod.spec, records)) {
    const refusal = grant(pod);
    if (refusal !== undefined) return { records, resize: refusal, againMs: resizeRetryMs };
    records = grantResources(pod.spec, records);
  }
  let failure: string | undefined;
  for (const resize of resizesDue(pod.spec, records)) {
    const { record } = resize;
    try {
      if (resize.restart)
        records = await restart(stopping, records, record, `Container ${record.name} resize requires restart`);
      else records = replaced(records, await resizeRunning(stopping, resize));
    } catch (error) {
      if (stopping.signal.aborted) throw error;
      failure = describeFailure(error);
    }
  }
  if (failure === undefined) return { records };
  return {
    records,
    resize: { type: 'PodResizeInProgress', reason: 'Error', message: failure },
    againMs: resizeRetryMs,
  };
}

async function restart(
  stopping: InPlaceOrder['stopping'],
  records: readonly ContainerRecord[],
  { name, attempt }: ContainerRecord,
  message: string,
): Promise<readonly ContainerRecord[]> {
  const { context, pod, signal } = stopping;
  if (attempt.is !== 'running') return records;
  await stopContainer(stopping, { id: attempt.containerId, name }, { message });
  const { containers } = await context.reader.read(pod.metadata.uid, signal);
  const seen = observeContainers(records, containers, context.clock.now());
  const told = await withExitMessages(context, pod, records, seen);
  const anew = told.map((record) => (record.name === name ? startAnew(record) : record));
  return followImages(pod.spec, anew);
}

async function resizeRunning(
  { context: { cri, machine }, pod, signal }: InPlaceOrder['stopping'],
  { record, container }: Resize,
): Promise<ContainerRecord> {
  const { attempt, allocated } = record;
  if (attempt.is !== 'running') return record;
  const limits = kernelLimits(pod, container, machine.memoryBytes);
  const linux = {
    cpuShares: BigInt(limits.cpuShares),
    cpuPeriod: BigInt(limits.cpuPeriod),
    cpuQuota: BigInt(limits.cpuQuota ?? noQuota),
    memoryLimitInBytes: BigInt(limits.memoryLimitBytes ?? 0),
  };
  await cri.runtime.updateContainerResources({ containerId: bareId(attempt.containerId), linux }, { signal });
  return { ...record, resources: allocated };
}

function replaced(records: readonly ContainerRecord[], record: ContainerRecord): readonly ContainerRecord[] {
  return records.map((each) => (each.name === record.name ? record : each));
}
