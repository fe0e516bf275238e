import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { compileLabelSelector, formatLabelSelector, isEmptySelector, parseLabelSelector } from './labels.ts';
import type { LabelSelector } from './meta.ts';
import { isReason } from './status-error.ts';

const labels = { app: 'fluentd', tier: 'node', version: '12', empty: '' };

test('a text selector selects what each of its requirements does', () => {
  const cases: readonly (readonly [selector: string, matches: boolean])[] = [
    ['', true],
    ['  ', true],
    ['app=fluentd', true],
    ['app==fluentd', true],
    ['app = fluentd', true],
    ['app=other', false],
    ['app!=other', true],
    ['app!=fluentd', false],
    ['absent!=x', true],
    ['app', true],
    ['absent', false],
    ['!absent', true],
    ['! absent', true],
    ['!app', false],
    ['app in (nginx, fluentd)', true],
    ['app in(nginx,fluentd)', true],
    ['app in (nginx)', false],
    ['app notin (nginx)', true],
    ['app notin (fluentd)', false],
    ['absent notin (x)', true],
    ['absent in (x)', false],
    ['version>11', true],
    ['version>12', false],
    ['version<13', true],
    ['app>1', false],
    ['absent<1', false],
    ['empty=', true],
    ['app=', false],
    ['empty in ()', true],
    ['app=fluentd,tier=node', true],
    ['app=fluentd,tier=edge', false],
    ['app in (a,fluentd),tier notin (a,b),!absent', true],
    // Every object has a toString; no object has such a label.
    ['toString', false],
  ];
  for (const [selector, matches] of cases) assert.equal(parseLabelSelector(selector)(labels), matches, selector);
});

test('a malformed text selector is a bad request', () => {
  const cases = [
    'a b',
    '=b',
    'a=b=c',
    'a in (b',
    'a in b',
    'a in b)',
    'a,',
    ',a',
    'a,,b',
    '!',
    '!a=b',
    'a>x',
    'a<',
    '-a=b',
    'a=-b',
    'a=b!',
    `${'x'.repeat(64)}=b`,
    `a=${'x'.repeat(64)}`,
    'UPPER.example/a=b',
    'a in (b,c d)',
  ];
  for (const selector of cases)
    assert.throws(
      () => parseLabelSelector(selector),
      (error: unknown) => isReason(error, 'BadRequest'),
      selector,
    );
});

test('an object selector ANDs its labels and its expressions', () => {
  const cases: readonly (readonly [why: string, selector: LabelSelector | undefined, matches: boolean])[] = [
    ['an absent selector selects nothing', undefined, false],
    ['an empty one selects everything', {}, true],
    ['equal labels', { matchLabels: { app: 'fluentd', tier: 'node' } }, true],
    ['one label that differs', { matchLabels: { app: 'fluentd', tier: 'x' } }, false],
    ['a label that is absent', { matchLabels: { absent: '' } }, false],
    ['In', { matchExpressions: [{ key: 'app', operator: 'In', values: ['x', 'fluentd'] }] }, true],
    ['NotIn', { matchExpressions: [{ key: 'app', operator: 'NotIn', values: ['fluentd'] }] }, false],
    ['NotIn of an absent label', { matchExpressions: [{ key: 'absent', operator: 'NotIn', values: ['x'] }] }, true],
    ['Exists', { matchExpressions: [{ key: 'empty', operator: 'Exists' }] }, true],
    ['DoesNotExist', { matchExpressions: [{ key: 'app', operator: 'DoesNotExist' }] }, false],
    [
      'labels hold, an expression does not',
      { matchLabels: { app: 'fluentd' }, matchExpressions: [{ key: 'tier', operator: 'DoesNotExist' }] },
      false,
    ],
    // Malformed requirements (metav1.LabelSelectorAsSelector fails): nothing rather than everything.
    ['an operator nobody knows', { matchExpressions: [{ key: 'app', operator: 'Near', values: ['x'] }] }, false],
    ['NotIn without values', { matchExpressions: [{ key: 'app', operator: 'NotIn', values: [] }] }, false],
    ['Exists with values', { matchExpressions: [{ key: 'app', operator: 'Exists', values: ['x'] }] }, false],
  ];
  for (const [why, selector, matches] of cases) assert.equal(compileLabelSelector(selector)(labels), matches, why);
});

test('a selector is empty when it has neither labels nor expressions', () => {
  assert.equal(isEmptySelector({}), true);
  assert.equal(isEmptySelector({ matchLabels: {}, matchExpressions: [] }), true);
  assert.equal(isEmptySelector({ matchLabels: { a: '' } }), false);
  assert.equal(isEmptySelector({ matchExpressions: [{ key: 'a', operator: 'Exists' }] }), false);
});

test('the text form of an object selector selects the same', () => {
  const key = fc.constantFrom('app', 'tier', 'example.org/zone');
  const value = fc.constantFrom('', 'a', 'b', 'c-1.x');
  const values = fc.array(value, { minLength: 1, maxLength: 3 });
  const expression = fc.oneof(
    fc.record({ key, operator: fc.constantFrom('In', 'NotIn'), values }),
    fc.record({ key, operator: fc.constantFrom('Exists', 'DoesNotExist') }),
  );
  const selector = fc.record({
    matchLabels: fc.dictionary(key, value),
    matchExpressions: fc.array(expression, { maxLength: 3 }),
  });
  fc.assert(
    fc.property(selector, fc.dictionary(key, value), (selector, labels) => {
      const text = formatLabelSelector(selector);
      assert.equal(parseLabelSelector(text)(labels), compileLabelSelector(selector)(labels), text);
    }),
  );
});
