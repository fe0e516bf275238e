// A pod's volumes on the host: made before its containers, kept current while it runs, taken away after it. Anything
// still mounted below a pod's directory is unmounted before a file is removed: a pod's end never empties somebody's disk.
import { chmod, chown, lstat, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { parseQuantity, type Pod, type Stored, type Volume } from '../../../api/index.ts';
import { type NodeFacts, podMemoryLimitBytes, type Sources } from '../../../core/pod/index.ts';
import { type Paths, podDirectory, volumeDirectory } from '../paths.ts';
import { writeAtomically } from './atomic-files.ts';
import { checkHostPath, VolumeError } from './host-path.ts';
import { mountMemory, mountsBelow, unmountBelow } from './mount-table.ts';
import { hasPayload, payloadOf } from './payload.ts';

export interface VolumeContext extends NodeFacts {
  readonly pod: Stored<Pod>;
  readonly paths: Paths;
  readonly sources: Sources;
  /** A token for the pod's service account, for this projected source. */
  tokenFor(audience: string | undefined, expirationSeconds: number | undefined): Promise<string>;
  readonly signal: AbortSignal;
}

/** Where each volume lies on the host, by its name. */
export type VolumePaths = ReadonlyMap<string, string>;

/** Safe to repeat. @throws VolumeError in the kubelet's words. */
export async function setUpVolumes(context: VolumeContext): Promise<VolumePaths> {
  const paths = new Map<string, string>();
  for (const volume of context.pod.spec.volumes ?? []) {
    try {
      paths.set(volume.name, await setUp(volume, context));
    } catch (error) {
      if (context.signal.aborted) throw error;
      throw new VolumeError(`MountVolume.SetUp failed for volume "${volume.name}" : ${(error as Error).message}`, {
        cause: error,
      });
    }
  }
  return paths;
}

/** Whether what a volume shows may change while the pod runs. */
export function changesWhileRunning({ spec }: Pod): boolean {
  return (spec.volumes ?? []).some(hasPayload);
}

async function setUp(volume: Volume, context: VolumeContext): Promise<string> {
  const { pod, paths } = context;
  const { hostPath, emptyDir } = volume;
  if (hostPath !== undefined) {
    await checkHostPath(hostPath.path, hostPath.type);
    return hostPath.path;
  }
  const directory = volumeDirectory(paths, pod.metadata.uid, pluginOf(volume), volume.name);
  if (emptyDir !== undefined) await makeEmptyDirectory(directory, emptyDir, context);
  else if (hasPayload(volume)) {
    const tokens = await tokensOf(volume, context);
    await writeAtomically(directory, payloadOf(volume, { ...context, tokens }), pod.spec.securityContext?.fsGroup);
  } else throw new VolumeError('no volume plugin matched');
  return directory;
}

function pluginOf({ emptyDir, configMap, secret, downwardAPI }: Volume): string {
  if (emptyDir !== undefined) return 'empty-dir';
  if (configMap !== undefined) return 'configmap';
  if (secret !== undefined) return 'secret';
  return downwardAPI === undefined ? 'projected' : 'downward-api';
}

async function makeEmptyDirectory(
  directory: string,
  emptyDir: NonNullable<Volume['emptyDir']>,
  context: VolumeContext,
): Promise<void> {
  const { medium = '' } = emptyDir;
  const group = context.pod.spec.securityContext?.fsGroup;
  if (medium !== '' && medium !== 'Memory') throw new VolumeError(`unknown storage medium "${medium}"`);
  if (await exists(directory)) {
    if (medium !== 'Memory' || (await mountsBelow(directory)).includes(directory)) return;
  } else await mkdir(directory, { recursive: true });
  if (medium === 'Memory') await mountMemory(directory, memoryBytes(emptyDir, context), context.signal);
  // For every user of the pod; with a group, files in it belong to that (setgid).
  await chmod(directory, group === undefined ? 0o777 : 0o2777);
  if (group !== undefined) await chown(directory, 0, group);
}

/** The least of what the node has for pods, what the pod may use, and what the volume may hold. */
export function memoryBytes(
  { sizeLimit }: NonNullable<Volume['emptyDir']>,
  { pod, allocatable }: Pick<VolumeContext, 'pod' | 'allocatable'>,
): number {
  const bounds = [allocatable['memory'], sizeLimit].map((quantity) => parseQuantity(quantity ?? ''));
  const given = [...bounds, podMemoryLimitBytes(pod.spec)].filter((bytes) => bytes !== undefined && bytes > 0);
  return Math.floor(Math.min(...(given as number[])));
}

async function tokensOf({ projected }: Volume, context: VolumeContext): Promise<ReadonlyMap<string, string>> {
  const tokens = new Map<string, string>();
  for (const { serviceAccountToken } of projected?.sources ?? [])
    if (serviceAccountToken !== undefined) {
      const { path, audience, expirationSeconds } = serviceAccountToken;
      tokens.set(path, await context.tokenFor(audience, expirationSeconds));
    }
  return tokens;
}

/** Removes the volumes of a pod that has ended, but for hostPaths. Rejects, and removes nothing, while something is mounted. */
export async function tearDownVolumes(paths: Paths, uid: string, signal: AbortSignal): Promise<void> {
  const directory = podDirectory(paths, uid);
  if (!(await exists(directory))) return;
  await unmountBelow(directory, signal);
  await rm(join(directory, 'volumes'), { recursive: true, force: true });
}

/** Removes all that the pod had on the host, its volumes included. */
export async function removePodDirectory(paths: Paths, uid: string, signal: AbortSignal): Promise<void> {
  await tearDownVolumes(paths, uid, signal);
  await rm(podDirectory(paths, uid), { recursive: true, force: true });
}

async function exists(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}
