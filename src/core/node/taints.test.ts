import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { formatTaint, type Node, type Taint } from '../../api/index.ts';
import { wantedTaints } from './taints.ts';

const node = (conditions: Record<string, string>, taints: readonly Taint[] = [], unschedulable = false): Node => ({
  metadata: { name: 'a' },
  spec: { taints, unschedulable },
  status: { conditions: Object.entries(conditions).map(([type, status]) => ({ type, status })) },
});
const now = '2026-01-01T00:00:00Z';

const cases: readonly (readonly [title: string, node: Node, taints: readonly string[] | undefined])[] = [
  ['a healthy node needs none', node({ Ready: 'True', MemoryPressure: 'False' }), undefined],
  ['a node that never posted has none yet', node({}), undefined],
  [
    'not ready keeps away and evicts',
    node({ Ready: 'False' }),
    ['node.kubernetes.io/not-ready:NoSchedule', 'node.kubernetes.io/not-ready:NoExecute'],
  ],
  [
    'unknown is unreachable, and no longer not ready',
    node({ Ready: 'Unknown' }, [
      { key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' },
      { key: 'node.kubernetes.io/not-ready', effect: 'NoExecute' },
    ]),
    ['node.kubernetes.io/unreachable:NoSchedule', 'node.kubernetes.io/unreachable:NoExecute'],
  ],
  [
    'pressures keep away',
    node({ Ready: 'True', MemoryPressure: 'True', DiskPressure: 'True', PIDPressure: 'True' }),
    [
      'node.kubernetes.io/memory-pressure:NoSchedule',
      'node.kubernetes.io/disk-pressure:NoSchedule',
      'node.kubernetes.io/pid-pressure:NoSchedule',
    ],
  ],
  [
    'no network yet keeps away',
    node({ NetworkUnavailable: 'True' }),
    ['node.kubernetes.io/network-unavailable:NoSchedule'],
  ],
  ['a cordon is a taint', node({ Ready: 'True' }, [], true), ['node.kubernetes.io/unschedulable:NoSchedule']],
  [
    'uncordoned and recovered, only the taints of others are left',
    node({ Ready: 'True' }, [
      { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' },
      { key: 'dedicated', value: 'db', effect: 'NoExecute' },
      { key: 'node.kubernetes.io/unreachable', effect: 'NoExecute' },
    ]),
    ['dedicated=db:NoExecute'],
  ],
  [
    'an effect that is not ours stays, even under our key',
    node({ Ready: 'True' }, [{ key: 'node.kubernetes.io/memory-pressure', effect: 'NoExecute' }]),
    undefined,
  ],
];

describe('the taints of a node', () => {
  for (const [title, given, taints] of cases)
    test(title, () => assert.deepEqual(wantedTaints(given, now)?.map(formatTaint), taints));

  test('keep the time since when they stand', () => {
    const standing = { key: 'node.kubernetes.io/not-ready', effect: 'NoExecute', timeAdded: 'earlier' };
    const taints = wantedTaints(node({ Ready: 'False' }, [standing]), now);
    assert.deepEqual(taints, [standing, { key: standing.key, effect: 'NoSchedule', timeAdded: now }]);
  });

  test('are stable: what was written once is not written again', () => {
    const status = fc.constantFrom('True', 'False', 'Unknown');
    fc.assert(
      fc.property(
        fc.record({ Ready: status, MemoryPressure: status, DiskPressure: status, NetworkUnavailable: status }),
        fc.boolean(),
        (conditions, unschedulable) => {
          const taints = wantedTaints(node(conditions, [], unschedulable), now) ?? [];
          assert.equal(wantedTaints(node(conditions, taints, unschedulable), now), undefined);
        },
      ),
    );
  });
});
