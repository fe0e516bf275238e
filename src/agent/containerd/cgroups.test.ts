import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cgroupParent, cgroupVersion, unifiedFiles } from './cgroups.ts';
import { parseRuntimeConfig } from './runtime-config.ts';

test('where systemd makes the groups a pod is put into a slice, for the runtime that it asks for', () => {
  const config = parseRuntimeConfig(
    JSON.stringify({
      containerd: {
        defaultRuntimeName: 'runc',
        runtimes: { runc: { options: { SystemdCgroup: true } }, plain: { options: {} }, bare: { options: null } },
      },
      cni: { confDir: '' },
    }),
  );
  assert.deepEqual(
    ['', 'runc', 'plain', 'bare', 'nobody'].map((handler) => cgroupParent(config, handler)),
    ['everynode.slice', 'everynode.slice', '', '', ''],
  );
  assert.equal(config.networkDirectory, undefined);
  assert.equal(cgroupParent(parseRuntimeConfig('{}'), ''), '');
});

test('only cgroup v2 kills a container as a whole', async () => {
  assert.deepEqual([unifiedFiles(1), unifiedFiles(2)], [{}, { 'memory.oom.group': '1' }]);
  assert.equal(await cgroupVersion('/proc'), 1);
  assert.equal(await cgroupVersion('/nowhere/at/all'), 1);
});
