import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fnv1a, nameSuffix } from './hash.ts';

test('the hash is FNV-1a of 32 bits', () => {
  assert.deepEqual(
    ['', 'a', 'foobar'].map((text) => fnv1a(text)),
    [0x811c9dc5, 0xe40c292c, 0xbf9cf968],
  );
});

test('a suffix has the asked length and only characters that Kubernetes puts into generated names', () => {
  for (let index = 0; index < 200; index++)
    assert.match(nameSuffix([`part-${index}`], 12), /^[bcdfghjklmnpqrstvwxz2456789]{12}$/);
  assert.equal(nameSuffix(['a'], 5).length, 5);
});

test('a suffix depends on every part, on their order and on where one ends', () => {
  const suffixes = [['ab', 'c'], ['a', 'bc'], ['c', 'ab'], ['ab', 'c', ''], ['abc']].map((parts) =>
    nameSuffix(parts, 8),
  );
  assert.equal(new Set(suffixes).size, suffixes.length);
});
