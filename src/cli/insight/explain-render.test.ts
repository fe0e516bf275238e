import assert from 'node:assert/strict';
import { test } from 'node:test';
import { renderNode, renderReport } from './explain-render.ts';
import type { NodeReport, Report } from './explain-report.ts';

const right = { state: 'current', desired: true, reason: { kind: 'right' }, why: 'all is well', pods: [] } as const;
const nodes: readonly NodeReport[] = [
  {
    node: 'node-0',
    state: 'starting',
    desired: true,
    wave: 'canary',
    reason: { kind: 'right' },
    why: 'the pod is not ready: container main: CrashLoopBackOff',
    pods: [
      {
        name: 'agent-x',
        revision: 'new',
        age: 'newest',
        phase: 'Running',
        ready: false,
        terminating: false,
        trouble: 'it crashes',
      },
      { name: 'agent-y', revision: 'old', age: 'proven', phase: 'Running', ready: true, terminating: true },
      { name: 'agent-z', revision: undefined, age: 'older', phase: 'Pending', ready: false, terminating: false },
    ],
  },
  ...[1, 2, 3, 4, 5].map((index) => ({ node: `node-${index}`, ...right })),
];
const report: Report = {
  namespace: 'kube-system',
  name: 'agent',
  generation: 4,
  revision: 'new',
  isRevisionNew: false,
  isDeleting: false,
  counts: { nodes: 7, desired: 6, current: 6, updated: 6, ready: 5, available: 5 },
  strategy: 'RollingUpdate',
  budget: { most: 2, nodes: ['node-0'] },
  nodes,
};
const policy = {
  name: 'careful',
  phase: 'RollingOut',
  message: 'wave canary is open',
  provenRevision: 'old',
  waves: ['canary', 'rest'],
  openWaves: 1,
};

test('nodes of one fate share a line, most of them first', () => {
  assert.equal(
    renderReport(report),
    [
      'DaemonSet kube-system/agent, generation 4, revision new',
      '  6 of 7 nodes should have a pod; of the newest revision: 6, available: 5',
      '  RollingUpdate: at most 2 in flux at a time, now 1, node-0',
      '',
      'STATE     COUNT  NODES                              WHY',
      'current       5  node-1, node-2, node-3 and 2 more  all is well',
      'starting      1  node-0                             the pod is not ready: container main: CrashLoopBackOff',
      '',
    ].join('\n'),
  );
});

test('what is special about a DaemonSet is said first', () => {
  const special = renderReport({
    ...report,
    isRevisionNew: true,
    isDeleting: true,
    strategy: 'OnDelete',
    policy,
    nodes: [],
  });
  assert.equal(
    special,
    [
      'DaemonSet kube-system/agent, generation 4, revision new (still to be written)',
      '  it is being deleted: the garbage collector takes its pods away',
      '  6 of 7 nodes should have a pod; of the newest revision: 6, available: 5',
      '  OnDelete: pods of older revisions are replaced when somebody deletes them',
      '  RolloutPolicy careful: RollingOut: wave canary is open',
      '',
      'STATE  COUNT  NODES  WHY',
      '',
    ].join('\n'),
  );
});

test('one node, with its pods and its wave', () => {
  const [first, second] = nodes;
  const told = renderNode({ ...report, policy }, first!);
  assert.deepEqual(told.split('\n').slice(5), [
    'node node-0: starting',
    '  why: the pod is not ready: container main: CrashLoopBackOff',
    '  a pod should run here: yes',
    '  wave: canary, open',
    '  pod agent-x: revision new (newest), Running, not ready; it crashes',
    '  pod agent-y: revision old (proven), Running, ready, terminating',
    '  pod agent-z: revision unknown (older), Pending, not ready',
    '',
  ]);
  assert.match(renderNode({ ...report, policy }, { ...first!, wave: 'rest' }), /^ {2}wave: rest, not open yet$/m);
  assert.match(renderNode(report, second!), /^ {2}no pod$/m);
});
