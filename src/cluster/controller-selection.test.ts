import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { controllerNames, selectControllers } from './controller-selection.ts';
import { ClusterStartError } from './start-error.ts';

describe('the controllers to run', () => {
  const all = Object.keys(controllerNames).toSorted();
  const without = (...names: string[]) => all.filter((name) => !names.includes(name));
  const cases: readonly [string, readonly string[]][] = [
    ['*', all],
    ['*,-daemonset-controller', without('daemonset-controller')],
    ['-daemonset,*', without('daemonset-controller')],
    ['*,-daemonset,-podgc', without('daemonset-controller', 'pod-garbage-collector-controller')],
    ['daemonset,kube-scheduler', ['daemonset-controller', 'kube-scheduler']],
    ['daemonset,-daemonset', []],
    ['', []],
  ];
  for (const [list, expected] of cases)
    test(`'${list}' are ${expected.length}`, () => {
      const entries = list === '' ? [] : list.split(',');
      assert.deepEqual([...selectControllers(entries)].toSorted(), expected);
    });

  test('a name that there is not is refused, and the names that there are are told', () => {
    assert.throws(
      () => selectControllers(['*', '-deamonset']),
      (error) => error instanceof ClusterStartError && /'deamonset'.*daemonset-controller/.test(error.message),
    );
  });
});
