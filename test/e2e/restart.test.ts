// The process ends, by a signal or by kill -9, and comes back: same state, same pods, none restarted.
import assert from 'node:assert/strict';
import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { getDaemonSet, onePodOnEach, type StoredPod, threeNodes } from './support/daemonset.ts';
import { everynode, seedManifest, temporaryDirectory, up } from './support/everynode.ts';
import { needsKubectl } from './support/kubectl.ts';

const identity = (pods: readonly StoredPod[]) =>
  pods.map((pod) => [pod.metadata.name, pod.metadata.uid, pod.status?.containerStatuses?.[0]?.restartCount]);

for (const signal of ['SIGINT', 'SIGTERM', 'SIGKILL'] as const) {
  test(`after ${signal} a new start finds every pod as it was`, needsKubectl, async (t) => {
    const dataDir = temporaryDirectory();
    const first = await up(t, { dataDir });
    await first.kubectl.run(['apply', '-f', seedManifest]);
    const before = await onePodOnEach(first.kubectl, threeNodes);
    const { metadata } = await getDaemonSet(first.kubectl);

    const ended = await first.stop(signal);
    if (signal === 'SIGKILL') assert.equal(ended.signal, 'SIGKILL');
    else {
      assert.deepEqual(ended, { code: 0, signal: null });
      assert.match(first.output(), /stopped cleanly/);
    }

    const second = await up(t, { dataDir });
    const after = await onePodOnEach(second.kubectl, threeNodes);
    assert.deepEqual(identity(after), identity(before));
    assert.equal((await getDaemonSet(second.kubectl)).metadata.uid, metadata.uid);
    const revision = Number((await getDaemonSet(second.kubectl)).metadata.resourceVersion);
    assert.ok(revision >= Number(metadata.resourceVersion), 'resourceVersions never go back');
  });
}

test('the kubeconfig is for its owner alone', async (t) => {
  const { kubeconfigPath } = await up(t, { nodes: 1 });
  assert.equal(statSync(kubeconfigPath).mode & 0o777, 0o600);
});

test('a second process on the same data directory is refused while the first one runs', async (t) => {
  const dataDir = temporaryDirectory();
  await up(t, { dataDir, nodes: 1 });
  const second = await everynode(['up', '--data-dir', dataDir, '--port', '0']);
  assert.equal(second.code, 2);
  assert.match(second.stderr, /another process/);
  assert.ok(second.stderr.includes(dataDir));
  assert.equal(second.stderr.trim().split('\n').length, 1, second.stderr);
});

test('a corrupt store is refused with its path and left as it is', async () => {
  const dataDir = temporaryDirectory();
  const path = join(dataDir, 'state.db');
  writeFileSync(path, 'this is no database '.repeat(1_000));
  const { mtimeMs, size } = statSync(path);
  const refused = await everynode(['up', '--data-dir', dataDir, '--port', '0']);
  assert.equal(refused.code, 2);
  assert.ok(refused.stderr.includes(path), refused.stderr);
  assert.doesNotMatch(refused.stderr, /\n\s+at /, 'no stack trace');
  assert.deepEqual({ mtimeMs: statSync(path).mtimeMs, size: statSync(path).size }, { mtimeMs, size });
});
