// `everynode controller` is killed with SIGKILL, again and again at moments of chance, while the cluster is busy: no
// node ever has two live pods of a DaemonSet (three with surge), and when it is left alone everything becomes right.
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { createChurn } from '../../scripts/soak/churn.ts';
import { type DaemonSet, type Pod, pinnedNode, resources, type Stored } from '../../src/api/index.ts';
import { type Client, createHttpClient, loadKubeconfig } from '../../src/client/index.ts';
import { seededRandom, systemClock } from '../../src/machinery/index.ts';
import { needsEtcd, startEtcd } from '../../src/store/etcd/etcd-server.test-support.ts';
import { startController, withoutDaemonSets } from './support/controller.ts';
import { temporaryDirectory, up } from './support/everynode.ts';
import { eventually } from './support/eventually.ts';

const nodes = 8;
const daemonSets = 6;
const kills = 4;
/** A life is over before, while or after the controller has its lists. */
const lifeMsMax = 2_500;
const happeningMs = 50;
const alone = ['--leader-elect=false', '--skip-preflight'];

/** Live pods per DaemonSet and node, as the API server tells of them one by one; what was too many, in words. */
async function watchForDoubles(client: Client, signal: AbortSignal): Promise<readonly string[]> {
  const doubles: string[] = [];
  const live = new Map<string, Map<string, string>>();
  const surging = new Map<string, boolean>();
  const see = async ({ type, object }: { readonly type: string; readonly object: Stored<Pod> }): Promise<void> => {
    const { uid, name, namespace, deletionTimestamp, ownerReferences } = object.metadata;
    const owner = ownerReferences?.[0];
    const node = nodeOf(object);
    if (owner === undefined || node === undefined) return;
    const place = `${owner.uid} ${node}`;
    const there = live.get(place) ?? new Map<string, string>();
    live.set(place, there);
    const isOver =
      type === 'DELETED' || deletionTimestamp !== undefined || /Failed|Succeeded/.test(object.status?.phase ?? '');
    if (isOver) there.delete(uid);
    else there.set(uid, name);
    if (there.size < 2) return;
    if (!surging.has(owner.uid)) surging.set(owner.uid, await surges(client, namespace!, owner.name));
    if (there.size > (surging.get(owner.uid) === true ? 2 : 1))
      doubles.push(`${owner.name} has ${[...there.values()].join(' and ')} on ${node}`);
  };
  for await (const event of client.watch(resources.pods, { resourceVersion: '0', namespace: 'soak', signal }))
    await see(event);
  return doubles;
}

/** Where it runs or will: it is pinned before it is bound. */
function nodeOf({ spec }: Pod): string | undefined {
  return spec.nodeName ?? pinnedNode(spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution);
}

async function surges(client: Client, namespace: string, name: string): Promise<boolean> {
  const set: Stored<DaemonSet> | undefined = await client
    .get(resources.daemonSets, namespace, name)
    .catch(() => undefined);
  // One that is gone: whether it surged is not known any more, and its pods go anyway.
  return set === undefined || set.spec.updateStrategy?.rollingUpdate?.maxSurge === '10%';
}

async function crashUnderLoad(t: TestContext, args: readonly string[], seed: number): Promise<void> {
  const server = await up(t, { nodes, args: [...withoutDaemonSets, ...args] });
  const client = createHttpClient(await loadKubeconfig({ path: server.kubeconfigPath, clock: systemClock }));
  const random = seededRandom(seed);
  const churn = createChurn(client, random, nodes, daemonSets);
  await churn.prepare();
  const watching = new AbortController();
  const doubles = watchForDoubles(client, watching.signal);

  const over = new AbortController();
  const load = (async () => {
    while (!over.signal.aborted) {
      await churn.step();
      await delay(happeningMs);
    }
  })();
  for (let killed = 0; killed < kills; killed++) {
    const controller = startController(t, server.kubeconfigPath, alone);
    await delay(400 + random.next() * lifeMsMax);
    assert.deepEqual(await controller.stop('SIGKILL'), { code: null, signal: 'SIGKILL' });
  }
  const last = startController(t, server.kubeconfigPath, alone);
  over.abort();
  await load;
  await eventually('everything is right', async () => assert.deepEqual(await churn.wrong(), []), 90_000);
  watching.abort();
  assert.deepEqual(await doubles, []);
  assert.equal((await last.stop()).code, 0);
  await client.close();
}

test('the controller is killed under load, with SQLite: never two pods, and all becomes right', (t) =>
  crashUnderLoad(t, [], 1));

test('the controller is killed under load, with etcd: never two pods, and all becomes right', needsEtcd, async (t) => {
  const directory = join(temporaryDirectory(t), 'etcd');
  mkdirSync(directory);
  const etcd = await startEtcd({ directory });
  t.after(() => etcd.kill());
  await crashUnderLoad(t, ['--etcd-servers', etcd.endpoint], 2);
});
