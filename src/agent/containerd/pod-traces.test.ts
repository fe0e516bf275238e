import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { RuntimeContainer } from '../../core/pod/index.ts';
import type { Cri } from '../cri/index.ts';
import { podDirectory } from './paths.ts';
import { clearUnknownPod } from './pod-traces.ts';

const { signal } = new AbortController();
const uid = 'b8ee7f6e-0000-4000-8000-000000000000';

test('a pod is known by its directory until its logs are gone, and by the runtime until their links are', async (t) => {
  const root = mkdtempSync(join(tmpdir(), 'everynode-traces-'));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  const paths = { root, podLogs: join(root, 'logs'), containerLogs: join(root, 'links') };
  const log = join(paths.podLogs, `default_gone_${uid}`);
  for (const directory of [podDirectory(paths, uid), log, paths.containerLogs])
    mkdirSync(directory, { recursive: true });
  symlinkSync(join(log, '0.log'), join(paths.containerLogs, 'gone_default_main-abc.log'));
  const container = { id: 'containerd://abc', state: 'exited' } as RuntimeContainer;
  const view = { sandboxes: [], containers: [container] };
  const linksAtRemoval: string[][] = [];
  const runtime = {
    removeContainer() {
      linksAtRemoval.push(readdirSync(paths.containerLogs));
      return Promise.resolve({});
    },
  };
  const clear = (podLogs: string) =>
    clearUnknownPod({ cri: { runtime } as unknown as Cri, paths: { ...paths, podLogs } }, uid, view, signal);

  // What fails there stands for an agent that dies there.
  const unreadable = join(root, 'no-directory');
  writeFileSync(unreadable, '');
  await assert.rejects(clear(unreadable));
  assert.ok(existsSync(podDirectory(paths, uid)), 'the next agent finds it');

  await clear(paths.podLogs);
  assert.ok(!existsSync(podDirectory(paths, uid)) && !existsSync(log));
  assert.deepEqual(linksAtRemoval.flat(), []);
});
