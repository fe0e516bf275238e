import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { createIndexedCache } from './index.ts';

interface Value {
  readonly node: string | undefined;
  readonly tags: readonly string[];
}
const make = () =>
  createIndexedCache<Value, 'node' | 'tag'>({
    node: ({ node }) => (node === undefined ? [] : [node]),
    tag: ({ tags }) => tags,
  });

describe('the indexed cache', () => {
  test('finds a value by every key that an index says of it, and follows its changes', () => {
    const cache = make();
    const first = { node: 'n1', tags: ['x', 'y'] };
    const second = { node: 'n2', tags: ['y'] };
    assert.equal(cache.set('p', first), undefined);
    assert.deepEqual([[...cache.lookup('node', 'n1')], [...cache.lookup('tag', 'x')]], [[first], [first]]);
    assert.equal(cache.set('p', second), first);
    assert.deepEqual(
      [[...cache.lookup('node', 'n1')], [...cache.lookup('node', 'n2')], cache.count('tag', 'x')],
      [[], [second], 0],
    );
    assert.equal(cache.delete('p'), second);
    assert.deepEqual([cache.size, cache.count('node', 'n2'), cache.get('p')], [0, 0, undefined]);
  });

  test('agrees with a scan under any history', () => {
    const node = fc.option(fc.constantFrom('n1', 'n2'), { nil: undefined });
    const value = fc.record({ node, tags: fc.uniqueArray(fc.constantFrom('x', 'y', 'z')) });
    const step = fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.option(value, { nil: undefined }));
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const cache = make();
        const model = new Map<string, Value>();
        for (const [key, value] of steps) {
          if (value === undefined) assert.equal(cache.delete(key), model.get(key));
          else assert.equal(cache.set(key, value), model.get(key));
          if (value === undefined) model.delete(key);
          else model.set(key, value);
          for (const tag of ['x', 'y', 'z'])
            assert.deepEqual(
              new Set(cache.lookup('tag', tag)),
              new Set([...model.values()].filter(({ tags }) => tags.includes(tag))),
            );
        }
        assert.equal(cache.size, model.size);
      }),
    );
  });
});
