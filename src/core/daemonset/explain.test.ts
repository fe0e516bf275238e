// What a node is told, from a snapshot of the cluster: one reason, and what the controller would do.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { DaemonSet, RolloutPolicyStatus } from '../../api/index.ts';
import {
  daemonSet,
  failed,
  node,
  now,
  onDelete,
  rolling,
  second,
  starting,
  succeeded,
  surging,
  taint,
  terminating,
} from './builders.test-support.ts';
import { budgetHolders, describeReason, explain } from './explain.ts';
import { rolloutPolicy } from './policy/policies.test-support.ts';
import { fresh, newest, old, older, outdated, right, snapshot } from './snapshots.test-support.ts';
import { type Snapshot, survey } from './survey.ts';

/** `node: state: why`, a line each. */
function told(spec: Partial<DaemonSet['spec']>, changes: Partial<Snapshot>): readonly string[] {
  return explain(survey(snapshot(spec, changes), now), now).map(
    (one) => `${one.node}: ${one.state}: ${describeReason(one.reason)}`,
  );
}

describe('one node', () => {
  const rows: readonly (readonly [
    why: string,
    spec: Partial<DaemonSet['spec']>,
    changes: Partial<Snapshot>,
    says: string,
  ])[] = [
    ['the right pod', {}, { pods: [right('a')] }, 'current: the right pod is there and available'],
    ['no pod', {}, {}, 'absent: has no pod: one is created'],
    ['two pods', {}, { pods: [right('a'), right('b')] }, 'excess: has more than one pod: what is too many is removed'],
    ['a pod that starts', {}, { pods: [right('a', starting)] }, 'starting: the pod is not ready'],
    [
      'a pod that is ready, and young',
      { minReadySeconds: 60 },
      { pods: [right('a', { readyChangedAt: now - 10 * second })] },
      'settling: ready, and available at 2026-01-01T00:00:50Z, after minReadySeconds',
    ],
    [
      'a pod that ends',
      {},
      { pods: [right('a', terminating)] },
      'leaving: a pod is terminating, due at 2026-01-01T00:00:30Z; the next comes when it is gone',
    ],
    [
      'a failed pod: its back-off is not in a snapshot',
      {},
      { pods: [right('a', failed)] },
      'failing: its pod has failed: it is removed, and another is created',
    ],
    [
      'an ended pod',
      {},
      { pods: [right('a', succeeded)] },
      'failing: its pod has ended: it is removed, and another is created',
    ],
    [
      'a taint that drives out',
      {},
      { nodes: [node('node-1', { taints: [taint('NoExecute')] })], pods: [right('a')] },
      'unwanted: removed: the node has the taint dedicated=x:NoExecute, which the template does not tolerate',
    ],
    [
      'a taint that drives out, and the pod is going',
      {},
      { nodes: [node('node-1', { taints: [taint('NoExecute')] })], pods: [right('a', terminating)] },
      'unwanted: the node has the taint dedicated=x:NoExecute, which the template does not tolerate; the pod that is there goes',
    ],
    [
      'a taint that keeps away',
      {},
      { nodes: [node('node-1', { taints: [taint('NoSchedule')] })] },
      'idle: the node has the taint dedicated=x:NoSchedule, which the template does not tolerate',
    ],
    [
      'a taint that keeps away from one that has its pod',
      {},
      { nodes: [node('node-1', { taints: [taint('NoSchedule')] })], pods: [right('a')] },
      'misscheduled: the node has the taint dedicated=x:NoSchedule, which the template does not tolerate; the pod that is there may stay',
    ],
    [
      'an older revision, and room in the budget',
      {},
      { pods: [outdated('a')] },
      'outdated: its pod is of an older revision: it is replaced',
    ],
    [
      'an older revision, and a surge',
      surging,
      { pods: [outdated('a')] },
      'outdated: its pod is of an older revision: a new one starts beside it',
    ],
    [
      'old and new side by side',
      surging,
      { pods: [outdated('a'), right('b', starting)] },
      'surging: the new pod beside the old one is not available yet',
    ],
    [
      'old and new, and the new one serves',
      surging,
      { pods: [outdated('a'), right('b')] },
      'surging: the new pod has taken over: the old one is removed',
    ],
    [
      'OnDelete',
      onDelete,
      { pods: [outdated('a')] },
      'outdated: keeps its older revision until somebody deletes the pod: the strategy is OnDelete',
    ],
    [
      'a node that is gone, with a pod that was bound',
      {},
      { nodes: [], pods: [right('a')] },
      'lost: the node does not exist; what is left is removed by the pod garbage collector',
    ],
    [
      'a node that is gone, with a pod that was not',
      {},
      { nodes: [], pods: [right('a', { bound: false })] },
      'lost: the node does not exist: the pod, which was never bound, is removed',
    ],
    [
      'a pod of nobody that matches is taken in',
      {},
      { pods: [right('a', { controller: undefined })] },
      'current: the right pod is there and available',
    ],
    [
      "somebody else's pod is not counted",
      {},
      { pods: [right('a', { controller: 'other' })] },
      'absent: has no pod: one is created',
    ],
    [
      'a template without a revision yet',
      {},
      { revisions: [older], pods: [right('a')] },
      'current: the right pod is there and available',
    ],
  ];
  for (const [why, spec, changes, says] of rows)
    test(why, () => assert.deepEqual(told(spec, changes), [`node-1: ${says}`]));
});

