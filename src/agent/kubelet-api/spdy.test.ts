import assert from 'node:assert/strict';
import { once } from 'node:events';
import { duplexPair } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import { test } from 'node:test';
import { inflateSync, constants } from 'node:zlib';
import * as fc from 'fast-check';
import { createSpdySession } from './spdy.ts';

const fin = 1;
const [synStream, reset, ping, goAway] = [1, 3, 6, 7];

function data(id: number, payload: Buffer | string, flags = 0): Buffer {
  const bytes = Buffer.from(payload);
  const head = Buffer.alloc(8);
  head.writeUInt32BE(id, 0);
  head.writeUInt32BE(bytes.length, 4);
  head.writeUInt8(flags, 4);
  return Buffer.concat([head, bytes]);
}

function control(type: number, payload: Buffer): Buffer {
  const frame = data(0, payload);
  frame.writeUInt16BE(0x8003, 0);
  frame.writeUInt16BE(type, 2);
  return frame;
}

const numbers = (...values: readonly number[]) => {
  const bytes = Buffer.alloc(4 * values.length);
  for (const [index, value] of values.entries()) bytes.writeUInt32BE(value, 4 * index);
  return bytes;
};

/** The frames in these bytes: `type` of control frames, `id` of data frames. */
function framesOf(bytes: Buffer) {
  const frames: { readonly type?: number; readonly id: number; readonly flags: number; readonly payload: Buffer }[] =
    [];
  for (let at = 0; at < bytes.length; ) {
    const length = bytes.readUInt32BE(at + 4) & 0xffffff;
    const payload = bytes.subarray(at + 8, at + 8 + length);
    const isControl = (bytes[at]! & 0x80) !== 0;
    const id = isControl ? payload.readUInt32BE(0) : bytes.readUInt32BE(at);
    frames.push({ ...(isControl ? { type: bytes.readUInt16BE(at + 2) } : {}), id, flags: bytes[at + 4]!, payload });
    at += 8 + length;
  }
  return frames;
}

function headersOf(blocks: readonly Buffer[]): readonly string[] {
  const plain = inflateSync(Buffer.concat(blocks), { finishFlush: constants.Z_SYNC_FLUSH });
  const texts: string[] = [];
  for (let at = 0; at < plain.length; ) {
    const count = plain.readUInt32BE(at);
    at += 4;
    for (let index = 0; index < 2 * count; index++) {
      const length = plain.readUInt32BE(at);
      texts.push(plain.toString('utf8', at + 4, at + 4 + length));
      at += 4 + length;
    }
  }
  return texts;
}

test('streams are opened with odd numbers, and their headers are one zlib stream', async () => {
  const [near, far] = duplexPair();
  const session = createSpdySession(near);
  session.open({ streamtype: 'error', port: '80' }).end();
  session.open({ streamtype: 'stdout' }).write('hello');
  await new Promise(setImmediate);
  const frames = framesOf(far.read() as Buffer);
  const started = frames.filter(({ type }) => type === synStream);
  assert.deepEqual(
    started.map(({ id }) => id),
    [1, 3],
  );
  const headers = headersOf(started.map(({ payload }) => payload.subarray(10)));
  assert.deepEqual(headers, ['streamtype', 'error', 'port', '80', 'streamtype', 'stdout']);
  const sent = frames.filter(({ type }) => type === undefined);
  assert.deepEqual(
    sent.map(({ id, flags, payload }) => [id, flags, payload.toString()]),
    [
      [1, fin, ''],
      [3, 0, 'hello'],
    ],
  );
  session.close();
  await session.closed;
});

test('what comes is told apart whatever the pieces it comes in', async () => {
  const wanted = Buffer.concat([
    data(3, 'hel'),
    control(2, Buffer.alloc(10)),
    data(5, 'err', fin),
    data(3, 'lo'),
    data(99, 'of nobody'),
    data(3, '', fin),
    data(1, '{}'),
    control(reset, numbers(1, 5)),
    control(goAway, numbers(5, 0)),
  ]);
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 60 }), async (sizes) => {
      const [near, far] = duplexPair();
      const session = createSpdySession(near);
      const streams = ['error', 'stdout', 'stderr'].map((streamtype) => session.open({ streamtype }));
      far.resume();
      let at = 0;
      for (const size of sizes) far.write(wanted.subarray(at, (at += size)));
      far.write(wanted.subarray(at));
      assert.deepEqual(await Promise.all(streams.map((stream) => text(stream))), ['{}', 'hello', 'err']);
      far.end();
      await session.closed;
    }),
    { numRuns: 50 },
  );
});

test('a reader that is slow holds the sender back', async () => {
  const [near, far] = duplexPair();
  const session = createSpdySession(near);
  far.resume();
  const error = session.open({ streamtype: 'error' });
  const stdout = session.open({ streamtype: 'stdout' });
  const piece = Buffer.alloc(64 * 1024);
  let sent = 0;
  while (far.write(data(3, piece)) || sent < 8) sent += 1;
  await new Promise(setImmediate);
  assert.ok(near.isPaused(), 'nothing is read while nobody takes what came');
  far.write(Buffer.concat([data(3, piece, fin), data(1, 'done', fin)]));
  const [all, status] = await Promise.all([buffer(stdout), text(error)]);
  assert.equal(all.length, (sent + 2) * piece.length);
  assert.equal(status, 'done');
  session.close();
});

test('a stream that has ended holds nobody back, though its reader has not taken it all', async () => {
  const [near, far] = duplexPair();
  const session = createSpdySession(near);
  far.resume();
  const error = session.open({ streamtype: 'error' });
  const stdout = session.open({ streamtype: 'stdout' });
  const much = Buffer.alloc(512 * 1024);
  far.write(data(3, much, fin));
  await new Promise(setImmediate);
  far.write(data(1, 'done', fin));
  assert.equal(await text(error), 'done');
  assert.equal((await buffer(stdout)).length, much.length);
  session.close();
});

test('their pings are answered; a connection that is lost ends its streams with what they have', async () => {
  const [near, far] = duplexPair();
  const session = createSpdySession(near);
  const stream = session.open({ streamtype: 'stdout' });
  far.read();
  far.write(control(ping, numbers(2)));
  await once(far, 'readable');
  assert.ok(framesOf(far.read() as Buffer).some(({ type, id }) => type === ping && id === 2));
  far.write(data(1, 'half of it'));
  await new Promise(setImmediate);
  far.destroy();
  near.destroy();
  assert.equal(await text(stream), 'half of it');
  await session.closed;
});

test('a frame that no runtime sends ends the connection', async () => {
  const [near, far] = duplexPair();
  const session = createSpdySession(near);
  far.on('error', () => undefined).resume();
  const frame = Buffer.alloc(8);
  frame.writeUInt32BE(0x00ffffff, 4);
  far.write(frame);
  await session.closed;
});
