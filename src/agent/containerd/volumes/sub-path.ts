// A path within a volume, for one container (kubelet's subpath_linux.go). Whoever writes to the volume, the pod's own
// containers first of all, may put links into it at any moment: so it is opened step by step, no step following a link,
// and what was opened is mounted, not what the path leads to by then.
import { constants, type FileHandle, mkdir, open, realpath, rm } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { ConfigError } from '../../../core/pod/index.ts';
import { type Paths, podDirectory } from '../paths.ts';
import { bindMount, unmountBelow } from './mount-table.ts';

/** Node does not name it: a place in the file system, not its content. */
const openPath = 0o10000000;
const noLink = openPath | constants.O_NOFOLLOW;

export interface SubPathMount {
  readonly paths: Paths;
  readonly uid: string;
  /** Its name and where it lies. */
  readonly volume: { readonly name: string; readonly path: string };
  readonly container: string;
  /** Which of the container's mounts it is. */
  readonly index: number;
  readonly subPath: string;
}

/** Resolves to a path of ours that shows the wanted place, until the pod's volumes are taken down. */
export async function mountSubPath(wanted: SubPathMount, signal: AbortSignal): Promise<string> {
  const { paths, uid, volume, container, index, subPath } = wanted;
  const point = join(podDirectory(paths, uid), 'volume-subpaths', volume.name, container, String(index));
  await using place = await openWithin(volume.path, subPath);
  const stats = await place.stat();
  // Of the container's start before this one.
  await unmountBelow(point, signal);
  await rm(point, { recursive: true, force: true });
  await mkdir(dirname(point), { recursive: true, mode: 0o750 });
  if (stats.isDirectory()) await mkdir(point, { mode: 0o750 });
  else await (await open(point, 'w', 0o640)).close();
  await bindMount(`/proc/${process.pid}/fd/${place.fd}`, point, signal);
  return point;
}

/** Opens the place and makes the directories that lack. @throws ConfigError when the path leads out of the volume. */
export async function openWithin(volume: string, subPath: string): Promise<FileHandle> {
  const refusal = () => new ConfigError(`failed to prepare subPath for volumeMount: ${subPath}`);
  if (subPath.startsWith('/') || subPath.split('/').includes('..')) throw refusal();
  const root = await realpath(volume);
  const { existing, missing } = await split(root, subPath);
  const steps = relative(root, existing).split('/');
  if (steps[0] === '..') throw refusal();
  let place = await open(root, openPath | constants.O_DIRECTORY);
  const go = async (name: string) => {
    const from = place;
    try {
      place = await open(below(from, name), noLink);
    } finally {
      await from.close();
    }
    if (!(await place.stat()).isSymbolicLink()) return;
    await place.close();
    throw refusal();
  };
  const { mode } = await place.stat();
  for (const name of steps.filter((step) => step !== '')) await go(name);
  for (const name of missing) {
    await makeDirectory(below(place, name), mode & 0o7777);
    await go(name);
  }
  return place;
}

/** A name in an open directory, wherever that one is by now (openat). */
function below(directory: FileHandle, name: string): string {
  return `/proc/self/fd/${directory.fd}/${name}`;
}

/** The part of the path that there is, with links resolved, and the names after it. */
async function split(
  root: string,
  subPath: string,
): Promise<{ readonly existing: string; readonly missing: readonly string[] }> {
  const names = subPath.split('/').filter((name) => name !== '' && name !== '.');
  for (let count = names.length; count > 0; count--) {
    const existing = await realpath(join(root, ...names.slice(0, count))).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
    });
    if (existing !== undefined) return { existing, missing: names.slice(count) };
  }
  return { existing: root, missing: names };
}

/** With the mode of its volume, whatever our umask. */
async function makeDirectory(path: string, mode: number): Promise<void> {
  try {
    await mkdir(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return;
    throw error;
  }
  await using made = await open(path, constants.O_DIRECTORY | constants.O_NOFOLLOW);
  await made.chmod(mode);
}
