// hostPath volumes: a path of the machine, checked to be what the manifest says it is.
// https://kubernetes.io/docs/concepts/storage/volumes/#hostpath
import type { Stats } from 'node:fs';
import { mkdir, open, stat } from 'node:fs/promises';

/** The volume cannot be set up; the message is the kubelet's. */
export class VolumeError extends Error {
  override readonly name = 'VolumeError';
}

const checks: Readonly<Record<string, { readonly what: string; readonly holds: (stats: Stats) => boolean }>> = {
  Directory: { what: 'a directory', holds: (stats) => stats.isDirectory() },
  DirectoryOrCreate: { what: 'a directory', holds: (stats) => stats.isDirectory() },
  File: { what: 'a file', holds: (stats) => stats.isFile() },
  FileOrCreate: { what: 'a file', holds: (stats) => stats.isFile() },
  Socket: { what: 'a socket file', holds: (stats) => stats.isSocket() },
  CharDevice: { what: 'a character device', holds: (stats) => stats.isCharacterDevice() },
  BlockDevice: { what: 'a block device', holds: (stats) => stats.isBlockDevice() },
};

/** Without a type nothing is checked, and the runtime makes a missing directory. */
export async function checkHostPath(path: string, type = ''): Promise<void> {
  if (type === '') return;
  const check = checks[type];
  if (check === undefined) throw new VolumeError(`${type} is an invalid volume type`);
  if (type === 'DirectoryOrCreate' && (await statOf(path)) === undefined)
    await mkdir(path, { recursive: true, mode: 0o755 });
  // The directory it lies in is not made: FileOrCreate says so.
  if (type === 'FileOrCreate' && (await statOf(path)) === undefined) await (await open(path, 'a', 0o644)).close();
  const stats = await statOf(path);
  if (stats === undefined || !check.holds(stats))
    throw new VolumeError(`hostPath type check failed: ${path} is not ${check.what}`);
}

async function statOf(path: string): Promise<Stats | undefined> {
  try {
    return await stat(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
