import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeJson, type PodTemplateSpec } from '../../api/index.ts';
import { daemonSet, node, onDelete, rolling, target } from './builders.test-support.ts';
import { compileTarget, isWantedRevision, sameTarget, surges } from './target.ts';

test('a target carries what the defaults of apps/v1 fill in', () => {
  const compiled = compileTarget(daemonSet(), 'abc');
  assert.deepEqual(compiled.strategy, { type: 'RollingUpdate', maxUnavailable: 1, maxSurge: 0 });
  assert.equal(compiled.minReadyMs, 0);
  assert.equal(compiled.graceMs, 30_000);
  assert.deepEqual(compileTarget(daemonSet(onDelete), 'abc').strategy, { type: 'OnDelete' });
});

test('the greatest grace period there is counts as very long, not as none', () => {
  const template = decodeJson('{"spec":{"containers":[],"terminationGracePeriodSeconds":9223372036854775807}}');
  const longest = { ...daemonSet(), spec: { ...daemonSet().spec, template: template as PodTemplateSpec } };
  assert.equal(compileTarget(longest, 'abc').graceMs, 2 ** 63 * 1000);
});

test('a surge of whatever size surges, none and OnDelete do not (AllowsSurge)', () => {
  const rows: readonly (readonly [maxSurge: number | string, surges: boolean])[] = [
    [0, false],
    ['0%', false],
    ['00%', false],
    [1, true],
    ['1%', true],
    ['100%', true],
  ];
  for (const [maxSurge, expected] of rows)
    assert.equal(surges(target(rolling(0, maxSurge))), expected, String(maxSurge));
  assert.equal(surges(target(onDelete)), false);
});

test('a pod is of the wanted revision by its hash, or by one that means the same; without a hash it is not', () => {
  const compiled = compileTarget(daemonSet(), 'abc', ['twin']);
  assert.deepEqual(
    ['abc', 'twin', 'other', undefined].map((revision) => isWantedRevision(compiled, node(), revision)),
    [true, true, false, false],
  );
});

test('targets are the same while generation, revision and its twins are', () => {
  const base = compileTarget(daemonSet(), 'abc', ['twin']);
  assert.equal(sameTarget(base, compileTarget(daemonSet(), 'abc', ['twin'])), true);
  assert.equal(sameTarget(undefined, base), false);
  assert.equal(sameTarget(base, compileTarget(daemonSet({}, {}, { generation: 2 }), 'abc', ['twin'])), false);
  assert.equal(sameTarget(base, compileTarget(daemonSet(), 'abd', ['twin', 'abc'])), false);
  assert.equal(sameTarget(base, compileTarget(daemonSet(), 'abc')), false);
});
