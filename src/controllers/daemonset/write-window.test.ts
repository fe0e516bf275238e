import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createWriteWindow, type WriteWindow } from './write-window.ts';

/** As many as there is room for, all of which work. */
function round(window: WriteWindow, now: number): number {
  const room = window.room(now);
  for (let sent = 0; sent < room; sent++) window.sent();
  for (let answered = 0; answered < room; answered++) window.succeeded();
  return room;
}

describe('the window of writes under way', () => {
  test('starts at one, and doubles while everything works, up to its limit', () => {
    const window = createWriteWindow();
    assert.deepEqual(
      Array.from({ length: 10 }, () => round(window, 0)),
      [1, 2, 4, 8, 16, 32, 64, 128, 250, 250],
    );
  });

  test('starts over with one after a refusal, and each waits twice as long as the one before', () => {
    const window = createWriteWindow();
    for (let rounds = 0; rounds < 5; rounds++) round(window, 0);
    let now = 0;
    for (const waitMs of [200, 400, 800, 1600]) {
      assert.ok(window.room(now) >= 1);
      window.sent();
      window.refused(now, undefined);
      assert.deepEqual([window.room(now), window.blockedUntil], [0, now + waitMs]);
      now += waitMs;
      assert.equal(window.room(now), 1);
    }
    assert.deepEqual([round(window, now), round(window, now)], [1, 2]);
  });

  test('a burst of refusals is one', () => {
    const window = createWriteWindow();
    for (let rounds = 0; rounds < 3; rounds++) round(window, 0);
    for (let sent = 0; sent < 8; sent++) window.sent();
    for (let refused = 0; refused < 8; refused++) window.refused(refused, undefined);
    assert.equal(window.blockedUntil, 200);
  });

  test('waits for as long as the server wishes, and for as long when the clock is set', () => {
    const window = createWriteWindow();
    window.sent();
    window.refused(1000, 30_000);
    assert.equal(window.blockedUntil, 31_000);
    window.clockSet(-600_000);
    assert.equal(window.blockedUntil, -569_000);
  });

  test('what says nothing about the server changes nothing but the room', () => {
    const window = createWriteWindow();
    round(window, 0);
    window.sent();
    assert.deepEqual([window.room(0), window.inFlight], [1, 1]);
    window.settled();
    assert.deepEqual([window.room(0), window.inFlight], [2, 0]);
  });
});
