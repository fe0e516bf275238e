import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { parseQuantity, parseQuantityMilli, sameQuantity } from './quantity.ts';

test('quantities are read in base units', () => {
  const cases: readonly (readonly [text: string | number, value: number])[] = [
    ['0', 0],
    ['100m', 0.1],
    ['1.5', 1.5],
    ['.5', 0.5],
    ['2.', 2],
    ['+1', 1],
    ['-1', -1],
    ['200Mi', 209_715_200],
    ['1.5Gi', 1_610_612_736],
    ['1Ki', 1024],
    ['1k', 1000],
    ['1M', 1e6],
    ['1G', 1e9],
    ['1T', 1e12],
    ['1P', 1e15],
    ['1E', 1e18],
    ['1Ei', 2 ** 60],
    ['1e3', 1000],
    ['1E3', 1000],
    ['12e-1', 1.2],
    ['5n', 5e-9],
    ['7u', 7e-6],
    [3, 3],
    [0.5, 0.5],
  ];
  for (const [text, value] of cases) assert.equal(parseQuantity(text), value, String(text));
});

test('a quantity of megabytes is none, and costs nothing', () => {
  for (const text of ['9'.repeat(3_000_000), `0.${'1'.repeat(3_000_000)}`]) {
    assert.equal(parseQuantity(text), undefined);
    assert.equal(parseQuantityMilli(text), undefined);
    assert.equal(sameQuantity(text, text), false);
  }
});

test('what is no quantity is undefined', () => {
  for (const text of [
    '',
    ' ',
    'm',
    '1K',
    '1mi',
    '1ki',
    '1 Gi',
    '1Gi ',
    '1e',
    '1e1.5',
    '1.2.3',
    '.',
    '--1',
    '0x1',
    'NaN',
    '1e101',
    '1Mib',
  ])
    assert.equal(parseQuantity(text), undefined, JSON.stringify(text));
});

test('thousandths are rounded up, so that a sum of them never promises too much', () => {
  const cases: readonly (readonly [text: string, milli: number | undefined])[] = [
    ['100m', 100],
    ['1', 1000],
    ['1u', 1],
    ['1001u', 2],
    ['0.0015', 2],
    ['0', 0],
    ['1Ki', 1_024_000],
    ['x', undefined],
  ];
  for (const [text, milli] of cases) assert.equal(parseQuantityMilli(text), milli, text);
});

test('an amount is the same in whatever format it is written', () => {
  const amount = fc.integer({ min: 0, max: 1_000_000 });
  fc.assert(
    fc.property(amount, (count) => {
      const spellings = [
        `${count}`,
        `${count}000m`,
        `${count}.000`,
        `${count}e0`,
        `${count}000e-3`,
        `+${count}`,
        `${count / 1024}Ki`,
        `${count * 1000}m`,
      ];
      for (const text of spellings) {
        assert.ok(sameQuantity(`${count}`, text), text);
        assert.equal(parseQuantity(text), count, text);
        assert.equal(parseQuantityMilli(text), count * 1000, text);
      }
    }),
  );
});

test('amounts that differ are not the same, however little', () => {
  assert.equal(sameQuantity('1', '1000000001n'), false);
  assert.equal(sameQuantity('9007199254740993', '9007199254740992'), false);
  assert.equal(sameQuantity('1G', '1Gi'), false);
  assert.equal(sameQuantity('x', 'x'), false);
});
