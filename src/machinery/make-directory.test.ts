import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { makeDirectory } from './make-directory.ts';

const home = mkdtempSync(join(tmpdir(), 'everynode-test-'));
after(() => rmSync(home, { recursive: true }));

test('a directory comes with its parents, all for their owner alone, and may be there already', async () => {
  const path = join(home, 'a', 'b');
  await Promise.all([makeDirectory(path, 0o700), makeDirectory(path, 0o700)]);
  await makeDirectory(path, 0o755);
  for (const made of [path, join(home, 'a')]) assert.equal(statSync(made).mode & 0o777, 0o700);
});

test('where nobody can make one, that is said', async () => {
  await assert.rejects(makeDirectory('/proc/everynode/data', 0o700), { code: 'ENOENT' });
});

test('a file in the way is not taken for a directory', async () => {
  const file = join(home, 'file');
  writeFileSync(file, '');
  await assert.rejects(makeDirectory(file, 0o700), { code: 'EEXIST' });
  await assert.rejects(makeDirectory(join(file, 'below'), 0o700), { code: 'ENOTDIR' });
});
