// `everynode controller` is killed with SIGKILL, again and again at moments of chance, while the cluster is busy: no
// node ever has two live pods of a DaemonSet (three with surge), and when it is left alone everything becomes right.
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { createChurn } from '../../scripts/soak/churn.ts';
import { createHttpClient, loadKubeconfig } from '../../src/client/index.ts';
import { seededRandom, systemClock } from '../../src/machinery/index.ts';
import { needsEtcd, startEtcd } from '../../src/store/etcd/etcd-server.test-support.ts';
import { startController, withoutDaemonSets } from './support/controller.ts';
import { watchForDoubles } from './support/doubles.ts';
import { temporaryDirectory, up } from './support/everynode.ts';
import { eventually } from './support/eventually.ts';

const nodes = 8;
const daemonSets = 6;
const kills = 4;
/** A life is over before, while or after the controller has its lists. */
const lifeMsMax = 2_500;
const happeningMs = 50;
const alone = ['--leader-elect=false', '--skip-preflight'];

async function crashUnderLoad(t: TestContext, args: readonly string[], seed: number): Promise<void> {
  const server = await up(t, { nodes, args: [...withoutDaemonSets, ...args] });
  const client = createHttpClient(await loadKubeconfig({ path: server.kubeconfigPath, clock: systemClock }));
  const random = seededRandom(seed);
  const churn = createChurn(client, random, nodes, daemonSets);
  await churn.prepare();
  const watching = new AbortController();
  const doubles: string[] = [];
  const watched = watchForDoubles(client, doubles, watching.signal);

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
  // A policy that was left paused would wait for ever.
  await churn.calm();
  await eventually('everything is right', async () => assert.deepEqual(await churn.wrong(), []), 180_000);
  watching.abort();
  await watched;
  assert.deepEqual(doubles, []);
  assert.equal((await last.stop()).code, 0);
  await client.close();
}

test('the controller is killed under load, with SQLite: never two pods, and all becomes right', (t) =>
  crashUnderLoad(t, [], 1));

test('the controller is killed under load, with etcd: never two pods, and all becomes right', needsEtcd, async (t) => {
  const directory = join(temporaryDirectory(), 'etcd');
  mkdirSync(directory);
  const etcd = await startEtcd({ directory });
  t.after(() => etcd.kill());
  await crashUnderLoad(t, ['--etcd-servers', etcd.endpoint], 2);
});
