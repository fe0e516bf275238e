// Columns of pods; the STATUS column follows kubectl's rules (pkg/printers/internalversion printPod): the reason that
// tells most about the pod, not its phase.
import { type ContainerStatus, findCondition, isTrue, type Pod } from '../../../api/index.ts';
import { type Column, column, wideColumn } from '../column.ts';
import { age } from '../duration.ts';
import { ageColumn, nameColumn, orNone } from './common.ts';

export const podColumns: readonly Column<Pod>[] = [
  nameColumn,
  column('Ready', 'Ready containers of all containers.', (pod) => readyText(pod)),
  column('Status', 'What the pod is doing, in one word.', (pod) => podStatus(pod)),
  column('Restarts', 'How often containers were restarted, and when last.', (pod, now) => restartsText(pod, now)),
  ageColumn,
  wideColumn('IP', 'Address of the pod.', (pod) => orNone(pod.status?.podIPs?.[0]?.ip ?? pod.status?.podIP)),
  wideColumn('Node', 'Node the pod is bound to.', (pod) => orNone(pod.spec.nodeName)),
  wideColumn('Nominated Node', 'Node that preemption makes room on.', (pod) => orNone(pod.status?.nominatedNodeName)),
  wideColumn('Readiness Gates', 'Extra conditions that readiness waits for.', (pod) => gatesText(pod)),
];

/** Containers that run for the pod's whole life: the regular ones and sidecars. */
function lasting(pod: Pod): { readonly total: number; readonly statuses: readonly ContainerStatus[] } {
  const sidecars = new Set(
    (pod.spec.initContainers ?? []).filter((c) => c.restartPolicy === 'Always').map(({ name }) => name),
  );
  const statuses = [
    ...(pod.status?.initContainerStatuses ?? []).filter(({ name }) => sidecars.has(name)),
    ...(pod.status?.containerStatuses ?? []),
  ];
  return { total: pod.spec.containers.length + sidecars.size, statuses };
}

function readyText(pod: Pod): string {
  const { total, statuses } = lasting(pod);
  const ready = statuses.filter((status) => status.ready && status.state?.running !== undefined).length;
  return `${ready}/${total}`;
}

export function podStatus(pod: Pod): string {
  const { status } = pod;
  const fallback = status?.reason !== undefined && status.reason !== '' ? status.reason : (status?.phase ?? 'Unknown');
  const gated = findCondition(status?.conditions, 'PodScheduled')?.reason === 'SchedulingGated';
  const initializing = initStatus(pod);
  let reason = initializing ?? containersStatus(pod, gated ? 'SchedulingGated' : fallback);
  if (pod.metadata.deletionTimestamp !== undefined) {
    if (status?.reason === 'NodeLost') reason = 'Unknown';
    else if (status?.phase !== 'Failed' && status?.phase !== 'Succeeded') reason = 'Terminating';
  }
  return reason;
}

/** The init container that holds the pod up, if one does. */
function initStatus(pod: Pod): string | undefined {
  const specs = pod.spec.initContainers ?? [];
  for (const [index, container] of (pod.status?.initContainerStatuses ?? []).entries()) {
    const { terminated, waiting } = container.state ?? {};
    const sidecar = specs.find(({ name }) => name === container.name)?.restartPolicy === 'Always';
    if (terminated?.exitCode === 0) continue;
    if (sidecar && container.started === true) continue;
    if (terminated !== undefined) return `Init:${terminatedText(terminated)}`;
    if (waiting?.reason !== undefined && waiting.reason !== '' && waiting.reason !== 'PodInitializing')
      return `Init:${waiting.reason}`;
    return `Init:${index}/${specs.length}`;
  }
  return undefined;
}

function containersStatus(pod: Pod, fallback: string): string {
  let reason = fallback;
  let running = false;
  // Backwards, so that the first container with something to say has the last word.
  for (const container of (pod.status?.containerStatuses ?? []).toReversed()) {
    const { waiting, terminated } = container.state ?? {};
    if (waiting?.reason !== undefined && waiting.reason !== '') reason = waiting.reason;
    else if (terminated !== undefined) reason = terminatedText(terminated);
    else if (container.ready && container.state?.running !== undefined) running = true;
  }
  if (reason === 'Completed' && running) return isTrue(pod.status?.conditions, 'Ready') ? 'Running' : 'NotReady';
  return reason;
}

function terminatedText(terminated: {
  readonly exitCode: number;
  readonly reason?: string;
  readonly signal?: number;
}): string {
  if (terminated.reason !== undefined && terminated.reason !== '') return terminated.reason;
  return (terminated.signal ?? 0) === 0 ? `ExitCode:${terminated.exitCode}` : `Signal:${terminated.signal}`;
}

function restartsText(pod: Pod, now: number): string {
  const { statuses } = lasting(pod);
  const restarts = statuses.reduce((sum, status) => sum + status.restartCount, 0);
  const ends = statuses.map((status) => status.lastState?.terminated?.finishedAt).filter((end) => end !== undefined);
  const latest = ends.toSorted().at(-1);
  return restarts > 0 && latest !== undefined ? `${restarts} (${age(latest, now)} ago)` : String(restarts);
}

function gatesText(pod: Pod): string {
  const gates = pod.spec.readinessGates ?? [];
  if (gates.length === 0) return '<none>';
  const met = gates.filter(({ conditionType }) => isTrue(pod.status?.conditions, conditionType)).length;
  return `${met}/${gates.length}`;
}
