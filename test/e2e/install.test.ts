// What `everynode install` prints, as a user brings it into a cluster with kubectl; and the package, as npm installs it.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { KubernetesList, KubernetesObject } from '../../src/api/index.ts';
import { packageVersion } from '../../src/cli/package-version.ts';
import { everynode, temporaryDirectory, up } from './support/everynode.ts';
import { needsKubectl } from './support/kubectl.ts';

const root = join(import.meta.dirname, '..', '..');

test('kubectl applies what everynode install prints, and every field is known', needsKubectl, async (t) => {
  const { kubectl } = await up(t);
  const { stdout: yaml, code } = await everynode(['install']);
  assert.equal(code, 0);
  const apply = ['apply', '--server-side', '--validate=true', '-f', '-'];
  // A dry run makes no namespace for what follows, so that has to be there first.
  await kubectl.run(['create', 'namespace', 'everynode-system']);
  const dry = await kubectl.run([...apply, '--dry-run=server', '--force-conflicts'], yaml);
  assert.match(dry, /deployment\.apps\/everynode serverside-applied \(server dry run\)/);
  assert.equal((await kubectl.attempt(['-n', 'everynode-system', 'get', 'deployment', 'everynode'])).code, 1);
  await kubectl.run([...apply, '--force-conflicts'], yaml);
  const again = await kubectl.run(apply, yaml);
  assert.equal(again.trim().split('\n').length, yaml.split('\n---\n').length);
  assert.equal((await kubectl.attempt(['diff', '--server-side', '-f', '-'], yaml)).code, 0, 'nothing differs');

  const { stdout: json } = await everynode(['install', '--output', 'json']);
  const list = JSON.parse(json) as KubernetesList<KubernetesObject>;
  assert.equal((await kubectl.attempt(['diff', '--server-side', '-f', '-'], JSON.stringify(list))).code, 0);
});

test('npm installs the package that npm pack makes, and it runs', async () => {
  const directory = temporaryDirectory();
  const npm = (cwd: string, ...args: readonly string[]) =>
    execFileSync('npm', args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  npm(root, 'pack', '--pack-destination', directory);
  const [tarball] = readdirSync(directory);
  writeFileSync(join(directory, 'package.json'), '{"private": true}');
  npm(directory, 'install', '--no-audit', '--no-fund', '--prefer-offline', join(directory, tarball!));
  const npx = (...args: readonly string[]) => npm(directory, 'exec', '--offline', '--', 'everynode', ...args);
  assert.equal(npx('--version'), `${packageVersion()}\n`);
  assert.equal(npx('install'), (await everynode(['install'])).stdout);
});
