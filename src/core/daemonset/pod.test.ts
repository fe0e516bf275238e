import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isDnsLabel, type PodSpec } from '../../api/index.ts';
import { daemonSet } from './builders.test-support.ts';
import { buildPod, podName } from './pod.ts';

const basis = {
  daemonSetName: 'fluentd',
  daemonSetUid: 'uid-1',
  node: 'node-1',
  revision: 'abc',
  replaces: undefined,
  aliveAt: Number.NEGATIVE_INFINITY,
  salt: 0,
};

test('the same decision makes the same name, wherever and whenever it is taken', () => {
  assert.equal(podName(basis), podName({ ...basis }));
  assert.match(podName(basis), /^fluentd-[b-df-hj-np-tv-xz24-9]{8}$/);
});

test('another node, revision, DaemonSet, replaced pod or salt makes another name', () => {
  const names = [
    basis,
    { ...basis, node: 'node-2' },
    { ...basis, revision: 'abd' },
    { ...basis, daemonSetUid: 'uid-2' },
    { ...basis, replaces: 'pod-1' },
    { ...basis, replaces: 'pod-2' },
    { ...basis, salt: 1 },
    { ...basis, salt: 2 },
    // What moves from one part to the next is not the same decision.
    { ...basis, node: 'node-1a', revision: 'bc' },
  ].map(podName);
  assert.equal(new Set(names).size, names.length, names.join(' '));
});

test('names of many nodes do not meet', () => {
  const names = new Set<string>();
  for (let index = 0; index < 20_000; index++) names.add(podName({ ...basis, node: `node-${index}` }));
  assert.equal(names.size, 20_000);
});

test('a name is a DNS label, however long or dotted that of the DaemonSet is', () => {
  for (const name of [
    'a',
    'x'.repeat(253),
    'agent.v1.example.org',
    `${'x'.repeat(53)}-y`,
    `${'x'.repeat(52)}.-y`,
    'x.y-',
  ])
    assert.ok(isDnsLabel(podName({ ...basis, daemonSetName: name })), podName({ ...basis, daemonSetName: name }));
});

const build = (podSpec: Partial<PodSpec>, metadata: Parameters<typeof daemonSet>[2] = {}) => {
  const set = daemonSet({}, podSpec, metadata);
  return buildPod({ daemonSet: set, template: set.spec.template, revision: 'abc', node: 'node-7', name: 'daemon-x' });
};

test('a pod is pinned to its node by matchFields, which replace the required terms and keep everything else', () => {
  const preferred = [{ weight: 1, preference: {} }];
  const { spec } = build({
    nodeSelector: { disk: 'ssd' },
    affinity: {
      nodeAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: {
          nodeSelectorTerms: [{ matchExpressions: [{ key: 'zone', operator: 'Exists' }] }],
        },
        preferredDuringSchedulingIgnoredDuringExecution: preferred,
      },
      podAntiAffinity: { any: 'thing' },
    },
  });
  assert.deepEqual(spec.affinity, {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['node-7'] }] }],
      },
      preferredDuringSchedulingIgnoredDuringExecution: preferred,
    },
    podAntiAffinity: { any: 'thing' },
  });
  assert.deepEqual(spec.nodeSelector, { disk: 'ssd' });
});

test('nothing sets spec.nodeName: the scheduler binds', () => {
  assert.equal(build({}).spec.nodeName, undefined);
});

test('a pod tolerates what daemons tolerate', () => {
  const keys = build({ tolerations: [{ key: 'own', operator: 'Exists' }] }).spec.tolerations?.map(({ key }) => key);
  assert.equal(keys?.[0], 'own');
  assert.ok(keys?.includes('node.kubernetes.io/unschedulable'));
});

test("a pod carries the template's metadata, its revision and its owner, and no more", () => {
  const set = daemonSet({
    template: {
      metadata: { labels: { app: 'daemon' }, annotations: { a: 'b' }, finalizers: ['example.org/f'], name: 'ignored' },
      spec: { containers: [] },
    },
  });
  const { template } = set.spec;
  const pod = buildPod({ daemonSet: set, template, revision: 'abc', node: 'node-7', name: 'daemon-x' });
  assert.deepEqual(pod.metadata, {
    name: 'daemon-x',
    namespace: 'default',
    labels: { app: 'daemon', 'controller-revision-hash': 'abc' },
    annotations: { a: 'b' },
    finalizers: ['example.org/f'],
    ownerReferences: [
      {
        apiVersion: 'apps/v1',
        kind: 'DaemonSet',
        name: 'daemon',
        uid: 'uid-daemon',
        controller: true,
        blockOwnerDeletion: true,
      },
    ],
  });
});

test('the deprecated template generation is passed on as a label when the annotation is a number', () => {
  const generation = (value: string) =>
    build({}, { annotations: { 'deprecated.daemonset.template.generation': value } }).metadata.labels?.[
      'pod-template-generation'
    ];
  assert.equal(generation('3'), '3');
  assert.equal(generation('three'), undefined);
  assert.equal(build({}).metadata.labels?.['pod-template-generation'], undefined);
});

test('the template is not written to', () => {
  const set = daemonSet();
  const before = structuredClone(set);
  buildPod({ daemonSet: set, template: set.spec.template, revision: 'abc', node: 'n', name: 'x' });
  assert.deepEqual(set, before);
});
