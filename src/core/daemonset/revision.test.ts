import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeGoJson } from '../../api/index.ts';
import { daemonSet } from './builders.test-support.ts';
import { hashOf, isRevisionOf, newRevision, revisionData, templateOf } from './revision.ts';

const template = {
  metadata: { labels: { a: 'b' } },
  spec: { containers: [{ name: 'c', image: 'nginx:1', resources: {} }] },
};

test('the data is the patch that kube-controller-manager writes, keys sorted', () => {
  assert.equal(
    encodeGoJson(revisionData(template)),
    '{"spec":{"template":{"$patch":"replace","metadata":{"labels":{"a":"b"}},"spec":{"containers":[{"image":"nginx:1","name":"c","resources":{}}]}}}}',
  );
});

test('the template comes back out of the data', () => {
  assert.deepEqual(templateOf({ metadata: {}, revision: 1, data: revisionData(template) }), template);
});

test('data of something else stands for no template', () => {
  for (const data of [
    undefined,
    null,
    {},
    'text',
    7,
    { spec: null },
    { spec: {} },
    { spec: { template: null } },
    { spec: { template: 'x' } },
  ]) {
    assert.equal(templateOf({ metadata: {}, revision: 1, data }), undefined, JSON.stringify(data));
    assert.equal(isRevisionOf({ metadata: {}, revision: 1, data }, template), false);
  }
});

test('a revision means a template by meaning, not by bytes', () => {
  const older = {
    spec: { template: { ...template, metadata: { ...template.metadata, creationTimestamp: null }, $patch: 'replace' } },
  };
  assert.equal(isRevisionOf({ metadata: {}, revision: 1, data: older }, template), true);
  assert.equal(isRevisionOf({ metadata: {}, revision: 1, data: older }, { spec: { containers: [] } }), false);
});

test('a new revision carries the labels of the template, all annotations, its owner, and a name that follows from the data', () => {
  const set = daemonSet({}, {}, { annotations: { 'kubernetes.io/change-cause': 'v2' } });
  const revision = newRevision(set, 4, 0);
  const hash = hashOf(revision);
  assert.match(hash, /^[b-df-hj-np-tv-xz24-9]{10}$/);
  assert.equal(revision.metadata.name, `daemon-${hash}`);
  assert.equal(revision.metadata.namespace, 'default');
  assert.deepEqual(revision.metadata.labels, { app: 'daemon', 'controller-revision-hash': hash });
  assert.deepEqual(revision.metadata.annotations, { 'kubernetes.io/change-cause': 'v2' });
  assert.equal(revision.metadata.ownerReferences?.[0]?.uid, 'uid-daemon');
  assert.equal(revision.revision, 4);
  assert.ok(isRevisionOf(revision, set.spec.template));
  assert.equal(newRevision(set, 5, 0).metadata.name, revision.metadata.name);
});

test('another template and another collision count make another name', () => {
  const names = [
    newRevision(daemonSet(), 1, 0),
    newRevision(daemonSet(), 1, 1),
    newRevision(daemonSet({}, { hostNetwork: true }), 1, 0),
  ].map(({ metadata }) => metadata.name);
  assert.equal(new Set(names).size, 3);
});

test('a revision without the label is known by its name, as upstream repairs it', () => {
  assert.equal(hashOf({ metadata: { name: 'daemon-x' }, revision: 1 }), 'daemon-x');
});
