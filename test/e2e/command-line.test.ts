// The command line from outside: help, version, and what bad arguments get.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { everynode, program, seedManifest } from './support/everynode.ts';

const manifest = JSON.parse(readFileSync(join(import.meta.dirname, '..', '..', 'package.json'), 'utf8')) as {
  version: string;
};

test("--version is the package's", async () => {
  const outcome = await everynode(['--version']);
  assert.equal(outcome.code, 0);
  assert.equal(outcome.stdout, `${manifest.version}\n`);
});

for (const args of [
  ['--help'],
  ['help', 'up'],
  ['up', '--help'],
  ['controller', '--help'],
  ['node', '--help'],
  ['explain', '--help'],
]) {
  test(`everynode ${args.join(' ')} explains itself with examples`, async () => {
    const outcome = await everynode(args);
    assert.equal(outcome.code, 0);
    assert.match(outcome.stdout, /^Usage: everynode/);
    assert.match(outcome.stdout, /Examples:/);
    for (const line of outcome.stdout.split('\n')) assert.ok(line.length <= 100, `fits a terminal: ${line}`);
  });
}

const bad: readonly { readonly args: readonly string[]; readonly says: RegExp }[] = [
  { args: ['dwon'], says: /unknown command 'dwon'/ },
  { args: ['up', '--node', '3'], says: /unknown option '--node'.*--nodes/ },
  { args: ['up', 'extra'], says: /extra/ },
  { args: ['up', '--nodes', 'three'], says: /--nodes.*'three'.*whole number/ },
  { args: ['up', '--nodes', '-1'], says: /--nodes/ },
  { args: ['up', '--port', '70000'], says: /--port.*'70000'.*65535/ },
  { args: ['up', '--memory', '--data-dir', 'x'], says: /--memory.*--data-dir|--data-dir.*--memory/ },
  { args: ['up', '--simulate', 'nonsense'], says: /--simulate.*nonsense/ },
  { args: ['up', '--memory', '--apply', '/nowhere/at-all.yaml'], says: /\/nowhere\/at-all\.yaml/ },
  { args: ['up', '--data-dir', '/proc/everynode'], says: /data directory.*\/proc\/everynode/ },
  { args: ['up', '--data-dir', '/dev/null/x'], says: /data directory.*\/dev\/null/ },
  { args: ['up', '--log-level', 'loud'], says: /--log-level.*debug/ },
];

for (const { args, says } of bad) {
  test(`everynode ${args.join(' ')}: one line on stderr, exit code 2`, async () => {
    const outcome = await everynode(args);
    assert.equal(outcome.code, 2);
    assert.match(outcome.stderr, says);
    assert.equal(outcome.stderr.trim().split('\n').length, 1, outcome.stderr);
    assert.equal(outcome.stdout, '');
  });
}

for (const args of [
  ['up', '--help'],
  // The pods that it makes are told of later than the first line.
  ['up', '--memory', '--port', '0', '--no-table', '--apply', seedManifest],
]) {
  test(`everynode ${args.slice(0, 2).join(' ')} | head -1: it ends, quietly`, async (t) => {
    const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    t.after(() => child.kill('SIGKILL'));
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    child.stdout.once('data', () => child.stdout.destroy());
    const [code] = (await once(child, 'close')) as [number | null];
    assert.equal(stderr, '');
    assert.equal(code, 0);
  });
}
