// The file systems of a node: where the runtime keeps images, and where pods' volumes lie (a kubelet's imagefs and
// nodefs). They may be the same one.
import { stat, statfs } from 'node:fs/promises';
import type { Cri } from '../../cri/index.ts';

/** A directory on the file system of the images; `root` where the runtime does not say, or says what is not there. */
export async function imageDirectory({ images }: Cri, root: string, signal: AbortSignal): Promise<string> {
  const { imageFilesystems } = await images.imageFsInfo({}, { signal });
  const place = imageFilesystems[0]?.fsId?.mountpoint ?? root;
  return (await deviceOf(place)) === undefined ? root : place;
}

export async function isSameDisk(a: string, b: string): Promise<boolean> {
  return a === b || (await deviceOf(a)) === (await deviceOf(b));
}

export interface DiskSpace {
  readonly capacityBytes: number;
  readonly availableBytes: number;
  /** 0 of 0: this file system has no bound on them. */
  readonly inodes: number;
  readonly freeInodes: number;
}

export async function diskSpace(directory: string): Promise<DiskSpace> {
  const { blocks, bsize, bavail, files, ffree } = await statfs(directory);
  return { capacityBytes: blocks * bsize, availableBytes: bavail * bsize, inodes: files, freeInodes: ffree };
}

async function deviceOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).dev;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
