// This machine as a node: what it has, measured; what is left for pods; who it is. Reads /proc and /sys, changes nothing.
import { readFile, statfs } from 'node:fs/promises';
import { arch, cpus, networkInterfaces, release } from 'node:os';
import { cgroupVersion } from '../cgroups.ts';
import { parseResolvConf, type ResolverConfig } from '../dns.ts';
import type { MachineFacts } from '../context.ts';

/** A kubelet's --max-pods. */
const podsMax = 110;
/** A kubelet evicts when less memory than this is free, and does not offer it (--eviction-hard memory.available). */
const memoryReservedBytes = 100 * 1024 * 1024;
/** --eviction-hard nodefs.available<10% */
const storageReservedShare = 0.1;
const kibibyte = 1024;

export interface NodeInfo {
  readonly [field: string]: string;
}

/** @param root where pods' volumes lie: its file system is what the node offers as ephemeral storage. */
export async function measureMachine(root: string): Promise<MachineFacts> {
  const [meminfo, disk, resolvConf, hosts, cgroups, appArmor] = await Promise.all([
    readFile('/proc/meminfo', 'utf8'),
    statfs(root),
    readResolvConf(),
    readIfThere('/etc/hosts'),
    cgroupVersion(),
    readIfThere('/sys/module/apparmor/parameters/enabled'),
  ]);
  const memoryBytes = (parseMeminfo(meminfo).get('MemTotal') ?? 0) * kibibyte;
  const storageBytes = disk.blocks * disk.bsize;
  const common = { cpu: String(cpus().length), pods: String(podsMax), 'hugepages-2Mi': '0', 'hugepages-1Gi': '0' };
  return {
    hostIP: hostAddress(),
    capacity: { ...common, memory: kibibytes(memoryBytes), 'ephemeral-storage': kibibytes(storageBytes) },
    allocatable: {
      ...common,
      memory: kibibytes(Math.max(memoryBytes - memoryReservedBytes, 0)),
      'ephemeral-storage': kibibytes(storageBytes * (1 - storageReservedShare)),
    },
    memoryBytes,
    cgroups,
    appArmor: appArmor.startsWith('Y'),
    resolver: resolvConf,
    hosts,
  };
}

/** systemd-resolved answers on a loopback address, where pods do not reach it: theirs are the servers that it asks itself. */
async function readResolvConf(): Promise<ResolverConfig> {
  const own = parseResolvConf(await readIfThere('/etc/resolv.conf'));
  if (!own.servers.every((server) => server === '127.0.0.53') || own.servers.length === 0) return own;
  const upstream = parseResolvConf(await readIfThere('/run/systemd/resolve/resolv.conf'));
  return upstream.servers.length === 0 ? own : upstream;
}

/** Kibibytes by name, as /proc/meminfo lists them. */
export function parseMeminfo(text: string): ReadonlyMap<string, number> {
  return new Map(
    text.split('\n').flatMap((line) => {
      const match = /^(\w+):\s+(\d+)/.exec(line);
      return match === null ? [] : [[match[1]!, Number(match[2])] as const];
    }),
  );
}

function kibibytes(bytes: number): string {
  return `${Math.floor(bytes / kibibyte)}Ki`;
}

/** The first address that others can reach; a machine without a network has its loopback. */
function hostAddress(): string {
  const addresses = Object.entries(networkInterfaces())
    // Bridges of container runtimes are not the machine's own address.
    .filter(([name]) => !/^(cni|docker|veth|br-|virbr|everynode)/.test(name))
    .flatMap(([, list]) => list ?? []);
  return addresses.find(({ family, internal }) => family === 'IPv4' && !internal)?.address ?? '127.0.0.1';
}

const architectures: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64' };

/** What `kubernetes.io/arch` says of this machine. */
export function architecture(): string {
  return architectures[arch()] ?? arch();
}

/** @param runtime `containerd://1.6.20` */
export async function identifyMachine(runtime: string, kubeletVersion: string): Promise<NodeInfo> {
  const [machineID, bootID, systemUUID, osRelease] = await Promise.all([
    readIfThere('/etc/machine-id'),
    readIfThere('/proc/sys/kernel/random/boot_id'),
    readIfThere('/sys/class/dmi/id/product_uuid'),
    readIfThere('/etc/os-release'),
  ]);
  return {
    architecture: architecture(),
    bootID: bootID.trim(),
    containerRuntimeVersion: runtime,
    kernelVersion: release(),
    kubeProxyVersion: '',
    kubeletVersion,
    machineID: machineID.trim(),
    operatingSystem: 'linux',
    osImage: /^PRETTY_NAME="?([^"\n]*)"?$/m.exec(osRelease)?.[1] ?? 'Linux',
    systemUUID: systemUUID.trim(),
  };
}

/** What a machine may lack, or keep from us. */
async function readIfThere(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'EACCES') return '';
    throw error;
  }
}
