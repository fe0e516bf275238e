import assert from 'node:assert/strict';
import { test } from 'node:test';
import { blame } from './attribution.ts';
import { deadNode, minute, node, now, pod, second, starting, target } from './builders.test-support.ts';

const graceSeconds = 30;
const wanted = target({}, { terminationGracePeriodSeconds: graceSeconds });
const rolledOutAt = now - 5 * minute;
const updated = pod('new', { ...starting, createdAt: rolledOutAt, startedAt: rolledOutAt });

test('on a Ready node an unavailable pod counts, whatever its revision', () => {
  assert.deepEqual(blame(node(), updated, [], wanted, now), { counts: true });
  assert.deepEqual(blame(node(), undefined, [], wanted, now), { counts: true });
});

test('a node that was dead before the rollout is excused', () => {
  assert.equal(blame(deadNode('node-1', rolledOutAt - minute), updated, [], wanted, now).counts, false);
});

test('a dead node that never started the new pod is excused, whenever it died', () => {
  const neverStarted = { ...updated, startedAt: undefined };
  assert.equal(blame(deadNode('node-1', rolledOutAt + second), neverStarted, [], wanted, now).counts, false);
});

test('a node that died after it got the new revision counts', () => {
  assert.equal(blame(deadNode('node-1', rolledOutAt + minute), updated, [], wanted, now).counts, true);
});

test('a node that died while the old pod made room for the new one counts', () => {
  const duringGrace = rolledOutAt - graceSeconds * second;
  assert.equal(blame(deadNode('node-1', duringGrace), updated, [], wanted, now).counts, true);
});

test('a node that never said when it stopped being Ready was always dead', () => {
  assert.equal(
    blame(node('node-1', { ready: false, readyChangedAt: undefined }), updated, [], wanted, now).counts,
    false,
  );
});

test('an old pod that terminates on a node that was dead already is excused at once', () => {
  const leaving = pod('old', { revision: 'old', deletionAt: now + 30 * second, deletionGraceMs: 30 * second });
  assert.equal(blame(deadNode('node-1', now - second), undefined, [leaving], wanted, now).counts, false);
});

test('a node that dies while its old pod terminates counts until the pod is overdue, then it is excused', () => {
  // Deletion was asked for at now; the node died a second later; the pod should be gone at now + 30 s.
  const leaving = pod('old', { revision: 'old', deletionAt: now + 30 * second, deletionGraceMs: 30 * second });
  const died = deadNode('node-1', now + second);
  const overdueAt = now + 60 * second;
  assert.deepEqual(blame(died, undefined, [leaving], wanted, now + 2 * second), { counts: true, reviewAt: overdueAt });
  assert.deepEqual(blame(died, undefined, [leaving], wanted, overdueAt - 1), { counts: true, reviewAt: overdueAt });
  assert.deepEqual(blame(died, undefined, [leaving], wanted, overdueAt), { counts: false });
});

test('a dead node without any pod is excused', () => {
  assert.deepEqual(blame(deadNode('node-1', now), undefined, [], wanted, now), { counts: false });
});
