import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { validateUpdate } from '../index.ts';
import { errorsOf, type Fields, pod } from './pods.test-support.ts';

describe('an update of a pod', () => {
  const tolerations = [{ key: 'a', operator: 'Exists', effect: 'NoExecute' }];
  const before = pod({ tolerations, activeDeadlineSeconds: 10, schedulingGates: [{ name: 'a/b' }] });
  const change = (spec: Fields, container: Fields = {}) =>
    errorsOf(() =>
      validateUpdate(
        'v1/Pod',
        pod({ tolerations, activeDeadlineSeconds: 10, schedulingGates: [{ name: 'a/b' }], ...spec }, container),
        before,
      ),
    );

  test('may change an image', () => assert.deepEqual(change({}, { image: 'other' }), []));
  test('may shorten the deadline', () => assert.deepEqual(change({ activeDeadlineSeconds: 5 }), []));
  test('may not lengthen it', () =>
    assert.deepEqual(change({ activeDeadlineSeconds: 11 }), [
      'spec.activeDeadlineSeconds: Invalid value: 11: must be less than or equal to previous value',
    ]));
  test('may add a toleration', () =>
    assert.deepEqual(change({ tolerations: [...tolerations, { key: 'b', operator: 'Exists' }] }), []));
  test('may limit a toleration in time', () =>
    assert.deepEqual(change({ tolerations: [{ ...tolerations[0], tolerationSeconds: 5 }] }), []));
  test('may not take one away', () =>
    assert.deepEqual(change({ tolerations: [] }), [
      'spec.tolerations: Forbidden: existing toleration can not be modified except its tolerationSeconds',
    ]));
  test('may open a gate', () => assert.deepEqual(change({ schedulingGates: [] }), []));
  test('may not add one', () =>
    assert.deepEqual(change({ schedulingGates: [{ name: 'a/b' }, { name: 'c/d' }] }), [
      "spec.schedulingGates: Forbidden: only deletion is allowed, but found new scheduling gate 'c/d'",
    ]));
  test('may not change anything else, and hears what it changed', () => {
    const [error, ...others] = change({ hostname: 'h' }, { command: ['x'] });
    assert.deepEqual(others, []);
    assert.match(
      error ?? '',
      /^spec: Forbidden: pod updates may not change fields other than .*; changed: (containers, hostname|hostname, containers)$/,
    );
  });
  test('may not add a container', () =>
    assert.deepEqual(
      change({
        containers: [
          { name: 'c', image: 'i' },
          { name: 'd', image: 'i' },
        ],
      }),
      ['spec.containers: Forbidden: pod updates may not add or remove containers'],
    ));
});
