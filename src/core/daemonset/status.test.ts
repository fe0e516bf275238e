import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findCondition } from '../../api/index.ts';
import { onDelete, rolling, target } from './builders.test-support.ts';
import type { Counts } from './totals.ts';
import { nextStatus, sameStatus } from './status.ts';

const before = '2026-01-01T00:00:00Z';
const now = '2026-01-01T00:01:00Z';
const all: Counts = {
  desired: 4,
  current: 4,
  ready: 4,
  available: 4,
  updated: 4,
  misscheduled: 0,
  blocking: 0,
  surging: 0,
};
const wanted = target(rolling(1), {}, 7);

test('the counts become the fields that kubectl shows', () => {
  const counts: Counts = { ...all, desired: 5, current: 4, ready: 3, available: 2, updated: 1, misscheduled: 6 };
  const { conditions: _, ...status } = nextStatus(undefined, wanted, counts, undefined, now);
  assert.deepEqual(status, {
    desiredNumberScheduled: 5,
    currentNumberScheduled: 4,
    numberReady: 3,
    numberAvailable: 2,
    numberUnavailable: 3,
    updatedNumberScheduled: 1,
    numberMisscheduled: 6,
    observedGeneration: 7,
  });
});

test('the collision count and the conditions of others are kept', () => {
  const foreign = { type: 'example.org/Checked', status: 'True', lastTransitionTime: before };
  const status = nextStatus(
    { ...nextStatus(undefined, wanted, all, undefined, before), collisionCount: 3, conditions: [foreign] },
    wanted,
    all,
    undefined,
    now,
  );
  assert.equal(status.collisionCount, 3);
  assert.deepEqual(status.conditions?.[0], foreign);
  assert.equal(status.conditions?.length, 3);
});

test('Available and Progressing say what is the matter', () => {
  const rows: readonly (readonly [
    why: string,
    counts: Partial<Counts>,
    available: string,
    progressing: string,
    spec?: Parameters<typeof target>[0],
  ])[] = [
    ['all done', {}, 'True AllAvailable', 'True RolledOut'],
    ['no node qualifies', { desired: 0, updated: 0, available: 0 }, 'True AllAvailable', 'True RolledOut'],
    [
      'one is away, as maxUnavailable allows',
      { available: 3 },
      'True WithinMaxUnavailable',
      'True WaitingForAvailability',
    ],
    ['more are away', { available: 2 }, 'False TooManyUnavailable', 'True WaitingForAvailability'],
    ['a rollout is on its way', { updated: 1 }, 'True AllAvailable', 'True RollingOut'],
    ['OnDelete waits for somebody', { updated: 1 }, 'True AllAvailable', 'True WaitingForDeletion', onDelete],
    [
      'OnDelete allows no node to be away',
      { available: 3 },
      'False TooManyUnavailable',
      'True WaitingForAvailability',
      onDelete,
    ],
  ];
  for (const [why, counts, available, progressing, spec = rolling(1)] of rows) {
    const { conditions } = nextStatus(undefined, target(spec), { ...all, ...counts }, undefined, now);
    const said = (type: string) => {
      const condition = findCondition(conditions, type);
      return `${condition?.status} ${condition?.reason}`;
    };
    assert.equal(said('Available'), available, why);
    assert.equal(said('Progressing'), progressing, why);
  }
});

test('what keeps the controller from acting stands in the condition, in the words of the API server', () => {
  const problem = { reason: 'FailedCreate', message: 'exceeded quota: pods' };
  const { conditions } = nextStatus(undefined, wanted, { ...all, current: 0 }, problem, now);
  assert.deepEqual(findCondition(conditions, 'Progressing'), {
    type: 'Progressing',
    status: 'False',
    ...problem,
    lastTransitionTime: now,
  });
});

test('a status is written again only when a reader could see a difference', () => {
  const status = nextStatus(undefined, wanted, all, undefined, before);
  assert.equal(sameStatus(undefined, status), false);
  assert.equal(sameStatus(status, nextStatus(status, wanted, all, undefined, now)), true);
  const differs = (counts: Partial<Counts>, generation = 7) =>
    !sameStatus(status, nextStatus(status, target(rolling(1), {}, generation), { ...all, ...counts }, undefined, now));
  for (const key of ['desired', 'current', 'ready', 'available', 'updated', 'misscheduled'] as const)
    assert.equal(differs({ [key]: 3 }), true, key);
  assert.equal(differs({ blocking: 1, surging: 1 }), false);
  assert.equal(differs({}, 8), true);
  const problem = { reason: 'FailedCreate', message: 'no' };
  const refused = nextStatus(status, wanted, all, problem, now);
  assert.equal(sameStatus(status, refused), false);
  assert.equal(sameStatus(refused, nextStatus(refused, wanted, all, { ...problem, message: 'nope' }, now)), false);
});

test('the transition time of a condition moves only with its status', () => {
  const first = nextStatus(undefined, wanted, all, undefined, before);
  const second = nextStatus(first, wanted, { ...all, available: 3 }, undefined, now);
  assert.equal(findCondition(second.conditions, 'Available')?.lastTransitionTime, before);
  const third = nextStatus(second, wanted, { ...all, available: 1 }, undefined, now);
  assert.equal(findCondition(third.conditions, 'Available')?.lastTransitionTime, now);
});
