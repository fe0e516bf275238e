import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { sameQuantity } from '../../api/index.ts';
import { canonicalQuantity } from './quantity.ts';

describe('the canonical spelling of a quantity', () => {
  const rows: readonly (readonly [given: string | number, canonical: string | undefined])[] = [
    ['100m', '100m'],
    ['0.1', '100m'],
    [1, '1'],
    [0.5, '500m'],
    ['2000m', '2'],
    ['1000', '1k'],
    ['1500', '1500'],
    ['1.5', '1500m'],
    ['200Mi', '200Mi'],
    ['1024Mi', '1Gi'],
    ['1.5Gi', '1536Mi'],
    ['512Ki', '512Ki'],
    ['0.5Ki', '512'],
    ['0', '0'],
    ['0Gi', '0'],
    ['-1', '-1'],
    ['1e3', '1e3'],
    ['12e6', '12e6'],
    ['1n', '1n'],
    ['0.1n', '1n'],
    ['+5', '5'],
    ['.5', '500m'],
    ['', undefined],
    ['lots', undefined],
    ['1 Gi', undefined],
    ['1gi', undefined],
    ['1e999999', undefined],
    ['0e3333333333', undefined],
    ['9'.repeat(100), undefined],
    [Number.NaN, undefined],
    [Number.POSITIVE_INFINITY, undefined],
  ];
  for (const [given, canonical] of rows)
    test(`of ${JSON.stringify(given)} is ${canonical ?? 'none: it is no quantity'}`, () =>
      assert.equal(canonicalQuantity(given), canonical));

  test('means the same and is its own canonical spelling', () => {
    const suffix = fc.constantFrom('', 'm', 'k', 'M', 'G', 'Ki', 'Mi', 'Gi', 'u', 'e3');
    const digits = fc.tuple(fc.nat({ max: 5000 }), fc.nat({ max: 99 })).map(([whole, part]) => `${whole}.${part}`);
    fc.assert(
      fc.property(digits, suffix, (number, unit) => {
        const canonical = canonicalQuantity(number + unit)!;
        assert.ok(sameQuantity(canonical, number + unit), canonical);
        assert.equal(canonicalQuantity(canonical), canonical);
      }),
    );
  });
});
