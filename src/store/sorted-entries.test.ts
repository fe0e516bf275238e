import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { compareKeys } from './key-order.ts';
import { SortedEntries } from './sorted-entries.ts';
import type { Entry } from './store.ts';

const entry = (key: string, revision = 1): Entry => ({ key, value: {}, revision });
const name = (n: number): string => `p${n % 7}/${n}`;

/** Enough to split leaves many times over; each number of the seed adds or removes a stretch of keys. */
const stretches = fc.array(
  fc.record({
    from: fc.nat(6_000),
    length: fc.nat(1_500),
    stride: fc.constantFrom(1, 7, 4_001),
    isRemoval: fc.boolean(),
  }),
  { maxLength: 12 },
);

void test('holds what was set and not removed, in order, over many splits and merges', () => {
  const property = fc.property(stretches, fc.nat(7_000), fc.nat(600), (stretches, position, limit) => {
    const sorted = new SortedEntries();
    const model = new Map<string, Entry>();
    for (const { from, length, stride, isRemoval } of stretches)
      for (let i = 0; i < length; i++) {
        const key = name((from + i * stride) % 7_500);
        if (isRemoval) {
          sorted.remove(key);
          model.delete(key);
        } else {
          const added = entry(key, i);
          sorted.set(added);
          model.set(key, added);
        }
      }
    const after = name(position);
    const all = [...model.values()].sort((a, b) => compareKeys(a.key, b.key));
    const later = all.filter(({ key }) => compareKeys(key, after) > 0);
    const rest = later.filter(({ key }) => key.startsWith('p3/'));
    assert.deepEqual(sorted.page('', undefined, Number.POSITIVE_INFINITY), all);
    assert.deepEqual(sorted.page('', after, limit), later.slice(0, limit));
    assert.deepEqual(sorted.page('p3/', after, limit), rest.slice(0, limit));
    assert.equal(sorted.count('p3/', after), rest.length);
    assert.equal(sorted.get(after), model.get(after));
  });
  fc.assert(property, { numRuns: 60 });
});
