// What one container sees of the host: its volumes (or a path within one), its hosts file, its termination message.
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Container, type Pod, type Stored, type VolumeMount } from '../../../api/index.ts';
import { ConfigError, expand } from '../../../core/pod/index.ts';
import type { ContainerMount } from '../container-config.ts';
import { type Paths, podDirectory } from '../paths.ts';
import type { VolumePaths } from './set-up.ts';
import { mountSubPath } from './sub-path.ts';

const defaultTerminationMessagePath = '/dev/termination-log';

/** @throws ConfigError when a mount cannot be made as the spec says. */
export async function containerMounts(
  pod: Stored<Pod>,
  container: Container,
  attempt: number,
  paths: Paths,
  volumes: VolumePaths,
  environment: ReadonlyMap<string, string>,
  signal: AbortSignal,
): Promise<readonly ContainerMount[]> {
  const mounts: ContainerMount[] = [];
  for (const [index, mount] of (container.volumeMounts ?? []).entries()) {
    const { name, mountPath, readOnly = false, mountPropagation, recursiveReadOnly } = mount;
    if (recursiveReadOnly === 'Enabled')
      throw new ConfigError(
        `volume "${name}" requested recursive read-only mode, but it is not supported by the runtime`,
      );
    const path = volumes.get(name);
    if (path === undefined)
      throw new ConfigError(`cannot find volume "${name}" to mount into container "${container.name}"`);
    const subPath = subPathOf(mount, environment);
    const place = { paths, uid: pod.metadata.uid, volume: { name, path }, container: container.name, index, subPath };
    mounts.push({
      hostPath: subPath === '' ? path : await mountSubPath(place, signal),
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

/** @throws ConfigError when it names a variable that there is not. */
export function subPathOf(
  { subPath = '', subPathExpr }: Pick<VolumeMount, 'subPath' | 'subPathExpr'>,
  environment: ReadonlyMap<string, string>,
): string {
  if (subPathExpr === undefined) return subPath;
  const missing = new Set<string>();
  const expanded = expand(subPathExpr, (name) => {
    if (!environment.has(name)) missing.add(name);
    return environment.get(name);
  });
  if (missing.size > 0) throw new ConfigError(`missing value for ${[...missing].toSorted().join(', ')}`);
  return expanded;
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
