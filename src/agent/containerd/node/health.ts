// Whether this machine is fit to run pods: runtime and network as the runtime tells, pressure as measured. The limits
// are a kubelet's --eviction-hard defaults.
import { readFile } from 'node:fs/promises';
import { type Cri, describeFailure } from '../../cri/index.ts';
import type { NodeHealth } from '../../node-report.ts';
import { type DiskSpace, diskSpace, imageDirectory, isSameDisk } from './disks.ts';
import { parseMeminfo } from './machine.ts';

const memoryKibibytesMin = 100 * 1024;
const freeStorageShareMin = 0.1;
/** --eviction-hard imagefs.available<15% */
const freeImageStorageShareMin = 0.15;
const freeInodesShareMin = 0.05;
const freePidsShareMin = 0.1;

const statusMsMax = 10_000;

export async function checkHealth(cri: Cri, root: string, signal: AbortSignal): Promise<NodeHealth> {
  const [unready, pressure, imagesPressed] = await Promise.all([
    runtimeTrouble(cri.runtime, signal),
    measurePressure(root),
    imagePressure(cri, root, signal),
  ]);
  return { ...pressure, diskPressure: pressure.diskPressure === true || imagesPressed, unready };
}

/** Of a disk for images alone; one that is also the node's own is measured by the node's limits. */
async function imagePressure(cri: Cri, root: string, signal: AbortSignal): Promise<boolean> {
  try {
    const directory = await imageDirectory(cri, root, signal);
    if (await isSameDisk(directory, root)) return false;
    return isPressed(await diskSpace(directory), freeImageStorageShareMin);
  } catch (error) {
    if (signal.aborted) throw error;
    // The runtime is away, which is said elsewhere.
    return false;
  }
}

function isPressed(disk: DiskSpace, freeShareMin: number): boolean {
  const { capacityBytes, availableBytes, inodes, freeInodes } = disk;
  return availableBytes < capacityBytes * freeShareMin || freeInodes < inodes * freeInodesShareMin;
}

/** In the kubelet's words; undefined when runtime and network are up. */
async function runtimeTrouble(runtime: Cri['runtime'], signal: AbortSignal): Promise<string | undefined> {
  try {
    const { status } = await runtime.status({}, { signal, timeoutMs: statusMsMax });
    const troubles = (status?.conditions ?? []).filter((condition) => !condition.status);
    if (troubles.length === 0) return undefined;
    return troubles
      .map(({ type, reason, message }) => {
        const what = type === 'NetworkReady' ? 'container runtime network not ready' : 'container runtime not ready';
        return `${what}: ${type}=false reason:${reason} message:${message}`;
      })
      .join(', ');
  } catch (error) {
    if (signal.aborted) throw error;
    return `[container runtime is down: ${describeFailure(error)}]`;
  }
}

async function measurePressure(root: string): Promise<NodeHealth> {
  const [meminfo, disk, pidMax, threadsMax, load] = await Promise.all([
    readFile('/proc/meminfo', 'utf8'),
    diskSpace(root),
    readFile('/proc/sys/kernel/pid_max', 'utf8'),
    readFile('/proc/sys/kernel/threads-max', 'utf8'),
    readFile('/proc/loadavg', 'utf8'),
  ]);
  const available = parseMeminfo(meminfo).get('MemAvailable') ?? Number.POSITIVE_INFINITY;
  return {
    memoryPressure: available < memoryKibibytesMin,
    diskPressure: isPressed(disk, freeStorageShareMin),
    pidPressure: parseThreads(load) > Math.min(Number(pidMax), Number(threadsMax)) * (1 - freePidsShareMin),
  };
}

/** How many threads there are, of /proc/loadavg (`0.1 0.2 0.3 2/345 6789`): each takes a process ID. */
export function parseThreads(loadavg: string): number {
  return Number(/^\S+ \S+ \S+ \d+\/(\d+) /.exec(loadavg)?.[1] ?? 0);
}
