import assert from 'node:assert/strict';
import { appendFile, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import * as fc from 'fast-check';
import { createVirtualClock, type VirtualClock } from '../../machinery/index.ts';
import type { LogOptions } from '../kubelet-api/index.ts';
import { readLog } from './read-log.ts';

const plain: LogOptions = { follow: false, previous: false, timestamps: false, stream: 'All' };
const time = (second: number) => `2026-11-24T02:00:${String(second).padStart(2, '0')}.123456789Z`;
const line = (text: string, second = 0, stream = 'stdout', tag = 'F') => `${time(second)} ${stream} ${tag} ${text}\n`;
const numbered = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, index) => line(String(from + index), from + index)).join('');

describe('a container log', () => {
  let directory: string;
  let path: string;
  let clock: VirtualClock;
  const none = new AbortController().signal;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'everynode-log-'));
    path = join(directory, '0.log');
    clock = createVirtualClock(0);
  });
  afterEach(() => rm(directory, { recursive: true, force: true }));

  const read = async (options: Partial<LogOptions> = {}, signal = none) => {
    let text = '';
    const source = { path, clock, isRunning: () => false };
    for await (const chunk of readLog(source, { ...plain, ...options }, signal)) text += chunk.toString();
    return text;
  };

  test('pieces of a line are one line, and what is no line of a runtime is passed over', async () => {
    const pieces = line('one, ', 1, 'stdout', 'P') + line('two, ', 2, 'stdout', 'P') + line('three', 3);
    await writeFile(path, `${pieces}rubbish\n${line('four', 4, 'stderr')}${time(5)} stdout F unfinished`);
    assert.equal(await read(), 'one, two, three\nfour\n');
    assert.equal(await read({ timestamps: true }), `${time(1)} one, two, three\n${time(4)} four\n`);
    assert.equal(await read({ stream: 'Stderr' }), 'four\n');
    assert.equal(await read({ tailLines: 2 }), 'one, two, three\nfour\n');
    assert.equal(await read({ tailLines: 1 }), 'four\n');
    assert.equal(await read({ sinceMs: Date.parse(time(4)) }), 'four\n');
    assert.equal(await read({ limitBytes: 7 }), 'one, tw');
  });

  test('goes back into the files that rotation put aside, packed or not', async () => {
    await writeFile(`${path}.20261124-010000.gz`, gzipSync(numbered(0, 10)));
    await writeFile(`${path}.20261124-020000.gz`, gzipSync(numbered(10, 20)));
    // Being packed: it is there twice.
    await writeFile(`${path}.20261124-020000`, numbered(10, 20));
    await writeFile(`${path}.20261124-030000.gz.tmp`, 'half a file');
    await writeFile(`${path}.20261124-030000`, numbered(20, 30));
    await writeFile(path, numbered(30, 40));
    const texts = (from: number) => Array.from({ length: 40 - from }, (_, index) => `${from + index}\n`).join('');
    assert.equal(await read(), texts(0));
    for (const tailLines of [0, 1, 10, 11, 25, 40, 100])
      assert.equal(await read({ tailLines }), texts(Math.max(40 - tailLines, 0)), String(tailLines));
  });

  test('that is not there is empty', async () => {
    assert.equal(await read(), '');
    assert.equal(await read({ tailLines: 3, follow: true }), '');
  });

  test('is the same however it is cut into files and pieces', async () => {
    const texts = fc.array(fc.record({ text: fc.stringMatching(/^[ -~]{0,30}$/), isLast: fc.boolean() }), {
      minLength: 1,
      maxLength: 30,
    });
    await fc.assert(
      fc.asyncProperty(texts, fc.nat(30), fc.nat(31), async (pieces, cut, tailLines) => {
        const lines = pieces.map(({ text, isLast }) => line(text, 0, 'stdout', isLast ? 'F' : 'P'));
        await writeFile(`${path}.20261124-010000.gz`, gzipSync(lines.slice(0, cut).join('')));
        await writeFile(path, lines.slice(cut).join(''));
        const whole = pieces.map(({ text, isLast }) => (isLast ? `${text}\n` : text)).join('');
        // What is not whole yet stands at the end, and counts as part of what follows.
        const ended = whole.split('\n');
        const rest = ended.pop()!;
        assert.equal(await read(), whole);
        const tail = ended.slice(Math.max(ended.length - tailLines, 0)).map((text) => `${text}\n`);
        assert.equal(await read({ tailLines }), tail.join('') + rest);
      }),
      { numRuns: 60 },
    );
  });

  test('followed, goes on over a rotation until the container has ended', async () => {
    let running = true;
    let text = '';
    await writeFile(path, line('one'));
    const source = { path, clock, isRunning: () => running };
    const follow = (async () => {
      for await (const chunk of readLog(source, { ...plain, follow: true }, none)) text += chunk.toString();
    })();
    const heard = async (wanted: string) => {
      // Files are read in real time, slowly on a busy machine: some turns of the event loop for each step of the clock.
      for (let turns = 0; turns < 200_000; turns++) {
        if (text === wanted) break;
        if (turns % 20 === 0) await clock.advance(200);
        await new Promise(setImmediate);
      }
      assert.equal(text, wanted);
    };
    await heard('one\n');
    const half = line('two');
    await appendFile(path, half.slice(0, 20));
    await appendFile(path, half.slice(20));
    await heard('one\ntwo\n');
    await rename(path, `${path}.20261124-010000`);
    await appendFile(`${path}.20261124-010000`, line('three, to the old file'));
    await writeFile(path, line('four'));
    await heard('one\ntwo\nthree, to the old file\nfour\n');
    await appendFile(path, line('last'));
    running = false;
    await heard('one\ntwo\nthree, to the old file\nfour\nlast\n');
    await follow;
  });

  test('followed, ends when nobody listens any more', async () => {
    await writeFile(path, line('one'));
    const leaving = new AbortController();
    const source = { path, clock, isRunning: () => true };
    const reading = readLog(source, { ...plain, follow: true }, leaving.signal);
    assert.equal((await reading.next()).value?.toString(), 'one\n');
    const next = reading.next();
    leaving.abort();
    assert.equal((await next).done, true);
  });
});
