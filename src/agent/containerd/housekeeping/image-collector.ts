// Removes images that nothing uses when the disk fills up: what is removed is core/node's decision, this knows which
// images there are and who has them. Containers of every node on this runtime count, not only of ours.
import { imageGarbage, type DiskFigures, type ImageGarbagePolicy, type KnownImage } from '../../../core/node/index.ts';
import type { Clock } from '../../../machinery/index.ts';
import type { Logger } from '../../../observe/index.ts';
import { type Cri, describeFailure, isNotFound } from '../../cri/index.ts';
import { readRuntimeConfig } from '../runtime-config.ts';

export interface ImageCollectorOptions {
  readonly cri: Cri;
  readonly clock: Clock;
  readonly log: Logger;
  readonly policy: ImageGarbagePolicy;
  /** How full the disk is that holds the images. */
  readonly disk: () => Promise<DiskFigures>;
}

export interface ImageCollector {
  /**
   * Looks which images there are and removes what is due.
   * @param everything as if the disk were full to the brim: nothing unused stays (a node under disk pressure).
   * @returns a sentence when less could be freed than was wanted.
   */
  collect(everything: boolean, signal: AbortSignal): Promise<string | undefined>;
}

interface Sighting {
  readonly firstSeenMs: number;
  readonly lastUsedMs: number;
}

export function createImageCollector({ cri, clock, log, policy, disk }: ImageCollectorOptions): ImageCollector {
  let sightings: ReadonlyMap<string, Sighting> = new Map();

  const look = async (now: number, signal: AbortSignal): Promise<readonly KnownImage[]> => {
    const [{ images }, { containers }, { sandboxImage = '' }] = await Promise.all([
      cri.images.listImages({}, { signal }),
      cri.runtime.listContainers({}, { signal }),
      readRuntimeConfig(cri, signal),
    ]);
    const used = new Set(containers.flatMap(({ image, imageRef }) => [imageRef, image?.image ?? '']));
    // The image of sandboxes; runtimes that pin it themselves say so of the image.
    const known = images.map(({ id, size, repoTags, repoDigests, pinned }) => {
      const names = [id, ...repoTags, ...repoDigests];
      const before = sightings.get(id);
      const lastUsedMs = names.some((name) => used.has(name)) ? now : (before?.lastUsedMs ?? 0);
      const firstSeenMs = before?.firstSeenMs ?? now;
      return { id, bytes: Number(size), firstSeenMs, lastUsedMs, pinned: pinned || names.includes(sandboxImage) };
    });
    sightings = new Map(known.map((image) => [image.id, image]));
    return known;
  };

  return {
    async collect(everything, signal) {
      const now = clock.now();
      const images = await look(now, signal);
      const figures = await disk();
      const asked = everything ? { ...policy, highShare: 0, lowShare: 0 } : policy;
      const { remove, wantedBytes } = imageGarbage(images, figures, asked, now);
      let freed = 0;
      for (const { id, bytes } of remove) {
        try {
          await cri.images.removeImage({ image: { image: id } }, { signal });
          freed += bytes;
          log.info('removed an image that nothing uses', { image: id, bytes });
        } catch (error) {
          if (signal.aborted) throw error;
          if (!isNotFound(error)) log.warn('an image could not be removed', { image: id, why: describeFailure(error) });
        }
      }
      if (everything || freed >= wantedBytes) return undefined;
      return `Failed to garbage collect required amount of images. Attempted to free ${wantedBytes} bytes, but only found ${freed} bytes eligible to free.`;
    },
  };
}
