// What depends on how this machine groups processes: cgroup version 1 or 2, and whether systemd or the runtime itself
// makes the groups. The limits are the same for both, and the runtime translates them.
// https://kubernetes.io/docs/concepts/architecture/cgroups/
import { statfs } from 'node:fs/promises';
import type { RuntimeConfig } from './runtime-config.ts';

export type CgroupVersion = 1 | 2;

/** CGROUP2_SUPER_MAGIC of the kernel. */
const cgroup2Magic = 0x63677270;
/** Where systemd puts our pods; kubepods.slice is a kubelet's. */
const slice = 'everynode.slice';

/** As runc tells them apart: by what is mounted at /sys/fs/cgroup itself. */
export async function cgroupVersion(root = '/sys/fs/cgroup'): Promise<CgroupVersion> {
  try {
    return (await statfs(root)).type === cgroup2Magic ? 2 : 1;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 1;
    throw error;
  }
}

/** Files of cgroup v2 that the CRI has no field for: when memory runs out, a container is killed as a whole (kubelet). */
export function unifiedFiles(version: CgroupVersion): Readonly<Record<string, string>> {
  return version === 2 ? { 'memory.oom.group': '1' } : {};
}

/** The group that a pod's containers get theirs in; '' = where the runtime puts them. systemd takes only slices. */
export function cgroupParent(config: RuntimeConfig, handler: string): string {
  return config.usesSystemd(handler) ? slice : '';
}
