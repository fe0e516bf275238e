import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { removeLog, rotateLog } from './log-rotation.ts';

const policy = { bytesMax: 10, filesMax: 4 };
const { signal } = new AbortController();

function world(t: TestContext) {
  const directory = mkdtempSync(join(tmpdir(), 'everynode-logs-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  const path = join(directory, '0.log');
  let now = Date.UTC(2026, 0, 2, 15, 4, 5);
  return {
    directory,
    path,
    names: () => readdirSync(directory).toSorted(),
    /** One more look, a second later; the runtime opens a new file. */
    rotate: (reopen = () => Promise.resolve(writeFileSync(path, ''))) =>
      rotateLog(path, policy, reopen, (now += 1000), signal),
  };
}

test('a log is put aside once it is too long; all but the newest aside are compressed, the oldest go', async (t) => {
  const { path, names, directory, rotate } = world(t);
  assert.equal(await rotate(), false, 'there is none');
  writeFileSync(path, 'x'.repeat(10));
  assert.equal(await rotate(), false, 'it is just short enough');
  for (const letter of 'abcde') {
    appendFileSync(path, letter.repeat(11));
    assert.equal(await rotate(), true);
  }
  assert.deepEqual(names(), ['0.log', '0.log.20260102-150410.gz', '0.log.20260102-150411.gz', '0.log.20260102-150412']);
  const read = (name: string) => readFileSync(join(directory, name));
  assert.equal(gunzipSync(read('0.log.20260102-150410.gz')).toString(), 'c'.repeat(11));
  assert.equal(read('0.log.20260102-150412').toString(), 'e'.repeat(11));
});

test('a log that the runtime does not open anew keeps its name', async (t) => {
  const { path, names, rotate } = world(t);
  writeFileSync(path, 'x'.repeat(11));
  await assert.rejects(
    rotate(() => Promise.reject(new Error('no'))),
    /no/,
  );
  assert.deepEqual([names(), readFileSync(path, 'utf8')], [['0.log'], 'x'.repeat(11)]);
});

test('what a killed agent left half-done is cleared away, and nothing is lost', async (t) => {
  const { directory, path, names, rotate } = world(t);
  writeFileSync(join(directory, '0.log.20260101-000000'), 'first');
  writeFileSync(join(directory, '0.log.20260101-000000.gz.tmp'), 'half of fi');
  writeFileSync(join(directory, '0.log.20260101-000001'), 'second');
  writeFileSync(join(directory, '0.log.20260101-000001.gz'), 'all of second');
  writeFileSync(join(directory, '1.log'), 'another attempt');
  writeFileSync(path, 'x'.repeat(11));
  await rotate();
  assert.deepEqual(names(), [
    '0.log',
    '0.log.20260101-000000.gz',
    '0.log.20260101-000001.gz',
    '0.log.20260102-150406',
    '1.log',
  ]);
  assert.equal(gunzipSync(readFileSync(join(directory, '0.log.20260101-000000.gz'))).toString(), 'first');
  await removeLog(path);
  assert.deepEqual(names(), ['1.log']);
});
