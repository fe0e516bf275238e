import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { compilePattern } from './pattern.ts';

test('patterns of real definitions match what they should', () => {
  const cases: readonly (readonly [string, readonly string[], readonly string[]])[] = [
    ['^(\\d+|\\*)(/\\d+)?(\\s+(\\d+|\\*)(/\\d+)?){4}$', ['* * * * */5'], ['* * * *', 'often']],
    ['^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$', ['a.b-c.d'], ['a..b', '-a', '']],
    ['^v[1-9][0-9]*$', ['v1', 'v20'], ['v0', 'V1']],
    ['^.{2,3}$', ['ab', 'abc', 'äöü', '😀😀'], ['a', 'abcd']],
    ['(?i)^hello$', ['HeLLo'], ['hell']],
    ['[[:alpha:]_]+', ['1a'], ['123']],
    ['^\\p{Lu}\\pL*$', ['Änne'], ['änne', 'Ä1']],
    ['\\bcat\\b', ['a cat.'], ['concat']],
    ['^[^/]+$', ['a'], ['a/b']],
    ['^[]a-]+$', ['a]-'], ['b']],
    ['^(a{2}){1,2}b*?$', ['aa', 'aaaab'], ['aaa']],
    ['^a\\x41\\x{42}$', ['aAB'], ['aab']],
  ];
  for (const [pattern, good, bad] of cases) {
    const matches = compilePattern(pattern);
    for (const text of good) assert.equal(matches(text), true, `${pattern} matches ${text}`);
    for (const text of bad) assert.equal(matches(text), false, `${pattern} does not match ${text}`);
  }
});

test('what RE2 does not have is refused', () => {
  for (const pattern of ['(', ')', 'a**', '*a', '(?=a)', '(?<!a)b', '(a)\\1', '[a', 'a{2,1}', 'a{1001}', '\\', '[b-a]'])
    assert.throws(() => compilePattern(pattern), SyntaxError, pattern);
  assert.throws(() => compilePattern('((a{100}){100}){100}'), /too large/);
});

test('a pattern that stops a backtracking engine costs nothing', () => {
  const matches = compilePattern('^((a+)+)+$');
  assert.equal(matches(`${'a'.repeat(10_000)}b`), false);
});

test('it agrees with the engine of the language on what both understand', () => {
  const atom = fc.constantFrom('a', 'b', '.', '[ab]', '[^a]', '\\d', '(a|b)', '(ab)', '(a|)', '^', '$');
  const part = fc
    .tuple(atom, fc.constantFrom('', '', '*', '+', '?', '{0,2}', '{2}'))
    .map(([text, times]) => (text === '^' || text === '$' ? text : text + times));
  const pattern = fc.array(part, { maxLength: 6 }).map((parts) => parts.join(''));
  const text = fc.string({ unit: fc.constantFrom('a', 'b', '1', 'c'), maxLength: 8 });
  fc.assert(
    fc.property(pattern, text, (source, value) => {
      assert.equal(compilePattern(source)(value), new RegExp(source, 'u').test(value), `${source} on ${value}`);
    }),
    { numRuns: 500 },
  );
});
