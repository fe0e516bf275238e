import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Toleration } from '../../api/index.ts';
import { daemonTolerations } from './tolerations.ts';

const automatic: readonly Toleration[] = [
  { key: 'node.kubernetes.io/not-ready', operator: 'Exists', effect: 'NoExecute' },
  { key: 'node.kubernetes.io/unreachable', operator: 'Exists', effect: 'NoExecute' },
  { key: 'node.kubernetes.io/disk-pressure', operator: 'Exists', effect: 'NoSchedule' },
  { key: 'node.kubernetes.io/memory-pressure', operator: 'Exists', effect: 'NoSchedule' },
  { key: 'node.kubernetes.io/pid-pressure', operator: 'Exists', effect: 'NoSchedule' },
  { key: 'node.kubernetes.io/unschedulable', operator: 'Exists', effect: 'NoSchedule' },
];
const network: Toleration = {
  key: 'node.kubernetes.io/network-unavailable',
  operator: 'Exists',
  effect: 'NoSchedule',
};
const unreachable = automatic[1]!;

test('the automatic tolerations come in their order; network-unavailable only in the host network', () => {
  assert.deepEqual(daemonTolerations({ containers: [] }), automatic);
  assert.deepEqual(daemonTolerations({ containers: [], hostNetwork: true }), [...automatic, network]);
});

test("the template's tolerations come first and keep their order", () => {
  const own: Toleration[] = [{ key: 'b', operator: 'Exists' }, { key: 'a' }];
  assert.deepEqual(daemonTolerations({ containers: [], tolerations: own }), [...own, ...automatic]);
});

test("a template's tolerationSeconds on an automatic toleration is overwritten in place: daemons stay for ever", () => {
  const own: Toleration[] = [
    { ...unreachable, tolerationSeconds: 5 },
    { key: 'a' },
    { ...unreachable, tolerationSeconds: 9 },
  ];
  assert.deepEqual(daemonTolerations({ containers: [], tolerations: own }), [
    unreachable,
    { key: 'a' },
    unreachable,
    ...automatic.filter((toleration) => toleration !== unreachable),
  ]);
});

test('a toleration of the same key that says something else is kept beside the automatic one', () => {
  const own: Toleration = { key: unreachable.key!, operator: 'Exists', effect: 'NoSchedule' };
  assert.deepEqual(daemonTolerations({ containers: [], tolerations: [own] }), [own, ...automatic]);
});

test('the list of the template is not written to', () => {
  const own: Toleration[] = [];
  daemonTolerations({ containers: [], tolerations: own });
  assert.deepEqual(own, []);
});
