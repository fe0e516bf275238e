import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Taint, Toleration } from '../../api/index.ts';
import { evictionDelayMs } from './eviction.ts';

const unreachable: Taint = { key: 'node.kubernetes.io/unreachable', effect: 'NoExecute' };
const tolerating = (key: string, tolerationSeconds?: number): Toleration => ({
  key,
  operator: 'Exists',
  effect: 'NoExecute',
  ...(tolerationSeconds === undefined ? {} : { tolerationSeconds }),
});

const cases: readonly (readonly [
  title: string,
  taints: readonly Taint[],
  tolerations: readonly Toleration[],
  delayMs: number | undefined,
])[] = [
  ['no taint, no eviction', [], [], undefined],
  ['NoSchedule evicts nobody', [{ key: 'x', effect: 'NoSchedule' }], [], undefined],
  ['an untolerated taint evicts at once', [unreachable], [tolerating('other')], 0],
  ['a toleration without seconds holds for ever', [unreachable], [tolerating(unreachable.key)], undefined],
  ['tolerationSeconds are waited for', [unreachable], [tolerating(unreachable.key, 300)], 300_000],
  [
    'the shortest toleration counts',
    [unreachable, { key: 'x', effect: 'NoExecute' }],
    [tolerating(unreachable.key, 300), tolerating('x', 5)],
    5_000,
  ],
  [
    '… wherever it stands',
    [{ key: 'x', effect: 'NoExecute' }, unreachable],
    [tolerating(unreachable.key, 300), tolerating('x', 5)],
    5_000,
  ],
  [
    'one that holds for ever does not lengthen another',
    [unreachable, { key: 'x', effect: 'NoExecute' }],
    [tolerating(unreachable.key), tolerating('x', 5)],
    5_000,
  ],
  ['negative seconds are none', [unreachable], [tolerating(unreachable.key, -1)], 0],
];

for (const [title, taints, tolerations, delayMs] of cases)
  test(title, () => assert.equal(evictionDelayMs(taints, tolerations), delayMs));
