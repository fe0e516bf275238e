// The status of a pod as its node agent reports it: phase, conditions, containers, addresses (kubelet's
// generateAPIPodStatus). Conditions and fields of others (PodScheduled, qosClass) are kept.
import { formatTime, type Pod, type PodStatus, withCondition } from '../../api/index.ts';
import { podConditions } from './conditions.ts';
import { type ContainerRecord, isInit } from './container-record.ts';
import { containerStatus, type StatusContext } from './container-status.ts';
import type { ResizeState } from './in-place.ts';
import { podPhase, type PodPhase } from './phase.ts';

/** An end that the node decreed, whatever the containers say: rejected, evicted. Final. */
export interface Decree {
  readonly phase: 'Succeeded' | 'Failed';
  readonly reason?: string;
  readonly message?: string;
  /** For the node's sake: its owner is told that the pod was not at fault. */
  readonly disrupts?: boolean;
}

export interface PodFacts {
  readonly pod: Pod;
  readonly records: readonly ContainerRecord[];
  readonly decree?: Decree | undefined;
  readonly resize?: ResizeState | undefined;
  /** When the node took the pod. */
  readonly startedMs: number;
  readonly hostIP: string;
  /** Undefined while the pod has no sandbox. */
  readonly podIP: string | undefined;
}

export function podStatus(facts: PodFacts, now: number): PodStatus {
  const { pod, records, decree, resize, hostIP, podIP } = facts;
  const phase: PodPhase = decree?.phase ?? podPhase(pod.spec, records);
  const final = phase === 'Succeeded' || phase === 'Failed';
  const context: StatusContext = {
    spec: pod.spec,
    podTitle: `${pod.metadata.name}_${pod.metadata.namespace}(${pod.metadata.uid})`,
    final,
    now,
  };
  const main = records.filter(({ kind }) => kind === 'main');
  const init = records.filter(isInit);
  const ephemeral = records.filter(({ kind }) => kind === 'ephemeral');
  let conditions: PodStatus['conditions'] = pod.status?.conditions?.filter(
    ({ type }) => !resizeConditions.has(type) || type === resize?.type,
  );
  if (resize !== undefined) conditions = withCondition(conditions, { ...resize, status: 'True' }, formatTime(now));
  if (decree?.disrupts === true) {
    const disruption = { reason: 'TerminationByKubelet', message: decree.message ?? '', ...observedGeneration(pod) };
    conditions = withCondition(
      conditions,
      { type: 'DisruptionTarget', status: 'True', ...disruption },
      formatTime(now),
    );
  }
  const gates = (pod.spec.readinessGates ?? []).map(({ conditionType }) => conditionType);
  const sandboxReady = podIP !== undefined && !final;
  const observed = observedGeneration(pod);
  for (const condition of podConditions({ records, phase, sandboxReady, gates, standing: pod.status?.conditions }))
    conditions = withCondition(conditions, { ...condition, ...observed }, formatTime(now));
  return {
    ...kept(pod.status),
    ...observed,
    phase,
    ...(decree?.reason === undefined ? {} : { reason: decree.reason }),
    ...(decree?.message === undefined ? {} : { message: decree.message }),
    ...(conditions === undefined ? {} : { conditions }),
    hostIP,
    hostIPs: [{ ip: hostIP }],
    ...(podIP === undefined ? {} : { podIP, podIPs: [{ ip: podIP }] }),
    startTime: formatTime(facts.startedMs),
    containerStatuses: main.map((record) => containerStatus(record, context)),
    ...(init.length === 0 ? {} : { initContainerStatuses: init.map((record) => containerStatus(record, context)) }),
    ...(ephemeral.length === 0
      ? {}
      : { ephemeralContainerStatuses: ephemeral.map((record) => containerStatus(record, context)) }),
  };
}

/** A pod that the node never took (kubelet's rejectPod): no containers, and no way back. */
export function rejectedStatus(pod: Pod, reason: string, message: string, now: number): PodStatus {
  return {
    ...kept(pod.status),
    ...observedGeneration(pod),
    phase: 'Failed',
    reason,
    message: `Pod was rejected: ${message}`,
    startTime: formatTime(now),
    ...(pod.status?.conditions === undefined ? {} : { conditions: pod.status.conditions }),
  };
}

/** Being asked to go moves the generation too: that alone is not worth a write. */
function observedGeneration({ metadata, status }: Pod): Pick<PodStatus, 'observedGeneration'> {
  const { generation, deletionTimestamp } = metadata;
  const observed = deletionTimestamp === undefined ? generation : (status?.observedGeneration ?? generation);
  return observed === undefined ? {} : { observedGeneration: observed };
}

/** They stand while they are true, and are gone when they are not. */
const resizeConditions: ReadonlySet<string> = new Set<ResizeState['type']>(['PodResizePending', 'PodResizeInProgress']);

/** What a node agent says itself, each time anew. */
const agentFields: ReadonlySet<string> = new Set<keyof PodStatus>([
  'phase',
  'reason',
  'message',
  'startTime',
  'podIP',
  'podIPs',
  'hostIP',
  'hostIPs',
  'observedGeneration',
  'conditions',
  'containerStatuses',
  'initContainerStatuses',
  'ephemeralContainerStatuses',
]);

/** What other writers put there and a node agent leaves alone. */
function kept(status: PodStatus | undefined): PodStatus {
  return Object.fromEntries(Object.entries(status ?? {}).filter(([field]) => !agentFields.has(field)));
}

/** Whether the wanted status says anything else than the one that stands. Times of conditions do not count alone. */
export function sameStatus(standing: PodStatus | undefined, wanted: PodStatus): boolean {
  return standing !== undefined && isSame(standing, wanted);
}

function isSame(left: unknown, right: unknown): boolean {
  if (left === right) return true;
  if (typeof left !== 'object' || typeof right !== 'object' || left === null || right === null) return false;
  if (Array.isArray(left) || Array.isArray(right)) {
    if (!Array.isArray(left) || !Array.isArray(right) || left.length !== right.length) return false;
    return left.every((entry, index) => isSame(entry, right[index]));
  }
  const [a, b] = [left as Readonly<Record<string, unknown>>, right as Readonly<Record<string, unknown>>];
  for (const key in a) if (!(key in b) && a[key] !== undefined && key !== 'lastProbeTime') return false;
  for (const key in b) if (b[key] !== undefined && !isSame(a[key], b[key])) return false;
  return true;
}
