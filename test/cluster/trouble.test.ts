// What goes wrong around a controller: its leader is killed, the API server or etcd restarts, its watches are too old
// when it wakes up. No node may lose its pod for it, and none may get two.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startController } from '../e2e/support/controller.ts';
import { eventually } from '../e2e/support/eventually.ts';
import { needsKubectl } from '../e2e/support/kubectl.ts';
import { openCluster } from './support/cluster.ts';
import {
  apply,
  getPods,
  imageOf,
  newerImage,
  nodeOf,
  setImage,
  settled,
  type StoredPod,
  uidOf,
} from './support/workload.ts';

const leads = 'this process leads now';
const unknown = (what: string, variable: string) => ({ skip: `nobody said how to restart ${what} (${variable})` });

test('what goes wrong around a controller', needsKubectl, async (t) => {
  const cluster = await openCluster(t);
  const { kubectl, namespace, kubeconfigPath } = cluster;

  await t.test('the leader is killed in a rollout, and the other one ends it', async (context) => {
    const leader = startController(context, kubeconfigPath);
    await leader.says(leads);
    const other = startController(context, kubeconfigPath);
    await apply(cluster);
    await settled(cluster);
    const watching = kubectl.watch<StoredPod>('-n', namespace, 'pods');
    context.after(() => watching.stop());
    await setImage(cluster, newerImage);
    await eventually('it has begun', async () => {
      assert.ok((await getPods(cluster)).some((pod) => imageOf(pod) === newerImage));
    });
    await leader.stop('SIGKILL');
    await other.says(leads);
    await settled(cluster, newerImage);
    assert.deepEqual(nodesWithTwo(watching.events), []);
    await other.stop();
  });

  const restarts = [
    ['the API server', cluster.restartApiServer, 'EVERYNODE_CLUSTER_RESTART_API_SERVER'],
    ['etcd', cluster.restartEtcd, 'EVERYNODE_CLUSTER_RESTART_ETCD'],
  ] as const;
  for (const [what, restart, variable] of restarts)
    await t.test(`${what} restarts`, restart === undefined ? unknown(what, variable) : {}, async (context) => {
      const controller = startController(context, kubeconfigPath);
      await apply(cluster);
      const before = await settled(cluster);
      await restart?.();
      assert.deepEqual((await settled(cluster)).map(uidOf), before.map(uidOf), 'no pod is restarted for it');
      await setImage(cluster, newerImage);
      await settled(cluster, newerImage);
      await controller.stop();
    });

  await t.test(
    'its watches are too old when it wakes up',
    cluster.restartApiServer === undefined ? unknown('the API server', restarts[0][2]) : {},
    async (context) => {
      const controller = startController(context, kubeconfigPath);
      await apply(cluster);
      const before = await settled(cluster);
      controller.signal('SIGSTOP');
      const [victim] = before;
      await kubectl.run(['-n', namespace, 'delete', 'pod', victim!.metadata.name]);
      await setImage(cluster, newerImage);
      // A server that has just started knows no history: the watches have to begin again with lists.
      await cluster.restartApiServer?.();
      controller.signal('SIGCONT');
      await settled(cluster, newerImage);
      await controller.stop();
    },
  );
});

/** Nodes on which at some time two pods were live: not finished, and not asked to go. */
function nodesWithTwo(events: readonly { readonly type: string; readonly object: StoredPod }[]): readonly string[] {
  const live = new Map<string, string>();
  const found = new Set<string>();
  for (const { type, object } of events) {
    const { uid, deletionTimestamp } = object.metadata;
    if (type === 'DELETED' || deletionTimestamp !== undefined) live.delete(uid);
    else if (nodeOf(object) !== '') {
      for (const [other, node] of live) if (other !== uid && node === nodeOf(object)) found.add(node);
      live.set(uid, nodeOf(object));
    }
  }
  return [...found];
}
