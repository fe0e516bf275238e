// Which pods a node ends because of what they use of it (kubelet's eviction manager): those over their own bounds on disk,
// and, while the node itself runs out of something, the one that is worth least and takes most. Pure: uses are measured
// elsewhere. https://kubernetes.io/docs/concepts/scheduling-eviction/node-pressure-eviction/
import { type Condition, findCondition, parseQuantity, type Pod, taintKeys, tolerates } from '../../api/index.ts';
import { podRequests } from '../scheduling/index.ts';

export interface ContainerUse {
  readonly name: string;
  readonly memoryBytes: number;
  /** What it wrote outside its volumes, and its logs. */
  readonly diskBytes: number;
}

export interface PodUse {
  readonly containers: readonly ContainerUse[];
  /** Its emptyDir volumes on disk, by name. */
  readonly volumeBytes: ReadonlyMap<string, number>;
}

export interface Tenant {
  readonly pod: Pod;
  readonly use: PodUse;
}

export type Starved = 'memory' | 'ephemeral-storage' | 'pids';

/** system-cluster-critical and up: a node does not end them. */
const criticalPriority = 2_000_000_000;

export function isCritical({ spec }: Pod): boolean {
  return (spec.priority ?? 0) >= criticalPriority;
}

/** Whether it has a bound on disk of its own, so that its use is worth measuring. */
export function hasStorageBound({ spec }: Pod): boolean {
  return (
    (spec.volumes ?? []).some(({ emptyDir }) => emptyDir?.sizeLimit !== undefined) ||
    storageLimits(spec.containers).length > 0
  );
}

/** Why the pod has to go for what it itself has on disk; undefined = it may stay. */
export function storageFault({ pod, use }: Tenant): string | undefined {
  if (isCritical(pod)) return undefined;
  for (const { name, emptyDir } of pod.spec.volumes ?? []) {
    const limit = bytesOf(emptyDir?.sizeLimit);
    if (limit > 0 && (use.volumeBytes.get(name) ?? 0) > limit)
      return `Usage of EmptyDir volume "${name}" exceeds the limit "${emptyDir?.sizeLimit}". `;
  }
  const limits = storageLimits(pod.spec.containers);
  const total = limits.reduce((sum, { bytes }) => sum + bytes, 0);
  if (limits.length > 0 && diskBytes(use) > total)
    return `Pod ephemeral local storage usage exceeds the total limit of containers ${formatBytes(total)}. `;
  for (const { name, bytes, text } of limits) {
    const used = use.containers.find((container) => container.name === name)?.diskBytes ?? 0;
    if (used > bytes) return `Container ${name} exceeded its local ephemeral storage limit "${text}". `;
  }
  return undefined;
}

/** The pod that goes first: over what it requested, of the least priority, with the most beyond its request. */
export function firstVictim(tenants: readonly Tenant[], starved: Starved): Tenant | undefined {
  const ranked = tenants
    .filter(({ pod }) => !isCritical(pod))
    .map((tenant) => ({ tenant, excess: excessOf(tenant, starved), priority: tenant.pod.spec.priority ?? 0 }));
  return ranked.toSorted(
    (a, b) => Number(b.excess > 0) - Number(a.excess > 0) || a.priority - b.priority || b.excess - a.excess,
  )[0]?.tenant;
}

export function starvedMessage({ pod, use }: Tenant, starved: Starved): string {
  const all = [...(pod.spec.initContainers ?? []), ...pod.spec.containers];
  const greedy = use.containers.flatMap((container) => {
    const request = all.find(({ name }) => name === container.name)?.resources?.requests?.[starved] ?? '0';
    const used = starved === 'memory' ? container.memoryBytes : starved === 'pids' ? 0 : container.diskBytes;
    if (used <= bytesOf(request)) return [];
    const uses = `was using ${formatBytes(used)}, request is ${request}`;
    return [`Container ${container.name} ${uses}, has larger consumption of ${starved}. `];
  });
  return [`The node was low on resource: ${starved}. `, ...greedy].join('');
}

const pressures = ['MemoryPressure', 'DiskPressure', 'PIDPressure'];

/** Why a node that is short of something does not take the pod in at all; undefined = it does. */
export function refusedUnderPressure(pod: Pod, conditions: readonly Condition[] | undefined): string | undefined {
  const pressed = pressures.filter((type) => findCondition(conditions, type)?.status === 'True');
  if (pressed.length === 0 || isCritical(pod)) return undefined;
  if (pressed.length === 1 && pressed[0] === 'MemoryPressure') {
    const taint = { key: taintKeys.memoryPressure, effect: 'NoSchedule' };
    const tolerated = (pod.spec.tolerations ?? []).some((toleration) => tolerates(toleration, taint));
    if (pod.status?.qosClass !== 'BestEffort' || tolerated) return undefined;
  }
  return `The node had condition: [${pressed.join(' ')}]. `;
}

function excessOf({ pod, use }: Tenant, starved: Starved): number {
  if (starved === 'pids') return 0;
  const request = podRequests(pod.spec).get(starved) ?? 0;
  const memory = use.containers.reduce((sum, { memoryBytes }) => sum + memoryBytes, 0);
  return (starved === 'memory' ? memory : diskBytes(use)) - request;
}

function diskBytes({ containers, volumeBytes }: PodUse): number {
  const written = containers.reduce((sum, container) => sum + container.diskBytes, 0);
  return [...volumeBytes.values()].reduce((sum, bytes) => sum + bytes, written);
}

function storageLimits(containers: Pod['spec']['containers']) {
  return containers.flatMap(({ name, resources }) => {
    const text = resources?.limits?.['ephemeral-storage'];
    const bytes = bytesOf(text);
    return text === undefined || bytes === 0 ? [] : [{ name, text, bytes }];
  });
}

function bytesOf(quantity: string | undefined): number {
  return quantity === undefined ? 0 : (parseQuantity(quantity) ?? 0);
}

/** In the largest binary unit that leaves a whole number: 2048 → `2Ki`. */
function formatBytes(bytes: number): string {
  const units = ['', 'Ki', 'Mi', 'Gi', 'Ti'];
  let [amount, unit] = [Math.floor(bytes), 0];
  for (; amount > 0 && amount % 1024 === 0 && unit < units.length - 1; unit++) amount /= 1024;
  return `${amount}${units[unit]}`;
}
