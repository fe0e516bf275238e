// The files of one container's log, oldest first: `0.log` is written to; rotation renames it to `0.log.<time>` and packs
// all but the newest of those as `.gz` (kubelet's container log manager). Opened all at once, so that a rotation while
// they are read loses nothing.
import type { FileHandle } from 'node:fs/promises';
import { open, readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';

export interface LogFile {
  readonly handle: FileHandle;
  readonly isPacked: boolean;
}

/** @param path of the file that is written to. Empty when there is none (any more). */
export async function openLogFiles(path: string): Promise<readonly LogFile[]> {
  const prefix = `${basename(path)}.`;
  const names = await namesIn(dirname(path));
  const rotated = names
    .filter((name) => name.startsWith(prefix) && /^\d{8}-\d{6}(\.gz)?$/.test(name.slice(prefix.length)))
    // For a moment a file is there packed and unpacked.
    .filter((name) => !names.includes(`${name}.gz`))
    .toSorted();
  const files: LogFile[] = [];
  for (const name of [...rotated, basename(path)]) {
    const handle = await openIfThere(join(dirname(path), name));
    if (handle !== undefined) files.push({ handle, isPacked: name.endsWith('.gz') });
  }
  return files;
}

export async function closeLogFiles(files: Iterable<LogFile>): Promise<void> {
  for (const { handle } of files) await handle.close();
}

/** Its bytes from the beginning, unpacked; as often as asked. */
export function readLogFile({ handle, isPacked }: LogFile): Readable {
  const bytes = handle.createReadStream({ start: 0, autoClose: false });
  if (!isPacked) return bytes;
  const unpacked = createGunzip();
  bytes.once('error', (error) => unpacked.destroy(error));
  return bytes.pipe(unpacked);
}

export async function openIfThere(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

async function namesIn(directory: string): Promise<readonly string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
