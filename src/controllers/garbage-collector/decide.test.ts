import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { resources } from '../../api/index.ts';
import { type Decision, decide, type OwnerState } from './decide.ts';
import type { OwnedObject } from './owner-graph.ts';

const object: OwnedObject = {
  resource: resources.pods,
  namespace: 'a',
  name: 'p',
  uid: 'u',
  resourceVersion: '1',
  owners: [],
  finalizers: [],
  deleting: false,
};
const owner = (state: OwnerState, uid = state) => ({
  reference: { apiVersion: 'v1', kind: 'Node', name: 'n', uid },
  state,
});
const decideWith = (
  states: readonly OwnerState[],
  over: Partial<OwnedObject> = {},
  facts: { hasDependents?: boolean; isBlocked?: boolean; dependentWaits?: boolean } = {},
) =>
  decide(
    { ...object, ...over },
    {
      owners: states.map((state) => owner(state)),
      hasDependents: false,
      isBlocked: false,
      dependentWaits: false,
      ...facts,
    },
  );

describe('what becomes of an object', () => {
  const rows: readonly [string, Decision, Decision][] = [
    ['without owners: nothing', decideWith([]), { action: 'nothing', reason: 'no-owners' }],
    ['with a living owner: nothing', decideWith(['present']), { action: 'nothing', reason: 'owned' }],
    [
      'of absent owners: deleted',
      decideWith(['absent', 'absent']),
      { action: 'delete', policy: 'Background', reason: 'owners-gone' },
    ],
    [
      'of a waiting owner: deleted',
      decideWith(['waiting']),
      { action: 'delete', policy: 'Background', reason: 'owner-waits' },
    ],
    [
      'of a waiting owner, with dependents of its own: deleted in the foreground',
      decideWith(['waiting'], {}, { hasDependents: true }),
      { action: 'delete', policy: 'Foreground', reason: 'owner-waits' },
    ],
    [
      'of absent owners, with a foreground finalizer: deleted in the foreground',
      decideWith(['absent'], { finalizers: ['foregroundDeletion'] }),
      { action: 'delete', policy: 'Foreground', reason: 'owners-gone' },
    ],
    [
      'of absent owners, with an orphan finalizer: its dependents are orphaned',
      decideWith(['absent'], { finalizers: ['orphan'] }),
      { action: 'delete', policy: 'Orphan', reason: 'owners-gone' },
    ],
    [
      'of a living and an absent owner: loses the reference to the latter',
      decideWith(['present', 'absent']),
      { action: 'drop-references', uids: ['absent'], reason: 'other-owners-remain' },
    ],
    [
      'being deleted: nothing',
      decideWith(['absent'], { deleting: true }),
      { action: 'nothing', reason: 'already-deleting' },
    ],
    [
      'deleted in the foreground, with blocking dependents: waits',
      decideWith([], { deleting: true, finalizers: ['foregroundDeletion'] }, { isBlocked: true }),
      { action: 'nothing', reason: 'waits-for-dependents' },
    ],
    [
      'deleted in the foreground, with none: goes',
      decideWith([], { deleting: true, finalizers: ['foregroundDeletion'] }),
      { action: 'remove-finalizer', finalizer: 'foregroundDeletion', reason: 'dependents-gone' },
    ],
    [
      'deleted, orphaning: its dependents first',
      decideWith([], { deleting: true, finalizers: ['orphan'] }, { isBlocked: true }),
      { action: 'orphan-dependents', reason: 'orphan-finalizer' },
    ],
  ];
  for (const [what, decision, expected] of rows) test(what, () => assert.deepEqual(decision, expected));

  test('an object with one living owner is never deleted', () => {
    const state = fc.constantFrom<OwnerState>('present', 'waiting', 'absent');
    fc.assert(
      fc.property(
        fc.array(state),
        fc.subarray(['orphan', 'foregroundDeletion', 'x']),
        fc.boolean(),
        fc.boolean(),
        (states, finalizers, hasDependents, isBlocked) => {
          const { action } = decideWith([...states, 'present'], { finalizers }, { hasDependents, isBlocked });
          assert.notEqual(action, 'delete');
        },
      ),
    );
  });
});
