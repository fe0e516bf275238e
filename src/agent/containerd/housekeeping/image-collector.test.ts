import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defaultImageGarbagePolicy } from '../../../core/node/index.ts';
import { createVirtualClock } from '../../../machinery/index.ts';
import { silentLogger } from '../../../observe/index.ts';
import type { Cri } from '../../cri/index.ts';
import { createImageCollector } from './image-collector.ts';

const { signal } = new AbortController();
const minute = 60_000;

/** A runtime with images of ten bytes on a disk of a hundred; the pause image is called `pause`. */
function world(names: readonly string[], containers: { imageRef: string }[] = []) {
  const clock = createVirtualClock();
  let images = names.map((name) => ({ id: name, size: 10n, repoTags: [name], repoDigests: [], pinned: false }));
  const figures = { capacityBytes: 100, availableBytes: 50 };
  const cri = {
    images: {
      listImages: () => Promise.resolve({ images }),
      removeImage: ({ image }: { image: { image: string } }) => {
        images = images.filter(({ id }) => id !== image.image);
        figures.availableBytes += 10;
        return Promise.resolve({});
      },
    },
    runtime: {
      listContainers: () => Promise.resolve({ containers }),
      status: () => Promise.resolve({ info: { config: '{"sandboxImage":"pause"}' } }),
    },
  } as unknown as Cri;
  const disk = () => Promise.resolve(figures);
  const collector = createImageCollector({ cri, clock, log: silentLogger, policy: defaultImageGarbagePolicy, disk });
  return { clock, figures, containers, left: () => images.map(({ id }) => id), collector };
}

test('a full disk loses the images that were used longest ago, never the pause image or one that is used', async () => {
  const containers = [{ imageRef: 'old' }, { imageRef: 'used' }];
  const { clock, collector, figures, left } = world(['old', 'older', 'used', 'pause'], containers);
  await collector.collect(false, signal);
  containers.shift();
  await clock.advance(3 * minute);
  assert.deepEqual([await collector.collect(false, signal), left().length], [undefined, 4], 'there is room');
  figures.availableBytes = 10;
  await collector.collect(false, signal);
  assert.deepEqual(left(), ['old', 'used', 'pause']);
});

test('too little to free is said, with figures', async () => {
  const { clock, collector, figures } = world(['a', 'pause']);
  await collector.collect(false, signal);
  await clock.advance(3 * minute);
  figures.availableBytes = 0;
  assert.equal(
    await collector.collect(false, signal),
    'Failed to garbage collect required amount of images. Attempted to free 20 bytes, but only found 10 bytes eligible to free.',
  );
});

test('under disk pressure every unused image goes, though the disk of the images has room', async () => {
  const { clock, collector, left } = world(['a', 'b', 'pause'], [{ imageRef: 'b' }]);
  await collector.collect(true, signal);
  assert.equal(left().length, 3, 'they may just have come');
  await clock.advance(3 * minute);
  assert.equal(await collector.collect(true, signal), undefined);
  assert.deepEqual(left(), ['b', 'pause']);
});
