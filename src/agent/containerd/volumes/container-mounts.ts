// What one container sees of the host: its volumes (or a path within one), its hosts file, its termination message.
import { chmod, mkdir, realpath, writeFile } from 'node:fs/promises';
import { dirname, join, normalize } from 'node:path';
import { type Container, type Pod, type Stored, type VolumeMount } from '../../../api/index.ts';
import { ConfigError, expand } from '../../../core/pod/index.ts';
import type { ContainerMount } from '../container-config.ts';
import { type Paths, podDirectory } from '../paths.ts';
import type { VolumePaths } from './set-up.ts';

const defaultTerminationMessagePath = '/dev/termination-log';

/** @throws ConfigError when a mount cannot be made as the spec says. */
export async function containerMounts(
  pod: Stored<Pod>,
  container: Container,
  attempt: number,
  paths: Paths,
  volumes: VolumePaths,
  environment: ReadonlyMap<string, string>,
): Promise<readonly ContainerMount[]> {
  const mounts: ContainerMount[] = [];
  for (const mount of container.volumeMounts ?? []) {
    const volume = volumes.get(mount.name);
    if (volume === undefined)
      throw new ConfigError(`cannot find volume "${mount.name}" to mount into container "${container.name}"`);
    const { mountPath, readOnly = false, mountPropagation } = mount;
    mounts.push({
      hostPath: await within(volume, subPathOf(mount, environment), container),
      containerPath: mountPath,
      readOnly,
      ...(mountPropagation === undefined ? {} : { propagation: mountPropagation }),
    });
  }
  const message = await terminationMessageFile(pod, container, attempt, paths);
  mounts.push({
    hostPath: message,
    containerPath: container.terminationMessagePath ?? defaultTerminationMessagePath,
    readOnly: false,
  });
  // A container that brings its own /etc/hosts keeps it.
  if (!mounts.some(({ containerPath }) => containerPath === '/etc/hosts'))
    mounts.push({ hostPath: hostsFile(paths, pod.metadata.uid), containerPath: '/etc/hosts', readOnly: false });
  return mounts;
}

function subPathOf({ subPath, subPathExpr }: VolumeMount, environment: ReadonlyMap<string, string>): string {
  return subPathExpr === undefined ? (subPath ?? '') : expand(subPathExpr, (name) => environment.get(name));
}

/** A path in a volume: made if missing, and never outside, also not by way of a link that somebody put there. */
async function within(volume: string, subPath: string, { name }: Container): Promise<string> {
  if (subPath === '') return volume;
  const path = normalize(join(volume, subPath));
  const refusal = () => new ConfigError(`failed to prepare subPath for volumeMount of container "${name}": ${subPath}`);
  if (subPath.startsWith('/') || subPath.split('/').includes('..')) throw refusal();
  const root = await realpath(volume);
  const found = await realpath(path).catch(async (error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
    await mkdir(path, { recursive: true, mode: 0o750 });
    return realpath(path);
  });
  if (found !== root && !found.startsWith(`${root}/`)) throw refusal();
  return found;
}

export function terminationMessagePath(paths: Paths, uid: string, container: string, attempt: number): string {
  return join(podDirectory(paths, uid), 'containers', container, `termination-${attempt}`);
}

async function terminationMessageFile(
  pod: Stored<Pod>,
  { name }: Container,
  attempt: number,
  paths: Paths,
): Promise<string> {
  const path = terminationMessagePath(paths, pod.metadata.uid, name, attempt);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, '');
  // Any user of the container may leave a message, whatever our umask.
  await chmod(path, 0o666);
  return path;
}

export function hostsFile(paths: Paths, uid: string): string {
  return join(podDirectory(paths, uid), 'etc-hosts');
}
