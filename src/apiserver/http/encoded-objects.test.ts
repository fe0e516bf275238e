import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createEncodedObjects } from './encoded-objects.ts';

/** Counts how often it is made into JSON. */
function counted(size: number) {
  const object = { metadata: {}, made: 0, toJSON: () => ({ nr: (object.made += 1), text: 'x'.repeat(size) }) };
  return object;
}

test('what goes to many is encoded once, as long as there is room', () => {
  const encoded = createEncodedObjects(1_000);
  const [a, b, large] = [counted(300), counted(300), counted(5_000)];
  for (const object of [a, b, a, b]) encoded.json(object);
  assert.deepEqual([a.made, b.made], [1, 1]);
  // Too large to be kept: it takes the others' room for the moment and has none itself.
  assert.equal(encoded.json(large).length > 5_000, true);
  for (const object of [a, b, a, b]) encoded.json(object);
  assert.deepEqual([a.made, b.made], [2, 2]);
});
