// What the kernel was told of a process: read from its cgroup, version 1 or 2.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = '/sys/fs/cgroup';

/** Microseconds per 100 ms, or bytes. */
export function cgroupValue(pid: number, what: 'cpuQuotaUs' | 'memoryLimitBytes'): number {
  const lines = readFileSync(`/proc/${pid}/cgroup`, 'utf8')
    .split('\n')
    .map((line) => line.split(':'));
  const unified = existsSync(join(root, 'cgroup.controllers'));
  const controller = what === 'cpuQuotaUs' ? 'cpu' : 'memory';
  const line = lines.find(([, controllers = '']) =>
    unified ? controllers === '' : controllers.split(',').includes(controller),
  );
  const directory = join(root, unified ? '' : controller, line![2]!);
  const file = unified
    ? { cpuQuotaUs: 'cpu.max', memoryLimitBytes: 'memory.max' }
    : { cpuQuotaUs: 'cpu.cfs_quota_us', memoryLimitBytes: 'memory.limit_in_bytes' };
  return Number(readFileSync(join(directory, file[what]), 'utf8').split(' ')[0]);
}
