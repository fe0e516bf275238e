// The whole server is killed again and again while clients write through HTTP as fast as they can: every acknowledged
// write is there afterwards, and resourceVersions never go back. The store alone is killed in test/store-kill.test.ts.
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { type ConfigMap, resources, type Stored } from '../../src/api/index.ts';
import { createHttpClient, type HttpClient, loadKubeconfig } from '../../src/client/index.ts';
import { systemClock } from '../../src/machinery/index.ts';
import { needsEtcd, startEtcd } from '../../src/store/etcd/etcd-server.test-support.ts';
import { temporaryDirectory, up } from './support/everynode.ts';

const writers = 16;
const rounds = [1, 200, 500, 900];
const namespace = 'default';

/** What a writer was told: names that it created, and the step and version of the object that it updates. */
interface Told {
  readonly created: Set<string>;
  step: number;
  version: number;
}

async function killUnderLoad(t: TestContext, args: readonly string[], killed: (round: number) => Promise<void>) {
  const dataDir = temporaryDirectory();
  const told = Array.from({ length: writers }, (): Told => ({ created: new Set(), step: -1, version: 0 }));
  let newest = 0;
  for (const [round, acknowledgements] of rounds.entries()) {
    const server = await up(t, { dataDir, nodes: 0, args });
    const client = createHttpClient(await loadKubeconfig({ path: server.kubeconfigPath, clock: systemClock }));
    await check(client, told, newest);
    let count = 0;
    let dead: Promise<unknown> | undefined;
    const acknowledged = (version: number) => {
      newest = Math.max(newest, version);
      count += 1;
      if (count === acknowledgements) dead = server.stop('SIGKILL');
    };
    const isDown = () => dead !== undefined;
    await Promise.all(told.map((mine, writer) => write(client, `w${writer}`, mine, acknowledged, isDown)));
    assert.deepEqual(await dead, { code: null, signal: 'SIGKILL' });
    await client.close();
    await killed(round);
  }
  const last = await up(t, { dataDir, nodes: 0, args });
  const client = createHttpClient(await loadKubeconfig({ path: last.kubeconfigPath, clock: systemClock }));
  await check(client, told, newest);
  await client.close();
}

/** Creates an object and updates another, in turns, until the server is gone. */
async function write(
  client: HttpClient,
  name: string,
  mine: Told,
  acknowledged: (version: number) => void,
  isDown: () => boolean,
): Promise<void> {
  const done = ({ metadata }: Stored<ConfigMap>) => {
    acknowledged(Number(metadata.resourceVersion));
    return Number(metadata.resourceVersion);
  };
  try {
    for (;;) {
      const metadata = { name, namespace };
      const data = { step: String(mine.step + 1), filling: 'x'.repeat(2_000) };
      mine.version =
        mine.version === 0
          ? done(await client.create(resources.configMaps, { metadata, data }))
          : done(
              await client.update(resources.configMaps, {
                metadata: { ...metadata, resourceVersion: String(mine.version) },
                data,
              }),
            );
      mine.step += 1;
      const one = `${name}-${mine.step}`;
      done(await client.create(resources.configMaps, { metadata: { name: one, namespace } }));
      mine.created.add(one);
    }
  } catch (error) {
    // Nothing but the kill may stop a writer.
    if (!isDown()) throw error;
  }
}

async function check(client: HttpClient, told: readonly Told[], newest: number): Promise<void> {
  const { items, metadata } = await client.list(resources.configMaps, { namespace });
  assert.ok(Number(metadata.resourceVersion) >= newest, `back from ${newest} to ${metadata.resourceVersion}`);
  const found = new Map(items.map((item) => [item.metadata.name, item]));
  for (const [writer, mine] of told.entries()) {
    const own = found.get(`w${writer}`);
    const step = own === undefined ? -1 : Number(own.data?.['step']);
    // The write after the last acknowledged one may have been made without anybody hearing of it.
    assert.ok(
      step === mine.step || step === mine.step + 1,
      `writer ${writer}: ${step} found, ${mine.step} acknowledged`,
    );
    const version = Number(own?.metadata.resourceVersion ?? 0);
    assert.ok(version >= mine.version);
    for (const name of mine.created) assert.ok(found.has(name), `${name} was created and is gone`);
    // The next round goes on from here.
    mine.step = step;
    mine.version = version;
  }
}

test('killed under write load, with SQLite: every acknowledged write is there', (t) =>
  killUnderLoad(t, [], () => Promise.resolve()));

test('killed under write load, with etcd, which is killed too at times', needsEtcd, async (t) => {
  const directory = join(temporaryDirectory(), 'etcd');
  mkdirSync(directory);
  const etcd = await startEtcd({ directory });
  t.after(() => etcd.kill());
  await killUnderLoad(t, ['--etcd-servers', etcd.endpoint], async (round) => {
    if (round % 2 === 0) return;
    await etcd.kill();
    await etcd.start();
  });
});
