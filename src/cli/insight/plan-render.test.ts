import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { NodeForesight } from '../../core/daemonset/index.ts';
import { type PlannedDaemonSet, renderPlan } from './plan-render.ts';

const on = (names: readonly number[], rest: Omit<NodeForesight, 'node'>): readonly NodeForesight[] =>
  names.map((n) => ({ node: `node-${n}`, ...rest }));
const plan: PlannedDaemonSet = {
  namespace: 'kube-system',
  name: 'agent',
  isNew: false,
  revision: { kind: 'new', hash: 'abc' },
  budget: { maxUnavailable: 2, maxSurge: 0 },
  nodes: [
    ...on([1, 2, 3, 4], { fate: 'replaced', wave: 0 }),
    ...on([5], { fate: 'created', wave: 1 }),
    ...on([6], { fate: 'removed', obstacle: { kind: 'node-affinity' }, wave: 1 }),
    ...on([7], { fate: 'unchanged', wave: 1 }),
  ],
};
const lines = (changes: Partial<PlannedDaemonSet>) =>
  renderPlan({ ...plan, ...changes })
    .trimEnd()
    .split('\n');

test('who gets, loses, exchanges and keeps, in numbers and names', () => {
  assert.deepEqual(lines({}), [
    'DaemonSet kube-system/agent: a new revision, abc',
    '  1 node gets a pod (node-5)',
    "  1 node loses its pod: the template's required node affinity does not match the node's labels or name (node-6)",
    '  4 nodes have their pod replaced, at most 2 without one at a time (node-1, node-2, node-3 and 1 more)',
    '  1 node stays as it is',
  ]);
});

test('with surge, and when somebody has to delete', () => {
  const nodes = on([1], { fate: 'replaced' });
  assert.equal(
    lines({ nodes, budget: { maxUnavailable: 0, maxSurge: 3 } })[1],
    '  1 node has its pod replaced, at most 3 with a second pod at a time (node-1)',
  );
  assert.equal(
    lines({ nodes: on([1, 2], { fate: 'replaced-on-delete' }) })[1],
    '  2 nodes have their pod replaced when somebody deletes it (node-1, node-2)',
  );
});

test('what becomes of the revision', () => {
  const first = (changes: Partial<PlannedDaemonSet>) => lines(changes)[0]!.replace('DaemonSet kube-system/agent: ', '');
  const same = first({ revision: { kind: 'same', hash: 'abc' } });
  assert.equal(same, 'its revision stays abc, for the template means what it meant');
  assert.equal(
    first({ revision: { kind: 'back', hash: 'abc', number: 3 } }),
    'goes back to revision abc, which was number 3',
  );
  assert.equal(first({ isNew: true }), 'made anew, with revision abc');
});

test('the policy says when; where nothing happens it has nothing to say', () => {
  const waves = [
    { name: 'canary', soakMs: 90_000, manual: true },
    { name: 'rest', soakMs: 0, manual: false },
  ];
  const policy = { name: 'careful', isOpen: false, isPaused: false, waves };
  assert.deepEqual(lines({ policy }).slice(5), [
    '  RolloutPolicy careful, one wave after the other:',
    '    WAVE    REPLACED  CREATED  THEN',
    '    canary         4        0  soaks for 1m30s, waits for its approval',
    '    rest           0        1',
  ]);
  const last = (told: NonNullable<PlannedDaemonSet['policy']>) => lines({ policy: told }).at(-1);
  assert.equal(
    last({ ...policy, isPaused: true }),
    '  RolloutPolicy careful is paused: nothing is replaced until it is resumed',
  );
  assert.equal(
    last({ ...policy, isOpen: true }),
    '  RolloutPolicy careful holds nothing back: all nodes at once, within the budget',
  );
  assert.equal(
    last({ problem: 'spec.onFailure: must be Hold or Rollback' }),
    '  the RolloutPolicy cannot be read, and everything is held until it can: spec.onFailure: must be Hold or Rollback',
  );
  assert.equal(lines({ policy, nodes: on([7], { fate: 'unchanged' }) }).length, 2);
});
