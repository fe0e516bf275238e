// What keeps the disk of a node from filling up: logs that are rotated, ended containers and unused images that go. The
// figures of the disk are the test's; containers, logs and images are real.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { createImageCollector } from '../../src/agent/containerd/housekeeping/image-collector.ts';
import { connectCri } from '../../src/agent/cri/index.ts';
import { defaultImageGarbagePolicy } from '../../src/core/node/index.ts';
import { createVirtualClock } from '../../src/machinery/index.ts';
import { silentLogger } from '../../src/observe/index.ts';
import { eventually } from '../e2e/support/eventually.ts';
import { type Containerd, needsContainerd, startContainerd } from './support/containerd.ts';
import { forEver, podOf, shell, startWorld } from './support/world.ts';

const mebibyte = 1024 * 1024;
let containerd: Containerd;
before(async () => {
  if (needsContainerd.skip === undefined) containerd = await startContainerd();
});
after(async () => {
  if (needsContainerd.skip === undefined) await containerd.close();
});

test(
  'a container that floods its log gets five files and no more, and what it wrote last is there; a crash loop keeps two logs',
  needsContainerd,
  async (t) => {
    const { apply, pod, status, host } = await startWorld(t, containerd);
    // 12.5 MB at a time, half as much again with the prefix of each line, until the test has seen enough.
    const burst = `yes ${'x'.repeat(99)} | head -c 12500000; sleep 1`;
    const flood = `while [ ! -e /host/enough ]; do ${burst}; done; echo done; ${forEver}`;
    await apply(
      podOf(
        'flood',
        { command: shell(flood), volumeMounts: [{ name: 'host', mountPath: '/host' }] },
        { volumes: [{ name: 'host', hostPath: { path: host } }] },
      ),
      // Restarted at once, after 10 s, after 20 s …: the third container is enough to see the first one go.
      podOf('crash', { command: shell('echo why; exit 1') }),
    );
    const logsOf = async (name: string) => {
      const { metadata } = await pod(name);
      return `/var/log/pods/default_${name}_${metadata.uid}/main`;
    };
    const directory = await logsOf('flood');
    const names = () => readdirSync(directory).toSorted();
    const aside = new Set<string>();
    let most = 0;
    await eventually('the fifth one was put aside', async () => {
      let bytes = 0;
      for (const name of names()) {
        bytes += statSync(join(directory, name), { throwIfNoEntry: false })?.size ?? 0;
        const [, time] = /^0\.log\.([\d-]+)/.exec(name) ?? [];
        if (time !== undefined) aside.add(time);
      }
      most = Math.max(most, bytes);
      assert.ok(aside.size >= 5, `${aside.size}`);
    });
    writeFileSync(join(host, 'enough'), '');
    // The bursts that are not compressed: the one that is written, the newest aside, and one that is being compressed.
    assert.ok(most < 100 * mebibyte, `${most} bytes at once`);
    await eventually('five are left, the last line in the newest', async () => {
      assert.equal(names().length, 5);
      assert.equal(names().filter((name) => name.endsWith('.gz')).length, 3);
      // Put aside itself, should it come right before a look.
      const newest = names().filter((name) => !name.endsWith('.gz'));
      const [written, last] = newest.map((name) => readFileSync(join(directory, name), 'utf8').slice(-200));
      assert.match(written === '' ? (last ?? '') : (written ?? ''), / done\n$/);
    });
    const oldest = names().find((name) => name.endsWith('.gz'))!;
    const text = gunzipSync(readFileSync(join(directory, oldest))).toString('utf8', 0, 300);
    assert.match(text, / stdout F x{99}\n/);

    const crashes = await logsOf('crash');
    await eventually(
      'it was started three times',
      async () => assert.equal((await status('crash')).restartCount, 2),
      120_000,
    );
    await eventually('the oldest log is gone', async () => assert.deepEqual(readdirSync(crashes), ['1.log', '2.log']));
    const links = readdirSync('/var/log/containers').filter((name) => name.startsWith('crash_default_main-'));
    assert.equal(links.length, 2);
    assert.ok(links.every((link) => existsSync(join('/var/log/containers', link))));
  },
);

test('a full disk loses unused images and no other', needsContainerd, async (t) => {
  const { apply, status } = await startWorld(t, containerd);
  const image = (name: string) => `localhost/${name}:1`;
  for (const name of ['unused-1', 'unused-2', 'used'])
    containerd.importImage({
      tag: image(name),
      files: [
        { path: '/bin/busybox', content: readFileSync('/bin/busybox') },
        { path: '/random', content: randomBytes(mebibyte) },
      ],
      command: ['/bin/busybox', 'sleep', '1000'],
    });
  await apply(podOf('user', { image: image('used') }));
  await eventually('it runs', async () => assert.ok((await status('user')).state?.running !== undefined));
  const cri = connectCri(containerd.socketPath);
  t.after(() => cri.close());
  const { signal } = new AbortController();
  const clock = createVirtualClock();
  const figures = { capacityBytes: 100 * mebibyte, availableBytes: 50 * mebibyte };
  const images = createImageCollector({
    cri,
    clock,
    log: silentLogger,
    policy: defaultImageGarbagePolicy,
    disk: () => Promise.resolve(figures),
  });
  const tags = async () => {
    const { images: found } = await cri.images.listImages({}, { signal });
    return found.flatMap(({ repoTags }) => repoTags).toSorted();
  };
  const all = await tags();
  assert.equal(await images.collect(false, signal), undefined);
  await clock.advance(180_000);
  assert.equal(await images.collect(false, signal), undefined);
  assert.deepEqual(await tags(), all, 'there is room');
  figures.availableBytes = 10 * mebibyte;
  assert.match((await images.collect(false, signal)) ?? '', /^Failed to garbage collect required amount of images\./);
  assert.deepEqual(await tags(), [image('pause'), image('used')]);
  assert.equal((await status('user')).restartCount, 0);
});
