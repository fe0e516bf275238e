import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { BinaryHeap } from './heap.ts';

test('an empty heap has nothing to give', () => {
  const heap = new BinaryHeap<number>((a, b) => a - b);
  assert.equal(heap.size, 0);
  assert.equal(heap.peek(), undefined);
  assert.equal(heap.pop(), undefined);
});

test('pushed and popped in any order, the least entry always comes first', () => {
  // Numbers are pushed; undefined pops.
  const steps = fc.array(fc.option(fc.integer({ min: 0, max: 20 }), { nil: undefined, freq: 3 }), { maxLength: 60 });
  fc.assert(
    fc.property(steps, (steps) => {
      const heap = new BinaryHeap<number>((a, b) => a - b);
      const model: number[] = [];
      for (const step of steps) {
        if (step === undefined) assert.equal(heap.pop(), model.shift());
        else {
          heap.push(step);
          model.push(step);
          model.sort((a, b) => a - b);
        }
        assert.equal(heap.size, model.length);
        assert.equal(heap.peek(), model[0]);
      }
      while (heap.size > 0) assert.equal(heap.pop(), model.shift());
    }),
  );
});
