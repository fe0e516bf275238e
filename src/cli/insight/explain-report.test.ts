import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type ControllerRevision,
  controllerReference,
  type DaemonSet,
  resources,
  type Stored,
} from '../../api/index.ts';
import { hashOf, newRevision, revisionLabel, viewNode, viewPod } from '../../core/daemonset/index.ts';
import { reportOf } from './explain-report.ts';

const labels = { app: 'agent' };
const stored = (name: string) => ({
  name,
  namespace: 'ns',
  uid: `uid-${name}`,
  resourceVersion: '1',
  creationTimestamp: '2026-01-01T00:00:00Z',
});
const daemonSetOf = (image: string): Stored<DaemonSet> => ({
  metadata: { ...stored('agent'), generation: 1 },
  spec: {
    selector: { matchLabels: labels },
    template: { metadata: { labels }, spec: { containers: [{ name: 'main', image }] } },
  },
});
const daemonSet = daemonSetOf('agent:2');

function revisionOf(set: Stored<DaemonSet>, number: number, collisions = 0): Stored<ControllerRevision> {
  const { metadata, ...rest } = newRevision(set, number, collisions);
  return { ...rest, metadata: { ...metadata, ...stored(metadata.name!) } };
}

const revisions = [revisionOf(daemonSetOf('agent:1'), 1), revisionOf(daemonSet, 2), revisionOf(daemonSet, 3, 1)];

test('a pod is of the newest revision also where that has a twin, and tells what is wrong with it', () => {
  const nodes = revisions.map((_, index) => viewNode({ metadata: stored(`node-${index}`) }));
  const pods = revisions.map((revision, index) =>
    viewPod({
      metadata: {
        ...stored(`pod-${index}`),
        labels: { ...labels, [revisionLabel]: hashOf(revision) },
        ownerReferences: [controllerReference(resources.daemonSets, daemonSet)],
      },
      spec: { nodeName: `node-${index}`, containers: [] },
    }),
  );
  const looked = {
    snapshot: { daemonSet, nodes, pods, revisions, policy: undefined },
    troubles: new Map([['uid-pod-0', { short: 'it limps', long: 'it limps: a stone' }]]),
  };
  const told = reportOf(looked, 0).nodes.flatMap(({ pods: all }) => all);
  assert.deepEqual(
    told.map(({ name, age, trouble }) => [name, age, trouble]),
    [
      ['pod-0', 'older', 'it limps: a stone'],
      ['pod-1', 'newest', undefined],
      ['pod-2', 'newest', undefined],
    ],
  );
});
