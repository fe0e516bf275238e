// A node whose API server has gone: its pods go on, are started again as their policy says, and when the API server is
// back it is told of all that happened. A node that is gone itself is said to be, and keeps its daemon pods.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { DaemonSet, Node, Pod, Stored } from '../../src/api/index.ts';
import { freePorts } from '../../src/store/etcd/etcd-server.test-support.ts';
import { eventually } from '../e2e/support/eventually.ts';
import { type Containerd, needsContainerd, startContainerd, toolsImage } from './support/containerd.ts';
import { joinedNode } from './support/joined-node.ts';
import { forEver, podOf, shell, startWorld } from './support/world.ts';

const second = 'second';
let containerd: Containerd;
before(async () => {
  if (needsContainerd.skip === undefined) containerd = await startContainerd();
});
after(async () => {
  if (needsContainerd.skip === undefined) await containerd.close();
});

const labels = { app: 'daemon' };
const daemon: DaemonSet = {
  apiVersion: 'apps/v1',
  kind: 'DaemonSet',
  metadata: { name: 'daemon', namespace: 'default' },
  spec: {
    selector: { matchLabels: labels },
    template: {
      metadata: { labels },
      spec: {
        terminationGracePeriodSeconds: 2,
        nodeSelector: { 'kubernetes.io/hostname': second },
        containers: [
          {
            name: 'main',
            image: toolsImage,
            command: shell(`echo $WORD; ${forEver}`),
            env: [{ name: 'WORD', valueFrom: { configMapKeyRef: { name: 'words', key: 'word' } } }],
          },
        ],
      },
    },
  },
};

test('an API server that goes and comes back finds what ran meanwhile', needsContainerd, async (t) => {
  const [port] = await freePorts(1);
  const args = ['--port', String(port)];
  const first = await startWorld(t, containerd, { args });
  const place = ['--data-dir', first.dataDir, '--containerd-socket', containerd.socketPath];
  const node = await joinedNode(t, [
    '--name',
    second,
    ...place,
    '--node-dir',
    join(containerd.directory, 'second-node'),
  ]);
  await first.everynode.kubectl.run(['create', 'configmap', 'words', '--from-literal=word=remembered']);
  await first.apply(podOf('own', { command: shell(forEver) }), daemon as unknown as Pod);
  const found = async ({ everynode }: typeof first): Promise<Stored<Pod>> => {
    const { items } = await everynode.kubectl.get<{ items: Stored<Pod>[] }>('pods', '--selector=app=daemon');
    assert.equal(items.length, 1);
    return items[0]!;
  };
  const running = await eventually('it runs', async () => {
    const pod = await found(first);
    assert.equal(pod.status?.phase, 'Running');
    assert.ok((await first.status('own')).state?.running !== undefined);
    return pod;
  });
  const { uid, name } = running.metadata;
  const idOf = (pod: Stored<Pod>) => pod.status!.containerStatuses![0]!.containerID!.replace('containerd://', '');
  const before = containerd.tasks();

  await first.everynode.stop('SIGKILL');
  const crashed = idOf(running);
  process.kill(before.get(crashed)!, 'SIGKILL');
  const restarted = await eventually('its node starts it again', async () => {
    const ids = [...containerd.tasksOf(uid).keys()].filter((id) => !before.has(id));
    assert.equal(ids.length, 1);
    return ids[0]!;
  });
  for (const [id, pid] of containerd.tasks())
    if (id !== restarted) assert.equal(pid, before.get(id), 'everything else went on');

  const again = await startWorld(t, containerd, { dataDir: first.dataDir, args });
  await eventually('the API server is told', async () => {
    const pod = await found(again);
    const [status] = pod.status!.containerStatuses!;
    assert.deepEqual([pod.metadata.uid, idOf(pod), status?.restartCount], [uid, restarted, 1]);
    assert.equal(status?.lastState?.terminated?.exitCode, 137);
    assert.equal(pod.status?.conditions?.find(({ type }) => type === 'Ready')?.status, 'True');
  });
  assert.equal(await again.everynode.kubectl.run(['logs', name]), 'remembered\n');
  assert.equal((await again.status('own')).restartCount, 0);

  await node.stop('SIGKILL');
  await eventually(
    'the node is not heard of',
    async () => {
      const { status, spec } = await again.everynode.kubectl.get<Stored<Node>>('node', second);
      assert.equal(status?.conditions?.find(({ type }) => type === 'Ready')?.status, 'Unknown');
      assert.ok(
        spec?.taints?.some(({ key, effect }) => key === 'node.kubernetes.io/unreachable' && effect === 'NoExecute'),
      );
    },
    120_000,
  );
  const bound = await found(again);
  assert.deepEqual(
    [bound.metadata.uid, bound.spec.nodeName, bound.metadata.deletionTimestamp],
    [uid, second, undefined],
  );
  assert.ok(containerd.tasksOf(uid).has(restarted), 'and runs');
});
