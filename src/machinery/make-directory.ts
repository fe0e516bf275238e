// A directory and its parents. Node's own recursive mkdir asks for ever, at full speed, where the kernel says ENOENT
// although the parent is there, as in /proc.
import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Those that are missing get the mode. @throws what mkdir(2) says of the first that cannot be made */
export async function makeDirectory(path: string, mode: number): Promise<void> {
  if (await isDirectory(path)) return;
  const parent = dirname(path);
  if (parent !== path) await makeDirectory(parent, mode);
  try {
    await mkdir(path, { mode });
  } catch (error) {
    // Somebody else made it meanwhile.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || !(await isDirectory(path))) throw error;
  }
}

async function isDirectory(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}
