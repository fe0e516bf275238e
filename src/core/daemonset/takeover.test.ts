// Takeover: revisions that a real kube-controller-manager 1.25 wrote (recorded/, with the templates as its API server
// serves them) are current as they are, and what we write in its place has the same bytes, so that it takes ours back.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { type ControllerRevision, encodeGoJson, type PodTemplateSpec, type Stored } from '../../api/index.ts';
import { daemonSet } from './builders.test-support.ts';
import { decideHistory } from './history.ts';
import { revisionData } from './revision.ts';

interface Recorded {
  readonly daemonSet: string;
  readonly template: PodTemplateSpec;
  /** `data`: the bytes that were written. */
  readonly revisions: readonly {
    readonly name: string;
    readonly hash: string;
    readonly revision: number;
    readonly data: string;
  }[];
}

const file = new URL('recorded/kube-controller-manager-1.25.json', import.meta.url);
const recorded = JSON.parse(readFileSync(file, 'utf8')) as readonly Recorded[];

/** As 1.34 and later write it. */
const sinceV134 = (data: string) => data.replace('"creationTimestamp":null,', '');

function stored(revision: Recorded['revisions'][number], data: unknown): Stored<ControllerRevision> {
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

describe('revisions that kube-controller-manager wrote', () => {
  for (const { daemonSet: name, template, revisions } of recorded) {
    const newest = revisions.toSorted((a, b) => b.revision - a.revision)[0]!;
    const set = { ...daemonSet(), spec: { ...daemonSet().spec, template } };

    test(`${name}: current as it is, with nothing to write`, () => {
      const history = decideHistory(
        set,
        revisions.map((revision) => stored(revision, JSON.parse(revision.data))),
      );
      assert.equal(history.kind, 'current');
      assert.equal(history.revision.metadata.name, newest.name);
      assert.equal(history.hash, newest.hash);
      assert.equal(history.renumber, undefined);
      assert.deepEqual(history.duplicates, []);
    });

    test(`${name}: current also when the null creationTimestamp is there on one side only`, () => {
      assert.ok(newest.data.includes('"creationTimestamp":null'), 'written before 1.34');
      const history = decideHistory(set, [stored(newest, JSON.parse(sinceV134(newest.data)))]);
      assert.deepEqual([history.kind, history.revision.metadata.name], ['current', newest.name]);
      const { creationTimestamp: _, ...metadata } = template.metadata as Readonly<Record<string, unknown>>;
      const upgraded = { ...set, spec: { ...set.spec, template: { ...template, metadata } } };
      assert.equal(decideHistory(upgraded, [stored(newest, JSON.parse(newest.data))]).kind, 'current');
    });

    test(`${name}: written by us, the bytes are those that it compares with`, () => {
      assert.equal(encodeGoJson(revisionData(template)), newest.data);
    });
  }

  test('cover what differs between encoders', () => {
    const all = recorded.flatMap(({ revisions }) => revisions.map(({ data }) => data)).join('\n');
    for (const part of [
      '"resources":{}',
      '"securityContext":{}',
      '"emptyDir":{}',
      '"podAffinity":{}',
      '"lifecycle":{}',
    ])
      assert.ok(all.includes(part), part);
    for (const part of ['\\u003c', '\\u003e', '\\u0026', '\\u2028', '"cpu":"500m"', '"memory":"1e6"', '"divisor":"0"'])
      assert.ok(all.includes(part), part);
    for (const part of ['"port":"http"', '"port":8080', '"creationTimestamp":null'])
      assert.ok(all.includes(part), part);
  });
});
