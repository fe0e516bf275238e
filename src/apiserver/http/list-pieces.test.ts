import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubernetesObject } from '../../api/index.ts';
import { createVirtualClock } from '../../machinery/index.ts';
import { createListPieces, cutIntoPieces } from './list-pieces.ts';

const object = (index: number): KubernetesObject => ({
  metadata: { name: `m-${index}`, uid: `${(index % 256).toString(16).padStart(2, '0')}aa` },
});
const objects = (count: number) => Array.from({ length: count }, (_, index) => object(index));
const sizes = (items: readonly KubernetesObject[]) => [...cutIntoPieces(items)].map(({ length }) => length);

test('a new object changes the piece that it is in, and no other', () => {
  const items = objects(1_000);
  assert.deepEqual(sizes(items), [256, 256, 256, 232]);
  assert.deepEqual(sizes(items.toSpliced(300, 0, { metadata: { name: 'new', uid: 'ff' } })), [256, 257, 256, 232]);
  assert.deepEqual(
    sizes(objects(1_000).map(({ metadata: { name = '' } }) => ({ metadata: { name } }))),
    [400, 400, 200],
  );
  assert.deepEqual(sizes([]), []);
});

test('the same objects are made into JSON once, others anew', () => {
  const pieces = createListPieces(createVirtualClock());
  const items = objects(3);
  const first = pieces.json(items);
  assert.equal(`[${first.toString().slice(1)}]`, JSON.stringify(items));
  assert.equal(pieces.json([...items]), first);
  const changed = items.with(1, object(9));
  assert.equal(`[${pieces.json(changed).toString().slice(1)}]`, JSON.stringify(changed));
  assert.notEqual(pieces.json(items), first, 'of two with the same beginning the newer is kept');
});

test('what nobody asks for is forgotten after a minute, and there is a bound', async () => {
  const clock = createVirtualClock();
  const items = objects(3);
  const pieces = createListPieces(clock, 2 * JSON.stringify(items).length);
  const [first, second] = [pieces.json(items), pieces.json(items.slice(1))];
  const third = items.slice(2).concat(objects(9));
  assert.notEqual(pieces.json(third), pieces.json(third), 'there is no room for it');
  await clock.advance(40_000);
  assert.equal(pieces.json(items), first);
  await clock.advance(40_000);
  assert.equal(pieces.json(items), first);
  assert.notEqual(pieces.json(items.slice(1)), second);
  await clock.advance(200_000);
  assert.notEqual(pieces.json(items), first);
});
