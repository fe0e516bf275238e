// What the kernel is told of a container's resources: shares, quota, limit, and who is killed first when memory runs out
// (kubelet's kuberuntime_container_linux.go, qos/policy.go).
import { type Container, type Pod, type PodSpec, parseQuantity, parseQuantityMilli } from '../../api/index.ts';

export interface KernelLimits {
  readonly cpuShares: number;
  /** Microseconds; quota undefined = as much as there is. */
  readonly cpuPeriod: number;
  readonly cpuQuota: number | undefined;
  readonly memoryLimitBytes: number | undefined;
  readonly oomScoreAdj: number;
}

const sharesPerCpu = 1024;
const sharesMin = 2;
const sharesMax = 262_144;
const quotaPeriodUs = 100_000;
const quotaUsMin = 1000;
/** system-node-critical */
const protectedPriority = 2_000_001_000;

export function kernelLimits(pod: Pod, container: Container, nodeMemoryBytes: number): KernelLimits {
  const { requests = {}, limits = {} } = container.resources ?? {};
  const cpuLimit = milli(limits['cpu']);
  // A limit alone stands for the request too; the API server fills that in, a pod made elsewhere may lack it.
  const cpuRequest = milli(requests['cpu']) ?? cpuLimit ?? 0;
  const memoryLimit = limits['memory'] === undefined ? undefined : parseQuantity(limits['memory']);
  return {
    cpuShares: Math.min(Math.max(Math.floor((cpuRequest * sharesPerCpu) / 1000), sharesMin), sharesMax),
    cpuPeriod: quotaPeriodUs,
    cpuQuota:
      cpuLimit === undefined || cpuLimit === 0
        ? undefined
        : Math.max(Math.floor((cpuLimit * quotaPeriodUs) / 1000), quotaUsMin),
    memoryLimitBytes: memoryLimit === undefined || memoryLimit === 0 ? undefined : Math.floor(memoryLimit),
    oomScoreAdj: oomScoreAdj(pod, container, nodeMemoryBytes),
  };
}

function milli(quantity: string | undefined): number | undefined {
  return quantity === undefined ? undefined : parseQuantityMilli(quantity);
}

/** −997 for the protected, 1000 for those who asked for nothing, in between by the share of memory asked for. */
function oomScoreAdj({ spec, status }: Pod, container: Container, nodeMemoryBytes: number): number {
  if ((spec.priority ?? 0) >= protectedPriority || status?.qosClass === 'Guaranteed') return -997;
  if (status?.qosClass === 'BestEffort') return 1000;
  const request = Math.max(memoryRequest(container), isSidecar(spec, container) ? leastRequest(spec) : 0);
  const adjusted = 1000 - Math.floor((1000 * request) / nodeMemoryBytes);
  return Math.min(Math.max(adjusted, 3), 999);
}

function memoryRequest({ resources }: Container): number {
  return parseQuantity(resources?.requests?.['memory'] ?? '0') ?? 0;
}

/** A sidecar is not killed before those whom it serves. */
function leastRequest({ containers }: PodSpec): number {
  return Math.min(...containers.map(memoryRequest));
}

function isSidecar({ initContainers = [] }: PodSpec, { name }: Container): boolean {
  return initContainers.some((container) => container.name === name && container.restartPolicy === 'Always');
}

/** All that the containers of a pod may use together; undefined when one of them has no limit. */
export function podMemoryLimitBytes({ initContainers = [], containers }: PodSpec): number | undefined {
  const lasting = [...initContainers.filter(({ restartPolicy }) => restartPolicy === 'Always'), ...containers];
  const limits = lasting.map(({ resources }) => parseQuantity(resources?.limits?.['memory'] ?? '') ?? 0);
  return limits.includes(0) ? undefined : limits.reduce((sum, limit) => sum + limit, 0);
}
