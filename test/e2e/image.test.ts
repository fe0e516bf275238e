// The image, in a real container: as `everynode install` runs it, without rights and on a root that cannot be written.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { buildEverynodeImage } from '../../scripts/image.ts';
import { packageVersion } from '../../src/cli/package-version.ts';
import { needsContainerd, startContainerd } from './support/containerd.ts';
import { withoutDaemonSets } from './support/controller.ts';
import { fluentd, namespace } from './support/daemonset.ts';
import { everynode, seedManifest, temporaryDirectory, up } from './support/everynode.ts';
import { needsKubectl } from './support/kubectl.ts';

const root = join(import.meta.dirname, '..', '..');
const program = ['/usr/local/bin/node', '/opt/everynode/bin/everynode.js'];

test('the image runs in containerd, does what the command line does, and is the same when built again', {
  ...needsKubectl,
  ...needsContainerd,
}, async (t) => {
  const directory = temporaryDirectory();
  const dist = join(directory, 'dist');
  execFileSync(join(root, 'node_modules', '.bin', 'tsc'), ['-p', 'tsconfig.build.json', '--outDir', dist], {
    cwd: root,
  });
  const { tag, tar } = buildEverynodeImage(dist);
  assert.ok(tar.equals(buildEverynodeImage(dist).tar), 'the same bytes');
  const file = join(directory, 'image.tar');
  writeFileSync(file, tar);

  const { ctr } = await startContainerd(t);
  const imported = await ctr('images', 'import', file);
  assert.equal(imported.code, 0, imported.stderr);
  let containers = 0;
  const run = (flags: readonly string[], ...args: readonly string[]) =>
    ctr('run', '--rm', '--read-only', ...flags, tag, `everynode-${++containers}`, ...program, ...args);

  await t.test('--version', async () => {
    const { code, stdout, stderr } = await run([], '--version');
    assert.deepEqual({ code, stdout, stderr }, { code: 0, stdout: `${packageVersion()}\n`, stderr: '' });
  });

  await t.test('install prints what it prints outside', async () => {
    const outside = await everynode(['install']);
    assert.equal((await run([], 'install')).stdout, outside.stdout);
  });

  await t.test('the controller looks at a cluster', async () => {
    const { kubectl, kubeconfigPath } = await up(t, { args: withoutDaemonSets });
    await kubectl.run(['apply', '-f', seedManifest]);
    // The container's user is nobody in particular, and so is who may read this.
    const readable = join(directory, 'kubeconfig');
    writeFileSync(readable, readFileSync(kubeconfigPath), { mode: 0o644 });
    const mount = ['--net-host', '--mount', `type=bind,src=${readable},dst=/kubeconfig,options=rbind:ro`];
    const name = `everynode-${containers + 1}`;
    const running = run(mount, 'controller', '--kubeconfig', '/kubeconfig', '--preflight-wait', '500ms');
    await kubectl.run(['-n', namespace, 'rollout', 'status', `ds/${fluentd}`, '--timeout=60s']);
    await ctr('tasks', 'kill', '--signal', 'SIGTERM', name);
    const { code, stderr } = await running;
    assert.equal(code, 0, stderr);
    assert.match(stderr, /stopped cleanly/);
  });
});
