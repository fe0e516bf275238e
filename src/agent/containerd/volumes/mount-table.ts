// What is mounted on this machine, and mounting and unmounting: by util-linux, since Node has no such call.
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);
const commandMsMax = 30_000;

/** Mount points at or below a directory, the deepest first. */
export async function mountsBelow(directory: string): Promise<readonly string[]> {
  const table = await readFile('/proc/self/mountinfo', 'utf8');
  return parseMountPoints(table)
    .filter((point) => point === directory || point.startsWith(`${directory}/`))
    .toReversed();
}

/** Mount points in the order in which they were mounted. */
export function parseMountPoints(mountinfo: string): readonly string[] {
  return mountinfo
    .split('\n')
    .map((line) => line.split(' ')[4])
    .filter((point) => point !== undefined)
    .map((point) =>
      point.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8))),
    );
}

export async function mountMemory(directory: string, sizeBytes: number, signal: AbortSignal): Promise<void> {
  await run('mount', ['-t', 'tmpfs', '-o', `size=${sizeBytes}`, 'tmpfs', directory], { signal, timeout: commandMsMax });
}

/** @param from as it is, links and all: `/proc/…/fd/…` is a place, not a name. */
export async function bindMount(from: string, to: string, signal: AbortSignal): Promise<void> {
  await run('mount', ['--no-canonicalize', '--bind', from, to], { signal, timeout: commandMsMax });
}

/** Unmounts everything at or below the directory; rejects when something stays. */
export async function unmountBelow(directory: string, signal: AbortSignal): Promise<void> {
  for (const point of await mountsBelow(directory))
    await run('umount', ['--no-mtab', '--lazy', point], { signal, timeout: commandMsMax });
  const left = await mountsBelow(directory);
  if (left.length > 0) throw new Error(`still mounted: ${left.join(', ')}`);
}
