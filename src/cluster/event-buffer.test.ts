import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isReason } from '../api/index.ts';
import { type EventBuffer, openEventBuffer } from './event-buffer.ts';

interface Source {
  readonly buffer: EventBuffer<number>;
  readonly events: AsyncIterable<number>;
  stopped(): number;
}

function open(signal?: AbortSignal): Source {
  let stops = 0;
  let pushed: EventBuffer<number> | undefined;
  const iterator = openEventBuffer<number>(signal, (buffer) => {
    pushed = buffer;
    return Promise.resolve(() => {
      stops++;
    });
  });
  return { buffer: pushed!, events: { [Symbol.asyncIterator]: () => iterator }, stopped: () => stops };
}

async function collect(events: AsyncIterable<number>): Promise<number[]> {
  const seen: number[] = [];
  for await (const event of events) seen.push(event);
  return seen;
}

test('a reader sees every event in order, those pushed before and while it waits', async () => {
  const { buffer, events } = open();
  buffer.push(1);
  const seen = collect(events);
  await Promise.resolve();
  buffer.push(2);
  buffer.push(3);
  await Promise.resolve();
  buffer.end();
  assert.deepEqual(await seen, [1, 2, 3]);
});

test('the error that ends a watch comes after the events before it, and the source is stopped once', async () => {
  const source = open();
  await Promise.resolve();
  source.buffer.push(1);
  source.buffer.end(new Error('compacted'));
  source.buffer.end();
  const seen: number[] = [];
  await assert.rejects(async () => {
    for await (const event of source.events) seen.push(event);
  }, /compacted/);
  assert.deepEqual(seen, [1]);
  assert.equal(source.stopped(), 1);
});

test('aborting ends the iteration without an error and stops the source', async () => {
  const controller = new AbortController();
  const source = open(controller.signal);
  const seen = collect(source.events);
  await Promise.resolve();
  controller.abort();
  assert.deepEqual(await seen, []);
  assert.equal(source.stopped(), 1);
});

test('leaving the loop early stops the source', async () => {
  const source = open();
  source.buffer.push(1);
  source.buffer.push(2);
  await Promise.resolve();
  for await (const event of source.events) {
    assert.equal(event, 1);
    break;
  }
  assert.equal(source.stopped(), 1);
});

test('a reader that never reads loses its watch with 410 instead of filling the memory', async () => {
  const source = open();
  await Promise.resolve();
  for (let event = 0; event <= 100_000; event++) source.buffer.push(event);
  assert.equal(source.stopped(), 1);
  await assert.rejects(collect(source.events), (error) => isReason(error, 'Expired'));
});

test('a source that cannot start fails the reader', async () => {
  const iterator = openEventBuffer<number>(undefined, () => Promise.reject(new Error('no such resource')));
  await assert.rejects(Promise.resolve(iterator.next()), /no such resource/);
});

test('a replay of any length is read, and does not make its reader one that lags behind', async () => {
  const { buffer, events } = open();
  const replayed = 100_001;
  for (let i = 0; i < replayed; i++) buffer.push(i, true);
  buffer.push(replayed);
  buffer.end();
  assert.equal((await collect(events)).length, replayed + 1);
});
