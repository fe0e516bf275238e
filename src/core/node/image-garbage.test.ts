import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defaultImageGarbagePolicy, imageGarbage, type KnownImage } from './image-garbage.ts';

const now = 1_000_000;
const image = (id: string, more: Partial<KnownImage> = {}): KnownImage => ({
  id,
  bytes: 10,
  firstSeenMs: 0,
  lastUsedMs: 0,
  pinned: false,
  ...more,
});
const removed = (availableBytes: number, ...images: readonly KnownImage[]) => {
  const figures = { capacityBytes: 100, availableBytes };
  const { remove, wantedBytes } = imageGarbage(images, figures, defaultImageGarbagePolicy, now);
  return [remove.map(({ id }) => id), wantedBytes];
};

const cases: readonly (readonly [
  title: string,
  available: number,
  images: readonly KnownImage[],
  ids: readonly string[],
  wanted: number,
])[] = [
  ['nothing is removed while the disk has room', 16, [image('a')], [], 0],
  ['from 85 % on, it is brought down to 80 %', 15, [image('a'), image('b')], ['a'], 5],
  ['the longest unused goes first', 5, [image('a', { lastUsedMs: 2 }), image('b', { lastUsedMs: 1 })], ['b', 'a'], 15],
  [
    'of those never used, the one seen first',
    10,
    [image('a', { firstSeenMs: 2 }), image('b', { firstSeenMs: 1 })],
    ['b'],
    10,
  ],
  ['what a container has stays', 0, [image('a', { lastUsedMs: now })], [], 20],
  ['the pause image stays', 0, [image('a', { pinned: true }), image('b')], ['b'], 20],
  ['what came less than two minutes ago stays', 0, [image('a', { firstSeenMs: now - 119_999 })], [], 20],
];
for (const [title, available, images, ids, wanted] of cases)
  test(title, () => assert.deepEqual(removed(available, ...images), [ids, wanted]));

test('a disk without figures is not full', () => {
  const figures = { capacityBytes: 0, availableBytes: 0 };
  assert.deepEqual(imageGarbage([image('a')], figures, defaultImageGarbagePolicy, now).remove, []);
});
