import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { History } from './history.ts';
import type { StoreEvent } from './store.ts';

const event = (key: string, revision: number): StoreEvent => ({ type: 'put', key, value: { revision }, revision });
const revisionsOf = (events: readonly StoreEvent[]) => events.map(({ revision }) => revision);

/** Revisions as etcd gives them: some are others', some are of several keys. */
const steps = fc.array(fc.record({ key: fc.constantFrom('a/1', 'a/2', 'b/1'), step: fc.constantFrom(0, 1, 1, 1, 5) }), {
  maxLength: 60,
});

/** Events with ascending revisions after `first`, as the steps say; the first step is never 0. */
function eventsOf(given: readonly { key: string; step: number }[], first: number): StoreEvent[] {
  let revision = first + 1;
  return given.map(({ key, step }) => event(key, (revision += step)));
}

void test('replays what came after any revision it still reaches, however revisions are spaced', () => {
  fc.assert(
    fc.property(steps, fc.nat(20), fc.nat(80), (given, eventsMax, compactTo) => {
      const history = new History(10, eventsMax + 1);
      const events = eventsOf(given, 10);
      for (const one of events) history.push(one, 0);
      history.compact(Math.min(10 + compactTo, history.revision));
      const newest = events.at(-1)?.revision ?? 10;
      assert.equal(history.revision, newest);
      for (let after = history.compacted; after <= newest; after++)
        assert.deepEqual(
          history.since('a/', after),
          events.filter(({ key, revision }) => revision > after && key.startsWith('a/')),
        );
    }),
  );
});

void test('keeps its bound, and says that what fell out is gone', () => {
  fc.assert(
    fc.property(steps, fc.integer({ min: 1, max: 10 }), (given, eventsMax) => {
      const history = new History(10, eventsMax);
      const events = eventsOf(given, 10);
      for (const one of events) history.push(one, 0);
      const kept = history.since('', history.compacted);
      assert.ok(kept.length <= eventsMax);
      assert.equal(history.compacted, events.at(-1 - eventsMax)?.revision ?? 10);
    }),
  );
});

void test('takes in older events up to its bound, the newest of them first', () => {
  fc.assert(
    fc.property(steps, fc.nat(59), fc.integer({ min: 1, max: 80 }), (given, cut, eventsMax) => {
      const events = eventsOf(given, 10);
      const at = Math.min(cut, events.length);
      const border = events[at - 1]?.revision ?? 10;
      // Events of one revision are read together.
      const older = events.filter(({ revision }) => revision <= border);
      const newer = events.filter(({ revision }) => revision > border);
      const history = new History(border, eventsMax);
      for (const one of newer) history.push(one, 0);
      if (history.compacted !== border) return;
      history.prepend(
        10,
        older,
        older.map(() => 0),
      );
      const kept = events.slice(-eventsMax).filter(({ revision }) => revision > history.compacted);
      assert.deepEqual(revisionsOf(history.since('', history.compacted)), revisionsOf(kept));
      assert.equal(history.compacted, events.at(-1 - eventsMax)?.revision ?? 10);
    }),
  );
});

void test('knows that nothing happened up to a revision without an event', () => {
  const history = new History(1, 10);
  history.push(event('a/1', 2), 0);
  history.advance(7);
  assert.equal(history.revision, 7);
  history.advance(3);
  assert.equal(history.revision, 7);
  assert.deepEqual(history.since('', 7), []);
  history.push(event('a/1', 9), 2);
  assert.deepEqual(revisionsOf(history.since('', 5)), [9]);
});

void test('keeps its bound in memory, and the newest event whatever it takes', () => {
  const large = (revision: number, length: number): StoreEvent => ({
    type: 'put',
    key: 'a',
    value: { text: 'x'.repeat(length) },
    revision,
  });
  const history = new History(1, 1_000, 10_000);
  for (let revision = 2; revision <= 30; revision++) history.push(large(revision, 900), 0);
  const kept = revisionsOf(history.since('a', history.compacted));
  assert.deepEqual([kept.length, kept.at(-1), history.compacted], [10, 30, 20]);
  history.push(large(31, 50_000), 0);
  assert.deepEqual(revisionsOf(history.since('a', history.compacted)), [31]);
  history.push(large(32, 10), 0);
  assert.deepEqual(revisionsOf(history.since('a', history.compacted)), [32]);
  assert.equal(history.compacted, 31);
});

void test('takes in older events as far as there is room in memory', () => {
  const large = (revision: number): StoreEvent => ({
    type: 'put',
    key: 'a',
    value: { text: 'x'.repeat(900) },
    revision,
  });
  const history = new History(9, 1_000, 10_000);
  history.push(large(10), 0);
  const older = [2, 3, 4, 5, 6, 7, 8, 9].map(large);
  history.prepend(
    1,
    older,
    older.map(() => 0),
  );
  assert.deepEqual(revisionsOf(history.since('a', history.compacted)), [2, 3, 4, 5, 6, 7, 8, 9, 10]);
  const full = new History(9, 1_000, 3_000);
  full.push(large(10), 0);
  full.prepend(
    1,
    older,
    older.map(() => 0),
  );
  assert.deepEqual(revisionsOf(full.since('a', full.compacted)), [8, 9, 10]);
});
