// Keeps the logs of containers bounded, as a kubelet does (container_log_manager.go): a log that has grown too long is
// put aside under a name with its time, the runtime opens a new one, all but the newest of those put aside are
// compressed, and the oldest go. Readers find `N.log`, `N.log.20260102-150405`, `N.log.20260102-150304.gz` …
import { createReadStream, createWriteStream } from 'node:fs';
import { access, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';

export interface LogPolicy {
  /** kubelet: containerLogMaxSize. */
  readonly bytesMax: number;
  /** kubelet: containerLogMaxFiles; with the one that is written. */
  readonly filesMax: number;
}

export const defaultLogPolicy: LogPolicy = { bytesMax: 10 * 1024 * 1024, filesMax: 5 };

const compressed = '.gz';
/** Half-done work of an agent that was killed. */
const draft = '.tmp';

/**
 * Safe to repeat after any failure.
 * @param reopen makes the runtime write to `path` anew.
 * @returns whether the log was long enough to be put aside.
 */
export async function rotateLog(
  path: string,
  { bytesMax, filesMax }: LogPolicy,
  reopen: () => Promise<unknown>,
  now: number,
  signal: AbortSignal,
): Promise<boolean> {
  if ((await sizeOf(path)) <= bytesMax) return false;
  const aside = `${path}.${timestamp(now)}`;
  // Twice within one second: the next look will do.
  if (await exists(aside)) return false;
  await rename(path, aside);
  try {
    await reopen();
  } catch (error) {
    // The runtime goes on writing to the file that it has open: it must keep its name.
    await rename(aside, path);
    throw error;
  }
  await tidy(path, filesMax, signal);
  return true;
}

/** Removes a log and all that was put aside of it. */
export async function removeLog(path: string): Promise<void> {
  for (const name of await asideOf(path)) await rm(join(dirname(path), name), { force: true });
  await rm(path, { force: true });
}

async function tidy(path: string, filesMax: number, signal: AbortSignal): Promise<void> {
  const directory = dirname(path);
  const found = await asideOf(path);
  const names = new Set(found);
  // What was compressed and not yet removed is there twice.
  const unused = (name: string) => name.endsWith(draft) || names.has(`${name}${compressed}`);
  const rotated = found.filter((name) => !unused(name)).toSorted();
  const excess = rotated.slice(0, Math.max(rotated.length - (filesMax - 1), 0));
  for (const name of [...found.filter(unused), ...excess]) await rm(join(directory, name), { force: true });
  // The newest may still be read by somebody who follows it.
  for (const name of rotated.slice(excess.length, -1))
    if (!name.endsWith(compressed)) await compress(join(directory, name), signal);
}

async function compress(file: string, signal: AbortSignal): Promise<void> {
  const into = `${file}${compressed}${draft}`;
  await pipeline(createReadStream(file), createGzip(), createWriteStream(into, { mode: 0o640 }), { signal });
  await rename(into, `${file}${compressed}`);
  await rm(file, { force: true });
}

async function asideOf(path: string): Promise<readonly string[]> {
  const prefix = `${basename(path)}.`;
  try {
    return (await readdir(dirname(path))).filter((name) => name.startsWith(prefix));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    // Not written yet, or its container is gone.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0;
    throw error;
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/** `20260102-150405`, UTC: sorts as time does. */
function timestamp(now: number): string {
  return new Date(now).toISOString().slice(0, 19).replace(/[-:]/g, '').replace('T', '-');
}
