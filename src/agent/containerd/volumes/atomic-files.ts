// Files that change all at once: a directory per version, `..data` pointing at the one that counts, and a link for each
// name (kubelet's AtomicWriter). A reader sees the old files or the new ones, never a mixture.
import {
  chmod,
  chown,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  rename,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Payload } from './payload.ts';

const dataLink = '..data';

/**
 * Makes `directory` show exactly these files. Touches nothing when it does already.
 * @param group the pod's fsGroup: files and directories get it and become readable for it.
 */
export async function writeAtomically(directory: string, files: Payload, group: number | undefined): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o755 });
  if (await shows(directory, files)) return;
  const version = await mkdtemp(join(directory, '..version_'));
  await chmod(version, 0o755);
  for (const [path, { content, mode, owner = 0 }] of files) {
    const file = join(version, path);
    await mkdir(dirname(file), { recursive: true, mode: 0o755 });
    await writeFile(file, content);
    await chmod(file, group === undefined ? mode : mode | 0o440);
    if (owner !== 0 || group !== undefined) await chown(file, owner, group ?? 0);
  }
  const before = await currentVersion(directory);
  const next = join(directory, '..data_tmp');
  await rm(next, { force: true });
  await symlink(version.slice(directory.length + 1), next);
  await rename(next, join(directory, dataLink));
  await linkNames(directory, files);
  if (before !== undefined) await rm(join(directory, before), { recursive: true, force: true });
}

/** One link per top-level name; those of files that are gone go too. */
async function linkNames(directory: string, files: Payload): Promise<void> {
  const names = new Set([...files.keys()].map((path) => path.split('/')[0]!));
  const present = new Set((await readdir(directory)).filter((name) => !name.startsWith('..')));
  for (const name of names) if (!present.has(name)) await symlink(join(dataLink, name), join(directory, name));
  for (const name of present) if (!names.has(name)) await rm(join(directory, name), { force: true });
}

async function shows(directory: string, files: Payload): Promise<boolean> {
  const version = await currentVersion(directory);
  if (version === undefined) return false;
  const present = await readdir(join(directory, version), { recursive: true, withFileTypes: true });
  if (present.filter((entry) => !entry.isDirectory()).length !== files.size) return false;
  for (const [path, { content }] of files) {
    const standing = await readIfThere(join(directory, version, path));
    if (standing === undefined || !standing.equals(content)) return false;
  }
  return true;
}

async function currentVersion(directory: string): Promise<string | undefined> {
  try {
    const link = join(directory, dataLink);
    return (await lstat(link)).isSymbolicLink() ? await readlink(link) : undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

async function readIfThere(file: string): Promise<Buffer | undefined> {
  try {
    return await readFile(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
