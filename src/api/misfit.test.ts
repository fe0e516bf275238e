import assert from 'node:assert/strict';
import { test } from 'node:test';
import { misfit } from './misfit.ts';
import type { PartialFields } from './partial-fields.ts';

const fields: PartialFields = {
  1: ['name', 'string'],
  2: ['count', 'integer'],
  3: ['labels', 'labels'],
  4: ['words', 'strings'],
  5: ['on', 'boolean'],
  6: ['at', 'time'],
  7: ['inner', { 1: ['name', 'string'] }],
  8: ['many', [{ 1: ['key', 'string'] }]],
};

const good = {
  name: 'a',
  count: 1,
  labels: { a: 'b' },
  words: ['a'],
  on: true,
  at: 'x',
  inner: { name: 'b' },
  many: [{ key: 'k' }],
};

test('what is of its types fits; so does what is absent, null, or not asked for', () => {
  for (const value of [good, {}, { name: null, many: null, inner: undefined }, { other: 5, inner: { other: [] } }])
    assert.equal(misfit(value, fields), undefined);
});

test('what does not fit is told with its path', () => {
  const cases: readonly (readonly [value: unknown, words: string])[] = [
    [undefined, 'it is no object'],
    [[], 'it is no object'],
    ['text', 'it is no object'],
    [{ name: 5 }, 'name is no text'],
    [{ count: '1' }, 'count is no whole number'],
    [{ count: 1.5 }, 'count is no whole number'],
    [{ labels: { a: {} } }, 'labels is no map of texts'],
    [{ labels: [] }, 'labels is no map of texts'],
    [{ words: 'a' }, 'words is no list of texts'],
    [{ words: [null] }, 'words is no list of texts'],
    [{ on: 'true' }, 'on is neither true nor false'],
    [{ at: 5 }, 'at is no text'],
    [{ inner: 'x' }, 'inner is no object'],
    [{ inner: { name: [] } }, 'inner.name is no text'],
    [{ many: {} }, 'many is no list'],
    [{ many: [{ key: 'k' }, null] }, 'many[1] is no object'],
    [{ many: [{ key: 0 }] }, 'many[0].key is no text'],
  ];
  for (const [value, words] of cases) assert.equal(misfit(value, fields), words);
});
