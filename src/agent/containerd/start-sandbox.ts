// The sandbox of a pod: its namespaces and its address. Made once for a pod, and again when it is lost.
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Pod, Stored } from '../../api/index.ts';
import type { SandboxConfig } from '../cri/index.ts';
import { cgroupParent } from './cgroups.ts';
import type { NodeContext } from './context.ts';
import { hostsFileOf } from './hosts-file.ts';
import { podLogDirectory } from './paths.ts';
import type { Sandbox } from './runtime.ts';
import { readRuntimeConfig } from './runtime-config.ts';
import { sandboxConfig } from './sandbox-config.ts';
import { hostsFile } from './volumes/container-mounts.ts';

/** Making a pod's network may take a while; the kubelet's deadline for it. */
const sandboxMsMax = 240_000;

export interface RunningSandbox {
  readonly id: string;
  readonly ip: string;
  readonly config: SandboxConfig;
}

/** Rejects with what the runtime or its network plugin says. */
export async function startSandbox(
  context: NodeContext,
  pod: Stored<Pod>,
  attempt: number,
  signal: AbortSignal,
): Promise<RunningSandbox> {
  const { cri, paths } = context;
  const config = await configOf(context, pod, attempt, signal);
  await mkdir(podLogDirectory(paths, pod), { recursive: true, mode: 0o755 });
  const runtimeHandler = pod.spec.runtimeClassName ?? '';
  // Not cut off: the runtime would forget the half of it that is there.
  const { podSandboxId } = await cri.runtime.runPodSandbox({ config, runtimeHandler }, { timeoutMs: sandboxMsMax });
  return await describe(context, pod, podSandboxId, config, signal);
}

/** A sandbox that an earlier run of the agent made. */
export async function adoptSandbox(
  context: NodeContext,
  pod: Stored<Pod>,
  { id, attempt }: Sandbox,
  signal: AbortSignal,
): Promise<RunningSandbox> {
  return describe(context, pod, id, await configOf(context, pod, attempt, signal), signal);
}

async function configOf(
  { cri, nodeName, paths, machine }: NodeContext,
  pod: Stored<Pod>,
  attempt: number,
  signal: AbortSignal,
): Promise<SandboxConfig> {
  const parent = cgroupParent(await readRuntimeConfig(cri, signal), pod.spec.runtimeClassName ?? '');
  return sandboxConfig(pod, { nodeName, attempt, paths, resolver: machine.resolver, cgroupParent: parent });
}

async function describe(
  { cri, paths, machine }: NodeContext,
  pod: Stored<Pod>,
  id: string,
  config: SandboxConfig,
  signal: AbortSignal,
): Promise<RunningSandbox> {
  const { status } = await cri.runtime.podSandboxStatus({ podSandboxId: id }, { signal });
  const ip = pod.spec.hostNetwork === true ? machine.hostIP : (status?.network?.ip ?? '');
  const hosts = hostsFile(paths, pod.metadata.uid);
  await mkdir(dirname(hosts), { recursive: true, mode: 0o750 });
  await writeFile(hosts, hostsFileOf(pod, ip, machine.hosts), { mode: 0o644 });
  return { id, ip, config };
}
