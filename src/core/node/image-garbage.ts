// Which images a node removes to get room on its disk (kubelet's image_gc_manager.go). Pure: how full the disk is and
// what is used are given.
// https://kubernetes.io/docs/concepts/architecture/garbage-collection/#container-image-lifecycle

export interface KnownImage {
  readonly id: string;
  readonly bytes: number;
  /** When this run of the agent first saw it. */
  readonly firstSeenMs: number;
  /** When a container last had it; equal to `now` of the look while one has. 0 = never since it was first seen. */
  readonly lastUsedMs: number;
  /** The runtime needs it itself (the pause image): never removed. */
  readonly pinned: boolean;
}

export interface ImageGarbagePolicy {
  /** --image-gc-high-threshold: from this share of the disk on, images are removed … */
  readonly highShare: number;
  /** --image-gc-low-threshold: … until it is down to this one. */
  readonly lowShare: number;
  /** --minimum-image-ttl-duration: younger ones stay. */
  readonly ageMsMin: number;
}

export const defaultImageGarbagePolicy: ImageGarbagePolicy = { highShare: 0.85, lowShare: 0.8, ageMsMin: 120_000 };

export interface DiskFigures {
  readonly capacityBytes: number;
  readonly availableBytes: number;
}

export interface ImageGarbage {
  /** The longest unused first. */
  readonly remove: readonly KnownImage[];
  /** What is to be freed; more than `remove` frees when too little is unused. 0 = the disk is not that full. */
  readonly wantedBytes: number;
}

export function imageGarbage(
  images: readonly KnownImage[],
  { capacityBytes, availableBytes }: DiskFigures,
  { highShare, lowShare, ageMsMin }: ImageGarbagePolicy,
  now: number,
): ImageGarbage {
  // A disk that says nothing of itself is not full.
  if (capacityBytes <= 0 || 1 - availableBytes / capacityBytes < highShare) return { remove: [], wantedBytes: 0 };
  const wantedBytes = Math.max(Math.ceil(capacityBytes * (1 - lowShare)) - availableBytes, 0);
  const remove: KnownImage[] = [];
  let freed = 0;
  const unused = images.filter(
    ({ pinned, lastUsedMs, firstSeenMs }) => !pinned && lastUsedMs < now && now - firstSeenMs >= ageMsMin,
  );
  for (const image of unused.toSorted((a, b) => a.lastUsedMs - b.lastUsedMs || a.firstSeenMs - b.firstSeenMs)) {
    if (freed >= wantedBytes) break;
    remove.push(image);
    freed += image.bytes;
  }
  return { remove, wantedBytes };
}
