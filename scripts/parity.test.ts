// docs/parity.md names a test for each behaviour of upstream, docs/api-server.md for each clause of what the API server is
// to be: every one of them must be there, or the pages lie.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';

const root = join(import.meta.dirname, '..');
const page = readFileSync(join(root, 'docs', 'parity.md'), 'utf8');
const rowsOf = (text: string) =>
  text.split('\n').filter((line) => line.startsWith('| ') && !/^\| (Behaviour|Clause|Hole)/.test(line));
const rows = rowsOf(page);

/** Files without a path are the core's. */
function located(path: string): string {
  return join(root, path.includes('/') ? path : `src/core/daemonset/${path}`);
}

/** As it reads, however the source quotes it. */
const plain = (text: string) => text.replaceAll(/\\'/g, "'");

function requireTests(pageRows: readonly string[], place: (path: string) => string): void {
  for (const row of pageRows) {
    const shown = row.split(' | ').at(-1)!;
    const groups = [...shown.matchAll(/`([^`]+\.test(?:-support)?\.ts)`: ((?:"[^"]+"(?:, )?)+)/g)];
    assert.ok(groups.length > 0, `no test in: ${row}`);
    for (const [, path, names] of groups) {
      const text = plain(readFileSync(place(path!), 'utf8'));
      for (const [, name] of names!.matchAll(/"([^"]+)"/g))
        assert.ok(text.includes(name!), `${path} has no test "${name}"`);
    }
  }
}

describe('docs/api-server.md', () => {
  test('has a test in every row, in the file it says', () => {
    const clauses = rowsOf(readFileSync(join(root, 'docs', 'api-server.md'), 'utf8'));
    assert.ok(clauses.length > 40, 'the rows were found');
    requireTests(clauses, (path) => join(root, /^(src|test)\//.test(path) ? path : `src/apiserver/${path}`));
  });
});

describe('docs/parity.md', () => {
  test('has a test in every row, in the file it says', () => {
    assert.ok(rows.length > 60, 'the rows were found');
    requireTests(rows, located);
  });

  test('has rows for each section from 2 to 13', () => {
    const sections = [...page.matchAll(/^## (\d+)\. /gm)].map(([, number]) => Number(number));
    assert.deepEqual(sections, [2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13]);
  });

  test('names files that are there', () => {
    const paths = rows.flatMap((row) =>
      [...row.split(' | ')[1]!.matchAll(/`([^`]+\/|[^`]+\.ts)`/g)].map(([, path]) => path!),
    );
    const missing = paths.filter(
      (path) => ![located(path), join(root, 'src/controllers/daemonset', path)].some(existsSync),
    );
    assert.deepEqual(missing, []);
  });
});
