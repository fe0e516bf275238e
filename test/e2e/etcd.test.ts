// A cluster whose state is in a real etcd: two servers on it serve the same cluster, and etcd may restart under it.
import assert from 'node:assert/strict';
import { cpSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import type { Pod, Stored } from '../../src/api/index.ts';
import { type EtcdServer, needsEtcd, startEtcd } from '../../src/store/etcd/etcd-server.test-support.ts';
import { getDaemonSet, getPods, imageOf, onePodOnEach, threeNodes, uidOf } from './support/daemonset.ts';
import { eventually } from './support/eventually.ts';
import { everynode, seedManifest, temporaryDirectory, up } from './support/everynode.ts';
import { needsKubectl } from './support/kubectl.ts';

const needs = { ...needsKubectl, ...needsEtcd };
const image = 'quay.io/fluentd_elasticsearch/fluentd:v3.0.0';
const setImage = [
  '-n',
  'kube-system',
  'set',
  'image',
  'daemonset/fluentd-elasticsearch',
  `fluentd-elasticsearch=${image}`,
];

async function etcdFor(t: TestContext): Promise<EtcdServer> {
  const directory = join(temporaryDirectory(), 'etcd');
  mkdirSync(directory);
  const etcd = await startEtcd({ directory });
  t.after(() => etcd.kill());
  return etcd;
}

test('two servers on one etcd serve the same cluster, and each goes on without the other', needs, async (t) => {
  const args = ['--etcd-servers', (await etcdFor(t)).endpoint];
  const [firstDir, secondDir] = [temporaryDirectory(), temporaryDirectory()];
  const first = await up(t, { dataDir: firstDir, args });
  // Of one cluster there is one authority: the second server has the first one's.
  cpSync(join(firstDir, 'pki'), join(secondDir, 'pki'), { recursive: true });
  // A list that names no controller to run: the second has none.
  const second = await up(t, { dataDir: secondDir, nodes: 0, args: [...args, '--controllers=-daemonset'] });

  const watch = second.kubectl.watch<Stored<Pod>>('-n', 'kube-system', 'pods');
  await first.kubectl.run(['apply', '-f', seedManifest]);
  const pods = await onePodOnEach(second.kubectl, threeNodes);
  assert.deepEqual(pods.map(uidOf), (await getPods(first.kubectl)).map(uidOf));
  await eventually('the second server’s watch hears of the pods of the first', () => {
    const seen = new Set(watch.events.map(({ object }) => object.metadata.uid));
    assert.ok(pods.every((pod) => seen.has(pod.metadata.uid)));
    return Promise.resolve();
  });
  watch.stop();

  for (const [writer, reader] of [
    [first, second],
    [second, first],
  ] as const) {
    for (let n = 0; n < 5; n++) {
      const name = `${writer === first ? 'first' : 'second'}-${n}`;
      await writer.kubectl.run(['create', 'configmap', name]);
      await reader.kubectl.run(['delete', 'configmap', name]);
      const { code } = await writer.kubectl.attempt(['get', 'configmap', name]);
      assert.equal(code, 1, `${name} is still there`);
    }
  }

  await second.kubectl.run(setImage);
  const updated = await onePodOnEach(first.kubectl, threeNodes);
  assert.ok(updated.every((pod) => imageOf(pod) === image));

  // A third one that has keys of its own is no server of this cluster, and says so before it does anything.
  const stranger = temporaryDirectory();
  const refused = await everynode(['up', ...args, '--data-dir', stranger, '--port', '0', '--nodes', '0']);
  assert.equal(refused.code, 2);
  assert.match(refused.stderr, /^everynode: this etcd holds a cluster with other keys than those in .+\/pki: copy/);

  await first.stop('SIGKILL');
  assert.deepEqual((await getPods(second.kubectl)).map(uidOf), updated.map(uidOf));
  await second.kubectl.run(['create', 'configmap', 'alone']);
  await second.stop('SIGINT');
});

test(
  'etcd is killed and comes back: no pod restarts, watches go on, and the next rollout is as any',
  needs,
  async (t) => {
    const etcd = await etcdFor(t);
    const server = await up(t, { args: ['--etcd-servers', etcd.endpoint] });
    await server.kubectl.run(['apply', '-f', seedManifest]);
    const before = await onePodOnEach(server.kubectl, threeNodes);
    const { metadata } = await getDaemonSet(server.kubectl);
    const watch = server.kubectl.watch<Stored<Pod>>('-n', 'kube-system', 'pods');
    await eventually('the watch has begun', () => Promise.resolve(assert.ok(watch.events.length >= 3)));

    for (let times = 0; times < 2; times++) {
      await etcd.kill();
      const asked = server.kubectl.run(['get', 'pods', '-A']);
      await etcd.start();
      assert.match(await asked, /fluentd-elasticsearch/);
    }
    const after = await onePodOnEach(server.kubectl, threeNodes);
    assert.deepEqual(after.map(uidOf), before.map(uidOf));
    assert.equal((await getDaemonSet(server.kubectl)).metadata.uid, metadata.uid);

    await server.kubectl.run(setImage);
    const updated = await onePodOnEach(server.kubectl, threeNodes);
    await eventually('the watch that was there before etcd went hears of the new pods', () => {
      const seen = new Set(watch.events.map(({ object }) => object.metadata.uid));
      assert.ok(updated.every((pod) => seen.has(pod.metadata.uid)));
      return Promise.resolve();
    });
    watch.stop();
  },
);

test('an etcd that is not there is named, in one line', async () => {
  const dataDir = temporaryDirectory();
  const refused = await everynode(['up', '--etcd-servers', 'http://127.0.0.1:1', '--data-dir', dataDir, '--port', '0']);
  assert.equal(refused.code, 2);
  assert.match(refused.stderr, /^everynode: etcd at http:\/\/127\.0\.0\.1:1 does not answer: .+\n$/);
});
