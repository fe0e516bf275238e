import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Claim, claim } from './ownership.ts';

const rows: readonly (readonly [
  why: string,
  controller: 'mine' | 'other' | undefined,
  matches: boolean,
  objectDeleting: boolean,
  deleting: boolean,
  outcome: Claim,
])[] = [
  ['what is mine and matches is kept', 'mine', true, false, false, 'keep'],
  ['also while it terminates', 'mine', true, true, false, 'keep'],
  ['what is mine and no longer matches is let go', 'mine', false, false, false, 'release'],
  ['a DaemonSet that is being deleted lets nothing go', 'mine', false, false, true, 'keep'],
  ['a matching orphan is taken in', undefined, true, false, false, 'adopt'],
  ['a terminating orphan is not', undefined, true, true, false, 'ignore'],
  ['a DaemonSet that is being deleted takes in nothing', undefined, true, false, true, 'ignore'],
  ['an orphan that does not match is nobody’s concern', undefined, false, false, false, 'ignore'],
  ["somebody else's is left alone though it matches", 'other', true, false, false, 'ignore'],
];

for (const [why, controller, matches, objectDeleting, deleting, outcome] of rows)
  test(`claims: ${why} (PodControllerRefManager)`, () => {
    const claimant = { uid: 'mine', selector: () => matches, deleting };
    assert.equal(claim(claimant, { labels: {}, controller, deleting: objectDeleting }), outcome);
  });

test('an object of a DaemonSet of the same name but another UID is not ours', () => {
  const claimant = { uid: 'uid-2', selector: () => true, deleting: false };
  assert.equal(claim(claimant, { labels: {}, controller: 'uid-1', deleting: false }), 'ignore');
});
