// Takeover: revisions that a real kube-controller-manager wrote are current as they are, and what we write in its place
// has the same bytes, so that it takes ours back.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type ControllerRevision, decodeJson, encodeGoJson, type Stored } from '../../api/index.ts';
import { daemonSet } from './builders.test-support.ts';
import { decideHistory } from './history.ts';
import { recordedBy, type RecordedRevision, recordedVersions } from './recorded.test-support.ts';
import { revisionData } from './revision.ts';

/** As 1.34 and later write it. */
const sinceV134 = (data: string) => data.replace('"creationTimestamp":null,', '');

function stored(revision: RecordedRevision, data: unknown): Stored<ControllerRevision> {
  return {
    metadata: {
      name: revision.name,
      uid: `uid-${revision.name}`,
      resourceVersion: '1',
      creationTimestamp: '2026-01-01T00:00:00Z',
      labels: { 'controller-revision-hash': revision.hash },
    },
    revision: revision.revision,
    data,
  };
}

const newestOf = (revisions: readonly RecordedRevision[]) => revisions.toSorted((a, b) => b.revision - a.revision)[0]!;

for (const version of recordedVersions)
  describe(`revisions that kube-controller-manager ${version} wrote`, () => {
    for (const { daemonSet: name, template, revisions } of recordedBy(version)) {
      const newest = newestOf(revisions);

      test(`${name}: current as it is, with nothing to write`, () => {
        const history = decideHistory(
          { ...daemonSet(), spec: { ...daemonSet().spec, template } },
          revisions.map((revision) => stored(revision, decodeJson(revision.data))),
        );
        assert.equal(history.kind, 'current');
        assert.equal(history.revision.metadata.name, newest.name);
        assert.equal(history.hash, newest.hash);
        assert.equal(history.renumber, undefined);
        assert.deepEqual(history.duplicates, []);
      });

      test(`${name}: written by us, the bytes are those that it compares with`, () => {
        assert.equal(encodeGoJson(revisionData(template)), newest.data);
      });
    }
  });

describe('the null creationTimestamp from before 1.34', () => {
  for (const { daemonSet: name, template, revisions } of recordedBy('1.25'))
    test(`${name}: current also when the null creationTimestamp is there on one side only`, () => {
      const newest = newestOf(revisions);
      const set = { ...daemonSet(), spec: { ...daemonSet().spec, template } };
      assert.ok(newest.data.includes('"creationTimestamp":null'), 'written before 1.34');
      const history = decideHistory(set, [stored(newest, JSON.parse(sinceV134(newest.data)))]);
      assert.deepEqual([history.kind, history.revision.metadata.name], ['current', newest.name]);
      const { creationTimestamp: _, ...metadata } = template.metadata as Readonly<Record<string, unknown>>;
      const upgraded = { ...set, spec: { ...set.spec, template: { ...template, metadata } } };
      assert.equal(decideHistory(upgraded, [stored(newest, JSON.parse(newest.data))]).kind, 'current');
    });
});

test('the recordings cover what differs between encoders', () => {
  const written = (...versions: typeof recordedVersions) =>
    versions.flatMap((version) => recordedBy(version).flatMap(({ revisions }) => revisions.map(({ data }) => data)));
  const requireParts = (texts: readonly string[], parts: readonly string[]) => {
    for (const part of parts) assert.ok(texts.join('\n').includes(part), part);
  };
  for (const version of recordedVersions)
    requireParts(written(version), [
      '"resources":{}',
      '"securityContext":{}',
      '"emptyDir":{}',
      '"podAffinity":{}',
      '"lifecycle":{}',
      '\\u003c',
      '\\u003e',
      '\\u0026',
      '\\u2028',
      '"cpu":"500m"',
      '"memory":"1e6"',
      '"divisor":"0"',
      '"port":"http"',
      '"port":8080',
    ]);
  requireParts(written('1.25'), ['"creationTimestamp":null']);
  requireParts(written('1.36'), [
    '"tolerationSeconds":9223372036854775807',
    '"hostnameOverride":"one"',
    '"restartPolicyRules":[',
    '"hostUsers":false',
    '"sleep":{"seconds":0}',
    '"image":{"pullPolicy":"IfNotPresent"',
    '"resizePolicy":[',
  ]);
});
