import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isDnsLabel, isDnsSubdomain, isLabelValue, isQualifiedName } from './names.ts';

const rules = { isDnsLabel, isDnsSubdomain, isQualifiedName, isLabelValue };
const x = (count: number) => 'x'.repeat(count);

test('the name rules of apimachinery accept and refuse what they should', () => {
  const cases: Readonly<
    Record<keyof typeof rules, { readonly good: readonly string[]; readonly bad: readonly string[] }>
  > = {
    isDnsLabel: {
      good: ['a', 'a-1', '0', x(63)],
      bad: ['', '-a', 'a-', 'A', 'a.b', 'a_b', x(64), 'ä', 'a\n'],
    },
    isDnsSubdomain: {
      good: ['a', 'a.b', 'node-1.example.org', x(100), `${x(126)}.${x(126)}`],
      bad: ['', '.', 'a.', '.a', 'a..b', 'a.-b', 'A.b', `${x(127)}.${x(126)}`, 'a_b'],
    },
    isQualifiedName: {
      good: ['app', 'App_1.x-y', 'example.org/app', x(63), `${x(253)}/a`],
      bad: ['', '/app', 'example.org/', 'a/b/c', 'Example.org/app', '-a', 'a-', x(64), `${x(254)}/a`, 'a b'],
    },
    isLabelValue: {
      good: ['', 'a', 'A.b_c-9', x(63)],
      bad: ['-', 'a-', '.a', 'a b', x(64), 'a/b'],
    },
  };
  for (const [rule, { good, bad }] of Object.entries(cases) as [keyof typeof rules, (typeof cases)['isDnsLabel']][]) {
    for (const text of good) assert.equal(rules[rule](text), true, `${rule}(${JSON.stringify(text)})`);
    for (const text of bad) assert.equal(rules[rule](text), false, `${rule}(${JSON.stringify(text)})`);
  }
});
