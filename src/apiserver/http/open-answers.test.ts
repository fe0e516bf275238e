import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import { createVirtualClock } from '../../machinery/index.ts';
import { createOpenAnswers } from './open-answers.ts';

/** Of an answer only that it closes, and can be destroyed. */
class Closing extends EventEmitter {
  destroy(): void {
    this.emit('close');
  }
}

function setUp() {
  const clock = createVirtualClock();
  const late: unknown[] = [];
  const answers = createOpenAnswers(clock, 1_000, (response) => late.push(response));
  const response = () => new Closing() as unknown as ServerResponse;
  const begin = (limits = true) => {
    const answer = answers.add(response(), undefined);
    if (limits) answers.limit(answer);
    return answer.response;
  };
  return { clock, late, answers, response, begin };
}

test('each answer has its own time, and what has left is not cut off', async () => {
  const { clock, late, begin } = setUp();
  const first = begin();
  const unlimited = begin(false);
  await clock.advance(400);
  const second = begin();
  const quick = begin();
  await clock.advance(300);
  quick.destroy();
  const third = begin();
  await clock.advance(299);
  assert.equal(late.length, 0);
  await clock.advance(1);
  assert.deepEqual(late, [first]);
  await clock.advance(400);
  assert.deepEqual(late, [first, second]);
  await clock.advance(300);
  assert.deepEqual(late, [first, second, third]);
  await clock.advance(10_000);
  assert.equal(late.length, 3);
  const fourth = begin();
  await clock.advance(1_000);
  assert.equal(late.at(-1), fourth, 'after a time without any');
  assert.ok(!late.includes(unlimited));
});

test('many that come and go are not mixed up', async () => {
  const { clock, late, begin } = setUp();
  const slow: unknown[] = [];
  for (let index = 0; index < 1_000; index++) {
    const answer = begin();
    if (index % 10 === 0) slow.push(answer);
    else answer.destroy();
  }
  await clock.advance(1_000);
  assert.deepEqual(new Set(late), new Set(slow));
});

test('a stop waits for all that is on its way, but not for a connection that was handed over', async () => {
  const { answers, response, begin } = setUp();
  const one = begin();
  const other = begin(false);
  const socket = new Closing() as unknown as Socket;
  answers.add(response(), socket);
  let hasLeft = false;
  const left = answers.left().then(() => (hasLeft = true));
  one.destroy();
  await new Promise(setImmediate);
  assert.ok(!hasLeft);
  other.destroy();
  await left;
});

test('a connection that was asked for and refused has its time, too', async () => {
  const { clock, late, answers, response } = setUp();
  const socket = new Closing() as unknown as Socket;
  const refused = answers.add(response(), socket);
  answers.limit(refused);
  const gone = new Closing() as unknown as Socket;
  answers.limit(answers.add(response(), gone));
  gone.destroy();
  await clock.advance(1_000);
  assert.deepEqual(late, [refused.response]);
});

test('once closed, nothing is cut off', async () => {
  const { clock, late, answers, begin } = setUp();
  begin();
  answers.close();
  await clock.advance(5_000);
  assert.equal(late.length, 0);
});
