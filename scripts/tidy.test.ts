// What a reader may rely on wherever they open the house: small files that say what they are for, named in one way, and
// unit tests that do not wait for time to pass.
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, test } from 'node:test';

const root = join(import.meta.dirname, '..');
const linesMax = 400;
const files = globSync(['src/**/*.ts', 'scripts/**/*.ts', 'bench/**/*.ts', 'test/**/*.ts'], { cwd: root })
  .filter((file) => !file.includes('generated'))
  .toSorted();
const isTest = (file: string) => /\.test(-support)?\.ts$/.test(file);
const read = (file: string) => readFileSync(join(root, file), 'utf8');
const those = (found: (text: string, file: string) => boolean, among = files) =>
  among.filter((file) => found(read(file), file));

describe('the tree', () => {
  test('is looked at as a whole', () => assert.ok(files.length > 500));

  test('names its files in kebab case', () => {
    const kebab = /^[a-z0-9]+(-[a-z0-9]+)*(\.test|\.test-support)?\.ts$/;
    assert.deepEqual(
      files.filter((file) => !kebab.test(basename(file))),
      [],
    );
  });

  test(`has no file of more than ${linesMax} lines, tests aside`, () => {
    assert.deepEqual(
      those(
        (text) => text.split('\n').length > linesMax,
        files.filter((file) => !isTest(file)),
      ),
      [],
    );
  });

  test('says at the top of each file what it is for', () => {
    assert.deepEqual(
      those(
        (text) => !/^(#!.*\n)?\/\/ ./.test(text),
        files.filter((file) => !isTest(file)),
      ),
      [],
    );
  });

  test('names limits with the unit before and Max or Min last', () => {
    const backwards = /\bconst (max|min)[A-Z]\w* = [\d(]/;
    assert.deepEqual(
      those((text) => backwards.test(text)),
      [],
    );
  });

  test('has no test that is left out, or that leaves out the others', () => {
    assert.deepEqual(
      those((text) => /\b(test|describe|it|suite)\.(only|skip|todo)\(/.test(text), files.filter(isTest)),
      [],
    );
  });
});

/** Of sockets, files and processes, which have no clock of their own to turn. */
const mayWait: readonly string[] = [
  'src/client/http-client.test.ts',
  'src/store/memory.test.ts',
  'src/store/sqlite.test.ts',
];

test('unit tests do not wait for time to pass', () => {
  const waits = /\b(setTimeout|setInterval)\(|from 'node:timers/;
  const unit = files.filter((file) => file.startsWith('src/') && file.endsWith('.test.ts'));
  assert.deepEqual(
    those((text) => waits.test(text), unit),
    mayWait,
  );
});
