import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import type { Pod, PodSpec, Stored } from '../../../api/index.ts';
import type { Starved } from '../../../core/node/index.ts';
import { silentLogger } from '../../../observe/index.ts';
import type { NodeHealth } from '../../node-report.ts';
import type { NodeContext } from '../context.ts';
import { volumeDirectory } from '../paths.ts';
import { evictPods } from './evictions.ts';

const mebibyte = 1024 * 1024;

/** Pods of one container each, with so much memory as the runtime says. */
function world(t: TestContext, memoryMebibytes: Readonly<Record<string, number>>) {
  const root = mkdtempSync(join(tmpdir(), 'everynode-evictions-'));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  const paths = { root, podLogs: join(root, 'logs'), containerLogs: join(root, 'links') };
  const stats = Object.entries(memoryMebibytes).map(([uid, mebibytes]) => ({
    attributes: { metadata: { name: 'main' }, labels: { 'io.kubernetes.pod.uid': uid } },
    memory: { workingSetBytes: { value: BigInt(mebibytes * mebibyte) } },
  }));
  let asked = 0;
  const listContainerStats = () => {
    asked++;
    return Promise.resolve({ stats });
  };
  const { signal } = new AbortController();
  const cri = { runtime: { listContainerStats } } as unknown as NodeContext['cri'];
  const context = { cri, nodeName: 'n', paths, signal, log: silentLogger };
  const evicted: string[] = [];
  let running = Object.keys(memoryMebibytes);
  const specs: Record<string, Partial<PodSpec>> = {};
  const podOf = (uid: string): Stored<Pod> => ({
    metadata: { name: uid, namespace: 'ns', uid, resourceVersion: '1', creationTimestamp: '' },
    spec: { containers: [{ name: 'main' }], ...specs[uid] },
  });
  let before: ReadonlySet<Starved> = new Set();
  const look = async (health: NodeHealth = {}) => {
    evicted.length = 0;
    const lives = running.map((uid) => ({
      pod: podOf(uid),
      evict({ message, disrupts }: { message: string; disrupts: boolean }) {
        running = running.filter((other) => other !== uid);
        evicted.push(`${uid} ${disrupts}: ${message}`);
      },
    }));
    before = await evictPods({ context, running: () => lives, health: () => Promise.resolve(health) }, before);
    return [...evicted];
  };
  return { look, specs, paths, asked: () => asked };
}

test('short of memory it ends one pod a look, the one that takes most; with enough of all it asks nobody', async (t) => {
  const { look, asked } = world(t, { a: 10, b: 30, c: 20 });
  assert.deepEqual([await look(), asked()], [[], 0]);
  const [first] = await look({ memoryPressure: true });
  assert.match(first ?? '', /^b true: The node was low on resource: memory\. Container main was using 30Mi/);
  assert.match((await look({ memoryPressure: true })).join(), /^c true/);
  assert.deepEqual(await look(), []);
});

test('short of disk it waits a look, in which images go', async (t) => {
  const { look } = world(t, { a: 1 });
  assert.deepEqual(await look({ diskPressure: true }), []);
  assert.match((await look({ diskPressure: true })).join(), /^a true: The node was low on resource: ephemeral-storage/);
});

test('a pod over its own bound goes, whatever the node has; then nobody else has to at that look', async (t) => {
  const { look, specs, paths } = world(t, { a: 1, b: 50 });
  specs['a'] = { volumes: [{ name: 'v', emptyDir: { sizeLimit: '1Mi' } }] };
  const volume = volumeDirectory(paths, 'a', 'empty-dir', 'v');
  mkdirSync(volume, { recursive: true });
  assert.deepEqual(await look(), []);
  writeFileSync(join(volume, 'file'), Buffer.alloc(2 * mebibyte, 1));
  const over = 'a false: Usage of EmptyDir volume "v" exceeds the limit "1Mi". ';
  assert.deepEqual(await look({ memoryPressure: true }), [over]);
  assert.match((await look({ memoryPressure: true })).join(), /^b true/);
});
