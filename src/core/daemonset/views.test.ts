import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Node, Pod, Stored } from '../../api/index.ts';
import { node, pod, taint } from './builders.test-support.ts';
import { isTerminal, revisionOf, sameNode, viewNode, viewPod, zoneOf } from './views.ts';

const metadata = {
  name: 'a',
  namespace: 'default',
  uid: 'uid-a',
  resourceVersion: '7',
  creationTimestamp: '2026-01-01T00:00:00Z',
};
const stored = (fields: Partial<Pod> & { readonly metadata?: object } = {}): Stored<Pod> => ({
  spec: { containers: [] },
  ...fields,
  metadata: { ...metadata, ...fields.metadata },
});
const pinnedTo = (...names: string[]): Pod['spec'] => ({
  containers: [],
  affinity: {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: names }] }],
      },
    },
  },
});

test('a pod is on the node it is bound to, else on the one it is pinned to, else nowhere (GetTargetNodeName)', () => {
  assert.deepEqual(pick(viewPod(stored({ spec: { ...pinnedTo('n1'), nodeName: 'n2' } }))), { bound: true, node: 'n2' });
  assert.deepEqual(pick(viewPod(stored({ spec: pinnedTo('n1') }))), { bound: false, node: 'n1' });
  assert.deepEqual(pick(viewPod(stored({ spec: pinnedTo('n1', 'n2') }))), { bound: false, node: undefined });
  assert.deepEqual(pick(viewPod(stored({ spec: { containers: [], nodeName: '' } }))), {
    bound: false,
    node: undefined,
  });
  function pick({ bound, node }: { bound: boolean; node: string | undefined }) {
    return { bound, node };
  }
});

test('a pod without status is Pending, not ready and not started', () => {
  const view = viewPod(stored());
  assert.deepEqual([view.phase, view.ready, view.startedAt, view.deletionAt], ['Pending', false, undefined, undefined]);
});

test('a pod’s readiness, start, deletion and controller are read from where Kubernetes writes them', () => {
  const view = viewPod(
    stored({
      metadata: {
        deletionTimestamp: '2026-01-01T00:01:30Z',
        deletionGracePeriodSeconds: 30,
        labels: { 'controller-revision-hash': 'abc' },
        ownerReferences: [
          { apiVersion: 'v1', kind: 'X', name: 'x', uid: 'other' },
          { apiVersion: 'apps/v1', kind: 'DaemonSet', name: 'd', uid: 'uid-d', controller: true },
        ],
      },
      status: {
        phase: 'Running',
        startTime: '2026-01-01T00:00:05Z',
        conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: '2026-01-01T00:00:10Z' }],
      },
    }),
  );
  const start = Date.UTC(2026, 0, 1);
  assert.deepEqual(
    { ...view, labels: undefined, namespace: undefined, name: undefined, uid: undefined, resourceVersion: undefined },
    {
      uid: undefined,
      namespace: undefined,
      name: undefined,
      resourceVersion: undefined,
      labels: undefined,
      controller: 'uid-d',
      bound: false,
      node: undefined,
      phase: 'Running',
      reason: undefined,
      ready: true,
      readyChangedAt: start + 10_000,
      createdAt: start,
      startedAt: start + 5_000,
      deletionAt: start + 90_000,
      deletionGraceMs: 30_000,
    },
  );
  assert.equal(revisionOf(view), 'abc');
});

test('a node is ready when its Ready condition is True, and unknown is not ready', () => {
  const view = (status: string | undefined) =>
    viewNode({
      metadata,
      ...(status === undefined ? {} : { status: { conditions: [{ type: 'Ready', status }] } }),
    } satisfies Stored<Node>).ready;
  assert.deepEqual([view('True'), view('False'), view('Unknown'), view(undefined)], [true, false, false, false]);
});

test('Failed and Succeeded are final, other phases are not', () => {
  assert.deepEqual(
    ['Failed', 'Succeeded', 'Running', 'Pending', 'Unknown'].map((phase) => isTerminal(pod('a', { phase }))),
    [true, true, false, false, false],
  );
});

test('a heartbeat changes nothing about a node; labels, taints, readiness and identity do', () => {
  const base = node('n', { labels: { a: '1' }, taints: [taint('NoSchedule')] });
  assert.equal(sameNode(base, { ...base, labels: { ...base.labels }, taints: [taint('NoSchedule')] }), true);
  assert.equal(sameNode(base, { ...base, taints: [{ ...taint('NoSchedule'), timeAdded: 'later' }] }), true);
  const changes = [
    { labels: { a: '2' } },
    { labels: {} },
    { labels: { a: '1', b: '2' } },
    { labels: { b: '1' } },
    { taints: [] },
    { taints: [taint('NoExecute')] },
    { taints: [taint('NoSchedule', 'dedicated', 'y')] },
    { ready: false },
    { readyChangedAt: 1 },
    { uid: 'other' },
  ];
  for (const change of changes) assert.equal(sameNode(base, { ...base, ...change }), false, JSON.stringify(change));
});

test('a node without a zone label is in the nameless zone', () => {
  assert.equal(zoneOf(node('n')), '');
  assert.equal(zoneOf(node('n', { labels: { 'topology.kubernetes.io/zone': 'z' } })), 'z');
});