test('who waits for the budget is told so, and who has used it up is named', () => {
  const nodes = ['node-1', 'node-2', 'node-3'].map((name) => node(name));
  const pods = [
    right('a', { ...starting, node: 'node-1' }),
    ...['2', '3'].map((n) => outdated(n, { node: `node-${n}` })),
  ];
  const given = snapshot(rolling('30%'), { nodes, pods });
  assert.deepEqual(told(rolling('30%'), { nodes, pods }), [
    'node-1: starting: the pod is not ready',
    'node-2: outdated: waits for its turn: maxUnavailable is 30%',
    'node-3: outdated: waits for its turn: maxUnavailable is 30%',
  ]);
  assert.deepEqual(budgetHolders(survey(given, now)), { most: 1, nodes: ['node-1'] });
});

test('with a surge it is the nodes with two pods that use the budget up', () => {
  const nodes = ['node-1', 'node-2'].map((name) => node(name));
  const pods = [
    outdated('a', { node: 'node-1' }),
    right('b', { ...starting, node: 'node-1' }),
    outdated('c', { node: 'node-2' }),
  ];
  assert.equal(told(surging, { nodes, pods })[1], 'node-2: outdated: waits for its turn: maxSurge is 1');
  assert.deepEqual(budgetHolders(survey(snapshot(surging, { nodes, pods }), now)), { most: 1, nodes: ['node-1'] });
});

describe('under a RolloutPolicy', () => {
  const status: RolloutPolicyStatus = {
    observedGeneration: 1,
    daemonSetUID: 'uid-daemon',
    revision: fresh,
    provenRevision: old,
    phase: 'RollingOut',
    openWaves: 1,
    waves: [
      { name: 'canary', nodes: 1, updated: 0, available: 1 },
      { name: 'rest', nodes: 1, updated: 0, available: 1 },
    ],
  };
  const waves = [{ name: 'canary', nodeSelector: { matchLabels: { pool: 'canary' } } }];
  const under = (changes: Partial<RolloutPolicyStatus>, paused = false) => ({
    policy: { ...rolloutPolicy({ waves, paused }), status: { ...status, ...changes } },
    nodes: [node('node-1', { labels: { pool: 'canary' } }), node('node-2')],
    pods: [outdated('a', { node: 'node-1' }), outdated('b', { node: 'node-2' })],
  });

  test('the open wave is replaced, the others are held, each in its wave', () => {
    assert.deepEqual(told({}, under({})), [
      'node-1: outdated: its pod is of an older revision: it is replaced',
      'node-2: current: held by the RolloutPolicy: keeps the proven revision',
    ]);
    const found = explain(survey(snapshot({}, under({})), now), now);
    assert.deepEqual(
      found.map(({ wave }) => wave),
      [0, 1],
    );
  });

  test('paused', () => {
    const says = 'the RolloutPolicy is paused, or has not taken the newest template up yet: keeps what it has';
    assert.deepEqual(told({}, under({}, true)), [`node-1: current: ${says}`, `node-2: current: ${says}`]);
  });

  test('rolled back', () => {
    const back = under({ phase: 'RolledBack', badRevision: fresh });
    const pods = [right('a', { node: 'node-1' }), outdated('b', { node: 'node-2' })];
    assert.deepEqual(told({}, { ...back, pods }), [
      'node-1: outdated: its pod is of an older revision: it is replaced',
      'node-2: current: the newest revision is bad: goes back to the proven one, or is there',
    ]);
  });

  test('the proven revision is gone, and a held node has no pod', () => {
    const lost = { ...under({}), revisions: [newest], pods: [right('a', { node: 'node-1' })] };
    assert.equal(
      told({}, lost)[1],
      'node-2: absent: the RolloutPolicy holds the newest revision back, and there is no proven one',
    );
  });
});

test('a DaemonSet that is being deleted does nothing any more', () => {
  const going = daemonSet({}, {}, { deletionTimestamp: '2026-01-01T00:00:00Z' });
  const { plan } = survey(snapshot({}, { daemonSet: going, nodes: [node(), node('node-2')], pods: [right('a')] }), now);
  assert.deepEqual(plan, { creates: [], deletes: [] });
});

test('whether the revision is still to be written', () => {
  assert.equal(survey(snapshot({}, {}), now).isRevisionNew, false);
  assert.equal(survey(snapshot({}, { revisions: [older] }), now).isRevisionNew, true);
});
