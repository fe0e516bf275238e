import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { Writable } from 'node:stream';
import { test } from 'node:test';
import { StatusError } from '../../api/index.ts';
import { createWatchStream, type WatchBacklog } from './watch-stream.ts';

/** A response whose client reads only what it is given leave for. */
function slowResponse() {
  const lines: string[] = [];
  const waiting: (() => void)[] = [];
  const stream = new Writable({
    highWaterMark: 64,
    decodeStrings: false,
    write(chunk: string, _encoding, done) {
      lines.push(chunk);
      waiting.push(done);
    },
  });
  const response = Object.assign(stream, { writeHead: () => stream, flushHeaders: () => undefined });
  return {
    response: response as unknown as ServerResponse,
    lines,
    /** Lets the client read everything that comes. */
    read: async () => {
      for (let done = waiting.shift(); done !== undefined; done = waiting.shift()) {
        done();
        await new Promise((resolve) => {
          setImmediate(resolve);
        });
      }
    },
  };
}

const object = (name: string) => ({ metadata: { name } });

const roomy = { eventsMax: 1_000_000, eventsFree: 1_000 };

function open(queueEventsMax: number, queueBytesMax = 1_000_000, backlog: WatchBacklog = { events: 0, ...roomy }) {
  const { response, lines, read } = slowResponse();
  const cuts: string[] = [];
  const encode = (_type: string, value: object) => JSON.stringify(value);
  const limits = { queueEventsMax, queueBytesMax };
  const stream = createWatchStream(response, encode, { limits, backlog, cutOff: () => cuts.push('cut') });
  return { response, lines, read, cuts, stream, backlog };
}

test('a watcher that does not read is cut off when too many events wait', () => {
  const { stream, response, cuts } = open(10);
  stream.start();
  let sent = 0;
  while (!response.destroyed && sent < 1000) stream.event('ADDED', object(`m${sent++}`));
  assert.ok(sent < 20, `${sent} events`);
  assert.deepEqual(cuts, ['cut']);
  stream.event('ADDED', object('late'));
  assert.deepEqual(cuts, ['cut']);
});

test('a few large objects are too much as well', () => {
  const { stream, response, backlog } = open(1_000, 100_000);
  stream.start();
  let sent = 0;
  const large = { ...object('large'), text: 'x'.repeat(10_000) };
  while (!response.destroyed && sent < 1000) {
    stream.event('MODIFIED', large);
    sent += 1;
  }
  assert.ok(sent > 8 && sent < 15, `${sent} events`);
  assert.equal(backlog.events, 0, 'nothing of it is kept');
});

test('when too much waits for all together, it is those far behind that are cut off', async () => {
  const backlog = { events: 0, eventsMax: 100, eventsFree: 20 };
  const [slow, other] = [open(1_000, 1_000_000, backlog), open(1_000, 1_000_000, backlog)];
  for (const { stream } of [slow, other]) stream.start();
  for (let index = 0; index < 10; index++) other.stream.event('ADDED', object(`o${index}`));
  for (let index = 0; index < 200 && slow.cuts.length === 0; index++) slow.stream.event('ADDED', object(`s${index}`));
  assert.deepEqual([slow.cuts, other.cuts], [['cut'], []]);
  await other.read();
  assert.equal(other.lines.length, 10);
  assert.equal(backlog.events, 0);
});

test('an initial list that is not taken up in time ends the watch', async () => {
  const { stream, cuts, read, backlog } = open(10);
  for (let index = 0; index < 100; index++) stream.event('ADDED', object(`m${index}`));
  assert.equal(backlog.events, 100);
  stream.start();
  stream.requireCaughtUp();
  assert.deepEqual([cuts, backlog.events], [['cut'], 0]);

  const quick = open(10);
  quick.stream.event('ADDED', object('m'));
  quick.stream.start();
  await read();
  quick.stream.requireCaughtUp();
  assert.deepEqual(quick.cuts, []);
});

test('the initial list may be longer than the limit and arrives in order, however slowly it is read', async () => {
  const { stream, response, lines, read, cuts } = open(10);
  for (let index = 0; index < 100; index++) stream.event('ADDED', object(`m${index}`));
  stream.start();
  for (let index = 0; index < 5; index++) stream.event('MODIFIED', object(`m${index}`));
  stream.end();
  await read();
  assert.deepEqual(cuts, []);
  assert.ok(response.writableFinished);
  const names = lines.map(
    (line) => (JSON.parse(line) as { object: { metadata: { name: string } } }).object.metadata.name,
  );
  assert.deepEqual(
    names,
    [...Array(100).keys(), 0, 1, 2, 3, 4].map((index) => `m${index}`),
  );
});

test('a replay may be longer than the limit too, and what comes after it counts', async () => {
  const { stream, response, read, cuts } = open(10);
  stream.start();
  for (let index = 0; index < 1_000; index++) stream.event('MODIFIED', object(`m${index}`), true);
  for (let index = 0; index < 5; index++) stream.event('MODIFIED', object(`m${index}`));
  assert.deepEqual(cuts, []);
  await read();
  let sent = 0;
  while (!response.destroyed && sent < 100) stream.event('ADDED', object(`late${sent++}`));
  assert.ok(sent < 20, `${sent} events`);
  assert.deepEqual(cuts, ['cut']);
});

test('an error is the last event', async () => {
  const { stream, response, lines, read } = open(10);
  stream.start();
  stream.event('ADDED', object('a'));
  stream.end(new StatusError('Expired', 'too old'));
  stream.event('ADDED', object('b'));
  await read();
  assert.ok(response.writableFinished);
  const [first, last, ...more] = lines.map((line) => JSON.parse(line) as { type: string; object: { code?: number } });
  assert.deepEqual([first?.type, last?.type, last?.object.code, more.length], ['ADDED', 'ERROR', 410, 0]);
});
