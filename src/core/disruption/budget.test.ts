import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { formatTime } from '../../api/index.ts';
import { type Budget, type BudgetPod, budgetStatus, disruptedPodMsMax } from './budget.ts';

const pods = (healthy: number, ill = 0, controller: string | undefined = 'set'): readonly BudgetPod[] =>
  Array.from({ length: healthy + ill }, (_, index) => ({
    name: `p${index}`,
    healthy: index < healthy,
    terminating: false,
    controller,
  }));
const ask = (
  budget: Budget,
  list: readonly BudgetPod[],
  disruptedPods: Readonly<Record<string, string>> = {},
  now = 0,
) => budgetStatus({ budget, pods: list, scaleOf: (uid) => (uid === 'set' ? 10 : undefined), disruptedPods, now });

describe('how many may go', () => {
  const cases: readonly (readonly [
    name: string,
    budget: Budget,
    pods: readonly BudgetPod[],
    expected: readonly [allowed: number, healthy: number, desired: number, expected: number],
  ])[] = [
    ['a number must stay', { minAvailable: 2 }, pods(5), [3, 5, 2, 5]],
    ['fewer than that are well', { minAvailable: 2 }, pods(1, 4), [0, 1, 2, 5]],
    ['a share must stay, rounded up', { minAvailable: '25%' }, pods(10), [7, 10, 3, 10]],
    ['a number may be missing, of what the controller wants', { maxUnavailable: 1 }, pods(10), [1, 10, 9, 10]],
    ['of those that are missing already', { maxUnavailable: 1 }, pods(9), [0, 9, 9, 10]],
    ['a share may be missing, rounded up', { maxUnavailable: '25%' }, pods(10), [3, 10, 7, 10]],
    ['all may be missing', { maxUnavailable: '100%' }, pods(10), [10, 10, 0, 10]],
    ['more than all may be missing', { maxUnavailable: 20 }, pods(10), [10, 10, 0, 10]],
    ['nothing is selected', { minAvailable: 1 }, [], [0, 0, 1, 0]],
    [
      'a pod has no controller',
      { maxUnavailable: 1 },
      [...pods(3), { ...pods(1)[0]!, controller: undefined }],
      [0, 4, 0, 0],
    ],
    ['a controller that is not known', { maxUnavailable: 1 }, pods(3, 0, 'other'), [0, 3, 0, 0]],
  ];
  for (const [name, budget, list, expected] of cases)
    test(name, () => {
      const { disruptionsAllowed, currentHealthy, desiredHealthy, expectedPods } = ask(budget, list);
      assert.deepEqual([disruptionsAllowed, currentHealthy, desiredHealthy, expectedPods], expected);
    });
});

test('a granted eviction counts until it shows, or for two minutes', () => {
  const disrupted = { p0: formatTime(0) };
  const budget = { minAvailable: 1 };
  assert.equal(ask(budget, pods(2), disrupted).disruptionsAllowed, 0);
  assert.deepEqual(ask(budget, pods(2), disrupted).disruptedPods, disrupted);
  assert.equal(ask(budget, pods(2), disrupted, disruptedPodMsMax).disruptionsAllowed, 1);
  const [first, ...rest] = pods(3);
  const leaving = [{ ...first!, healthy: false, terminating: true }, ...rest];
  assert.deepEqual(ask(budget, leaving, disrupted), {
    disruptionsAllowed: 1,
    currentHealthy: 2,
    desiredHealthy: 1,
    expectedPods: 3,
  });
  assert.equal(ask(budget, rest, disrupted).disruptedPods, undefined, 'gone');
});
