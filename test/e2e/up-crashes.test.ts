// `everynode up`, with everything in it (API server, DaemonSet controller, scheduler, nodes), is killed with SIGKILL, again
// and again at moments of chance, while the cluster is busy and goes on being written to: no node ever has two live pods
// of a DaemonSet (three with surge), and when it is left alone everything becomes right. That no acknowledged write is lost
// is shown by kill-under-load.test.ts, that no container is orphaned by test/containerd/kill-under-load.test.ts.
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { createChurn } from '../../scripts/soak/churn.ts';
import { createHttpClient, loadKubeconfig } from '../../src/client/index.ts';
import { seededRandom, systemClock } from '../../src/machinery/index.ts';
import { freePorts, needsEtcd, startEtcd } from '../../src/store/etcd/etcd-server.test-support.ts';
import { watchForDoubles } from './support/doubles.ts';
import { temporaryDirectory, up } from './support/everynode.ts';
import { eventually } from './support/eventually.ts';

const nodes = 8;
const daemonSets = 6;
const kills = 3;
const lifeMsMax = 2_500;
const happeningMs = 50;

async function crashUnderLoad(t: TestContext, args: readonly string[], seed: number): Promise<void> {
  const dataDir = temporaryDirectory();
  // One port for all its lives: clients go on.
  const start = async () => up(t, { dataDir, nodes, args: ['--port', String(port), ...args] });
  const [port] = await freePorts(1);
  let server = await start();
  const client = createHttpClient(await loadKubeconfig({ path: server.kubeconfigPath, clock: systemClock }));
  const random = seededRandom(seed);
  const churn = createChurn(client, random, nodes, daemonSets);
  await churn.prepare();
  const over = new AbortController();
  let happened = 0;
  const load = (async () => {
    while (!over.signal.aborted) {
      // Away, or killed in the middle of it.
      await churn.step().then(
        () => happened++,
        () => undefined,
      );
      await delay(happeningMs);
    }
  })();
  const doubles: string[] = [];
  let isDown = false;
  const watch = (signal: AbortSignal) =>
    watchForDoubles(client, doubles, signal).catch((error: unknown) => {
      // Nothing but the kill ends it.
      if (!isDown) throw error;
    });
  let watched = watch(over.signal);
  for (let killed = 0; killed < kills; killed++) {
    await delay(400 + random.next() * lifeMsMax);
    isDown = true;
    assert.deepEqual(await server.stop('SIGKILL'), { code: null, signal: 'SIGKILL' });
    await watched;
    server = await start();
    isDown = false;
    watched = watch(over.signal);
  }
  await delay(random.next() * lifeMsMax);
  const watchedUntilRight = watch(t.signal);
  over.abort();
  await Promise.all([load, watched]);
  await churn.apply();
  await churn.calm();
  await eventually('everything is right', async () => assert.deepEqual(await churn.wrong(), []), 180_000);
  assert.deepEqual(doubles, []);
  assert.ok(happened > 20, `there was load: ${happened}`);
  isDown = true;
  assert.equal((await server.stop()).code, 0);
  await watchedUntilRight;
  await client.close();
}

test('the whole cluster is killed under load, with SQLite: never two pods, and all becomes right', (t) =>
  crashUnderLoad(t, [], 3));

test(
  'the whole cluster is killed under load, with etcd: never two pods, and all becomes right',
  needsEtcd,
  async (t) => {
    const directory = join(temporaryDirectory(), 'etcd');
    mkdirSync(directory);
    const etcd = await startEtcd({ directory });
    t.after(() => etcd.kill());
    await crashUnderLoad(t, ['--etcd-servers', etcd.endpoint], 4);
  },
);
