import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { type IntOrPercent, parsePercent, scaleRoundingDown, scaleRoundingUp } from './int-or-percent.ts';

test('percentages are scaled and rounded up, integers stay', () => {
  const cases: readonly (readonly [value: IntOrPercent, total: number, scaled: number | undefined])[] = [
    [0, 10, 0],
    [3, 10, 3],
    [30, 10, 30],
    ['0%', 10, 0],
    ['1%', 10, 1],
    ['10%', 10, 1],
    ['11%', 10, 2],
    ['33%', 3, 1],
    ['50%', 3, 2],
    ['100%', 7, 7],
    ['10%', 0, 0],
    ['5', 10, undefined],
    ['ten%', 10, undefined],
    ['-5%', 10, undefined],
    ['1.5%', 10, undefined],
    [1.5, 10, undefined],
  ];
  for (const [value, total, scaled] of cases)
    assert.equal(scaleRoundingUp(value, total), scaled, `${value} of ${total}`);
});

test('a percentage scales to the least count that is not less (intstr.GetScaledValueFromIntOrPercent, roundUp)', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 100 }), fc.nat(100_000), (percent, total) => {
      const scaled = scaleRoundingUp(`${percent}%`, total)!;
      assert.ok(scaled * 100 >= percent * total);
      assert.ok((scaled - 1) * 100 < percent * total);
    }),
  );
});

test('a percentage is digits and a percent sign', () => {
  assert.equal(parsePercent('25%'), 25);
  assert.equal(parsePercent('25'), undefined);
  assert.equal(parsePercent('%'), undefined);
  assert.equal(parsePercent('25%%'), undefined);
});

test('rounding down, a percentage scales to the greatest count that is not more', () => {
  assert.deepEqual(
    (['0%', '1%', '33%', '50%', '99%', '100%', 2, 'x', 0.5] as const).map((value) => scaleRoundingDown(value, 3)),
    [0, 0, 0, 1, 2, 3, 2, undefined, undefined],
  );
});
