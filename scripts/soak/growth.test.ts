import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { seededRandom } from '../../src/machinery/index.ts';
import { growthOf, isLeak } from './growth.ts';

const mega = 1e6;
/** An hour, every 15 s, of a saw of 60 MB on a floor. */
const hour = (floor: (seconds: number) => number) => {
  const random = seededRandom(7);
  return Array.from({ length: 240 }, (_, index) => ({
    seconds: index * 15,
    value: floor(index * 15) + random.next() * 60 * mega,
  }));
};
const leaks = (floor: (seconds: number) => number) => {
  const growth = growthOf(hour(floor), 120)!;
  return isLeak(growth, 0.1, 16 * mega);
};

describe('growth of memory', () => {
  test('is none in a saw on a level floor', () =>
    assert.equal(
      leaks(() => 150 * mega),
      false,
    ));
  test('is none when only the beginning grew', () => {
    assert.equal(
      leaks((seconds) => (50 + Math.min(seconds / 900, 1) * 100) * mega),
      false,
    );
  });
  test('is none with a peak in the middle', () => {
    assert.equal(
      leaks((seconds) => (seconds > 1800 && seconds < 2100 ? 400 : 150) * mega),
      false,
    );
  });
  test('is none when what was given back is taken again', () => {
    const again = (seconds: number) => (seconds < 1800 ? 300 : 170 + Math.min((seconds - 1800) / 900, 1) * 100);
    assert.equal(
      leaks((seconds) => again(seconds) * mega),
      false,
    );
  });
  test('is found though something was given back', () => {
    const leak = (seconds: number) => (seconds < 1800 ? 200 : 120) + (seconds / 3600) * 400;
    assert.equal(
      leaks((seconds) => leak(seconds) * mega),
      true,
    );
  });
  test('is found though the saw is bigger than it', () => {
    assert.equal(
      leaks((seconds) => (150 + (seconds / 3600) * 60) * mega),
      true,
    );
  });
  test('is not told from a few samples', () => {
    assert.equal(
      growthOf(
        [
          { seconds: 0, value: 1 },
          { seconds: 60, value: 900 },
        ],
        120,
      ),
      undefined,
    );
  });
});
