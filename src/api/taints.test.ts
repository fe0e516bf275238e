import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Taint, Toleration } from './core.ts';
import { findUntolerated, formatTaint, tolerates } from './taints.ts';

test('a toleration covers a taint when effect, key and value agree (ToleratesTaint)', () => {
  const taint: Taint = { key: 'dedicated', value: 'db', effect: 'NoSchedule' };
  const cases: readonly (readonly [why: string, toleration: Toleration, covers: boolean])[] = [
    ['Exists on the key', { key: 'dedicated', operator: 'Exists', effect: 'NoSchedule' }, true],
    ['Exists without a key: every taint', { operator: 'Exists' }, true],
    ['Exists without a key, of another effect', { operator: 'Exists', effect: 'NoExecute' }, false],
    ['Exists on another key', { key: 'other', operator: 'Exists' }, false],
    ['Equal on key and value', { key: 'dedicated', operator: 'Equal', value: 'db', effect: 'NoSchedule' }, true],
    ['no operator means Equal', { key: 'dedicated', value: 'db' }, true],
    ['no effect means every effect', { key: 'dedicated', operator: 'Equal', value: 'db' }, true],
    ['an empty effect means every effect', { key: 'dedicated', value: 'db', effect: '' }, true],
    ['another value', { key: 'dedicated', value: 'web' }, false],
    ['no value is the empty value', { key: 'dedicated' }, false],
    ['another effect', { key: 'dedicated', value: 'db', effect: 'NoExecute' }, false],
    ['Equal without a key covers nothing', { operator: 'Equal', value: 'db' }, false],
    ['an operator nobody knows', { key: 'dedicated', operator: 'Like', value: 'db' }, false],
    ['tolerationSeconds plays no part', { key: 'dedicated', value: 'db', tolerationSeconds: 0 }, true],
  ];
  for (const [why, toleration, covers] of cases) assert.equal(tolerates(toleration, taint), covers, why);
});

test('a taint is compared as a number where the toleration says so (1.35, by feature gate)', () => {
  const cases: readonly (readonly [taint: string, operator: string, limit: string, covers: boolean])[] = [
    ['950', 'Gt', '900', true],
    ['900', 'Gt', '900', false],
    ['850', 'Lt', '900', true],
    ['950', 'Lt', '900', false],
    ['-5', 'Lt', '0', true],
    ['9223372036854775807', 'Gt', '9223372036854775806', true],
    ['9223372036854775808', 'Gt', '0', false],
    ['0950', 'Gt', '900', false],
    ['high', 'Gt', '900', false],
    ['', 'Lt', '900', false],
    ['950', 'Gt', '', false],
  ];
  for (const [value, operator, limit, covers] of cases) {
    const taint: Taint = { key: 'sla', value, effect: 'NoSchedule' };
    assert.equal(tolerates({ key: 'sla', operator, value: limit }, taint), covers, `${value} ${operator} ${limit}`);
  }
});

test('a taint without a value equals a toleration without one', () => {
  assert.equal(tolerates({ key: 'a' }, { key: 'a', effect: 'NoExecute' }), true);
  assert.equal(tolerates({ key: 'a', value: '' }, { key: 'a', effect: 'NoExecute' }), true);
});

test('the first uncovered taint of the asked effects is found', () => {
  const taints: Taint[] = [
    { key: 'soft', effect: 'PreferNoSchedule' },
    { key: 'covered', effect: 'NoSchedule' },
    { key: 'first', effect: 'NoSchedule' },
    { key: 'second', effect: 'NoSchedule' },
    { key: 'out', effect: 'NoExecute' },
  ];
  const tolerations: Toleration[] = [{ key: 'covered', operator: 'Exists' }];
  assert.equal(findUntolerated(taints, tolerations, ['NoSchedule'])?.key, 'first');
  assert.equal(findUntolerated(taints, tolerations, ['NoExecute'])?.key, 'out');
  assert.equal(findUntolerated(taints, [{ operator: 'Exists' }], ['NoSchedule', 'NoExecute']), undefined);
  assert.equal(findUntolerated(undefined, undefined, ['NoSchedule']), undefined);
  assert.equal(findUntolerated(taints, undefined, ['NoSchedule'])?.key, 'covered');
});

test('taints are written as kubectl writes them', () => {
  assert.equal(formatTaint({ key: 'a', value: 'b', effect: 'NoSchedule' }), 'a=b:NoSchedule');
  assert.equal(formatTaint({ key: 'a', effect: 'NoExecute' }), 'a:NoExecute');
  assert.equal(formatTaint({ key: 'a', value: '', effect: 'NoExecute' }), 'a:NoExecute');
});
