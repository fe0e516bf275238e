import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { openLogFile } from './log-file.ts';

test('a log file never outgrows its limit and keeps the newest lines', (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'everynode-test-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  const path = join(directory, 'everynode.log');
  const file = openLogFile(path);
  const line = `${'x'.repeat(1024 * 1024 - 1)}\n`;
  for (let count = 0; count < 11; count++) file.write(line);
  file.write('the last one\n');
  file.close();
  const { size, mode } = statSync(path);
  assert.ok(size < 10 * 1024 * 1024, `${size} bytes`);
  assert.equal(mode & 0o777, 0o600);
  assert.match(readFileSync(path, 'utf8'), /x\nthe last one\n$/);
});
