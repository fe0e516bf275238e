import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { commaSeparated, duration, trueOrFalse } from './arguments.ts';

describe('a time as Go writes it', () => {
  const cases: readonly [string, number | undefined][] = [
    ['500ms', 500],
    ['15s', 15_000],
    ['1m30s', 90_000],
    ['1.5h', 5_400_000],
    ['0s', 0],
    ['', undefined],
    ['15', undefined],
    ['15 s', undefined],
    ['-1s', undefined],
    ['s15', undefined],
    ['1d', undefined],
  ];
  for (const [text, ms] of cases)
    test(`'${text}' is ${ms === undefined ? 'refused' : `${ms} ms`}`, () => {
      if (ms === undefined) assert.throws(() => duration(0)(text), /15s or 1m30s/);
      else assert.equal(duration(0)(text), ms);
    });

  test('below the least is refused, and the least is told', () => {
    assert.throws(() => duration(1000)('999ms'), /at least 1s/);
    assert.equal(duration(1000)('1s'), 1000);
  });
});

describe('other arguments', () => {
  test('a switch takes true and false, nothing else', () => {
    assert.deepEqual([trueOrFalse('true'), trueOrFalse('false')], [true, false]);
    assert.throws(() => trueOrFalse('yes'), /'true' or 'false'/);
  });

  test('a list is cut at its commas', () => {
    assert.deepEqual(commaSeparated('*,-daemonset,'), ['*', '-daemonset']);
  });
});
