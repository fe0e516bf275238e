// The example of docs/testing-your-operator.md, run as its reader would run it.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';

const root = join(import.meta.dirname, '..', '..');
const example = join(root, 'examples', 'testing-your-operator', 'quota-operator.test.ts');

test('the example operator passes its tests, and its process ends by itself', () => {
  // A checkout has no build: `everynode/testing` is the source then (package.json, exports).
  const args = ['--conditions=everynode-source', '--test', '--test-reporter=tap', example];
  // Inside a test run node would take this for a part of it and say nothing.
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { env, encoding: 'utf8', timeout: 240_000 });
  assert.equal(status, 0, `${stdout}\n${stderr}`);
  assert.match(stdout, /^# pass 2$/m);
});
