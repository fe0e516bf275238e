// Runs the tests: `node scripts/test.ts [unit|simulation|e2e|cluster] [name part …]`. Unit tests lie beside the code and
// share one process (seconds), and so do some histories of the simulator (half a minute); end-to-end tests start clusters
// of their own and run one file at a time.
import { spawnSync } from 'node:child_process';
import { globSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const [layer, ...parts] = process.argv.slice(2);
const inOneProcess = ['--test-isolation=none'];
const isHistory = (file: string) => file.startsWith(join('src', 'simulation'));
const oneByOne = ['--test-concurrency=1', '--test-timeout=600000'];
const suites = [
  {
    name: 'unit',
    files: globSync(['src/**/*.test.ts', 'scripts/**/*.test.ts'], { cwd: root }).filter((file) => !isHistory(file)),
    flags: inOneProcess,
  },
  {
    name: 'simulation',
    files: globSync('src/simulation/**/*.test.ts', { cwd: root }),
    flags: inOneProcess,
  },
  {
    name: 'e2e',
    files: globSync('test/**/*.test.ts', { cwd: root }),
    flags: oneByOne,
  },
  // A part of e2e: what runs on a given cluster too.
  { name: 'cluster', files: globSync('test/cluster/*.test.ts', { cwd: root }), flags: oneByOne },
];

let failed = false;
for (const suite of suites) {
  if (layer === undefined ? suite.name === 'cluster' : layer !== suite.name) continue;
  const files = suite.files
    .toSorted()
    .filter((file) => parts.length === 0 || parts.some((part) => file.includes(part)));
  if (files.length === 0) continue;
  process.stdout.write(`# ${suite.name}: ${files.length} files\n`);
  const result = spawnSync(process.execPath, ['--test', '--test-reporter=spec', ...suite.flags, ...files], {
    cwd: root,
    stdio: 'inherit',
  });
  failed ||= result.status !== 0;
}
process.exitCode = failed ? 1 : 0;
