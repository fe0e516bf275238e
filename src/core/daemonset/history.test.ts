import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ControllerRevision, Stored } from '../../api/index.ts';
import { daemonSet } from './builders.test-support.ts';
import { decideHistory, decidePruning, mostServed } from './history.ts';
import { revisionData } from './revision.ts';

const set = daemonSet();

/** A revision of the DaemonSet's template, or of another image. */
function stored(
  name: string,
  revision: number,
  image?: string,
  creationTimestamp = '2026-01-01T00:00:00Z',
): Stored<ControllerRevision> {
  const { template } = set.spec;
  return {
    metadata: {
      name,
      uid: `uid-${name}`,
      resourceVersion: '1',
      creationTimestamp,
      labels: { 'controller-revision-hash': name },
    },
    revision,
    data: revisionData(
      image === undefined ? template : { ...template, spec: { containers: [{ name: 'main', image }] } },
    ),
  };
}

test('without any revision, the first one is made', () => {
  const history = decideHistory(set, []);
  assert.equal(history.kind, 'create');
  assert.equal(history.revision.revision, 1);
});

test('a template that no revision means gets a new one, numbered after the highest', () => {
  const history = decideHistory(set, [stored('a', 3, 'other:1'), stored('b', 7, 'other:2')]);
  assert.equal(history.kind, 'create');
  assert.equal(history.revision.revision, 8);
});

test('the collision count of the status makes another name', () => {
  const status = { currentNumberScheduled: 0, numberMisscheduled: 0, desiredNumberScheduled: 0, numberReady: 0 };
  const name = (collisionCount: number) =>
    decideHistory({ ...set, status: { ...status, collisionCount } }, []).revision.metadata.name;
  assert.notEqual(name(0), name(1));
});

test('the revision of the template is current as it is when it has the highest number', () => {
  const history = decideHistory(set, [stored('old', 1, 'other:1'), stored('mine', 2)]);
  assert.equal(history.kind, 'current');
  assert.equal(history.hash, 'mine');
  assert.equal(history.renumber, undefined);
  assert.deepEqual(history.duplicates, []);
});

test('an undo takes up the old revision under a new number', () => {
  const history = decideHistory(set, [stored('mine', 1), stored('newer', 5, 'other:1')]);
  assert.equal(history.kind, 'current');
  assert.equal(history.hash, 'mine');
  assert.equal(history.renumber, 6);
});

test('of several that mean the same the highest number is kept, then the later made, then by name', () => {
  const early = '2026-01-01T00:00:00Z';
  const late = '2026-01-02T00:00:00Z';
  const kept = (...revisions: Stored<ControllerRevision>[]) => {
    for (const order of [revisions, revisions.toReversed()]) {
      const history = decideHistory(set, order);
      assert.equal(history.kind, 'current');
      assert.equal(history.hash, 'kept');
      assert.deepEqual(
        history.duplicates.map(({ metadata }) => metadata.name),
        ['dup'],
      );
    }
  };
  kept(stored('kept', 2, undefined, early), stored('dup', 1, undefined, late));
  kept(stored('kept', 1, undefined, late), stored('dup', 1, undefined, early));
  kept(stored('kept', 1), stored('dup', 1));
});

test('a revision whose data is not ours counts in the numbering and is nothing else', () => {
  const foreign = { ...stored('foreign', 9), data: { something: 'else' } };
  const history = decideHistory(set, [foreign]);
  assert.equal(history.kind, 'create');
  assert.equal(history.revision.revision, 10);
});

const current = stored('current', 9);
const old = [3, 1, 2, 5, 4].map((number) => stored(`r${number}`, number, `other:${number}`));
const pruned = (limit: number | undefined, live: readonly string[] = []) =>
  decidePruning(
    daemonSet(limit === undefined ? {} : { revisionHistoryLimit: limit }),
    [current, ...old],
    current,
    (hash) => live.includes(hash),
  ).map(({ metadata }) => metadata.name);

test('beyond the history limit the lowest numbers go first, and the current revision does not count', () => {
  assert.deepEqual(pruned(5), []);
  assert.deepEqual(pruned(3), ['r1', 'r2']);
  assert.deepEqual(pruned(undefined), []);
});

test('a revision that pods still carry stays, and the next one goes in its place', () => {
  assert.deepEqual(pruned(3, ['r1']), ['r2', 'r3']);
  assert.deepEqual(pruned(3, ['r1', 'r2', 'r3', 'r4']), ['r5']);
});

test('a limit of 0 keeps only the current one and those that are live', () => {
  assert.deepEqual(pruned(0), ['r1', 'r2', 'r3', 'r4', 'r5']);
  assert.deepEqual(pruned(0, ['r2', 'current']), ['r1', 'r3', 'r4', 'r5']);
});

test('of the older revisions the one that most available pods carry is the way back, of equals the newest', () => {
  const revisions = [stored('a', 1), stored('b', 2), stored('c', 3), stored('new', 4)];
  const found = (available: Record<string, number>) =>
    mostServed(revisions, new Set(['new']), new Map(Object.entries(available)));
  assert.equal(found({ a: 5, b: 3, new: 9 }), 'a');
  assert.equal(found({ a: 2, c: 2 }), 'c');
  // The newest one is no way back, nor is what serves nowhere or does not exist.
  assert.equal(found({ new: 9 }), undefined);
  assert.equal(found({ gone: 9, b: 1 }), 'b');
  assert.equal(found({}), undefined);
});
