// `everynode up --runtime containerd` killed with -9 again and again at random moments, also while it starts, while pods
// come and go: in the end the runtime has exactly the containers that the API wants, and none was restarted for it.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { type KubernetesList, type Pod, resources, type Stored } from '../../src/api/index.ts';
import { connectCri } from '../../src/agent/cri/index.ts';
import { createHttpClient, loadKubeconfig } from '../../src/client/index.ts';
import { seededRandom, systemClock } from '../../src/machinery/index.ts';
import { eventually } from '../e2e/support/eventually.ts';
import { type Everynode, program } from '../e2e/support/everynode.ts';
import { type Containerd, needsContainerd, startContainerd } from './support/containerd.ts';
import { forEver, podOf, shell, startWorld } from './support/world.ts';

const rounds = 3;
const liveMsMax = 1_500;
const startMsMax = 1_200;
const seed = Number(process.env['EVERYNODE_SEED'] ?? Date.now() % 1_000_000);

let containerd: Containerd;
before(async () => {
  if (needsContainerd.skip === undefined) containerd = await startContainerd();
});
after(async () => {
  if (needsContainerd.skip === undefined) await containerd.close();
});

test(
  `a node killed at random moments under load orphans no container and restarts none (EVERYNODE_SEED=${seed})`,
  needsContainerd,
  async (t) => {
    const random = seededRandom(seed);
    const dataDir = join(containerd.directory, 'killed');
    let made = 0;

    /** Pods come and go until the server is gone. */
    const load = async ({ kubeconfigPath }: Everynode): Promise<void> => {
      const client = createHttpClient(await loadKubeconfig({ path: kubeconfigPath, clock: systemClock }));
      try {
        for (;;) {
          const pod = podOf(`churn-${made++}`, { command: shell(forEver) }, { terminationGracePeriodSeconds: 1 });
          await client.create(resources.pods, pod);
          await delay(random.next() * 300);
          const victim = `churn-${Math.floor(random.next() * made)}`;
          if (random.next() < 0.6)
            await client.delete(resources.pods, 'default', victim).catch((error: Error) => {
              if (!/not found/.test(error.message)) throw error;
            });
        }
      } catch {
        // Killed: that is what this is about.
      } finally {
        await client.close();
      }
    };

    const first = await startWorld(t, containerd, { dataDir });
    await first.apply(podOf('steady', { command: shell(forEver) }));
    const steady = await eventually('the steady pod runs', async () => {
      const found = await first.status('steady');
      assert.ok(found.state?.running !== undefined);
      return found;
    });
    let running = first.everynode;
    for (let round = 0; round < rounds; round++) {
      const [before, loaded] = [made, load(running)];
      await eventually('the load has begun', async () => assert.ok(made > before + 1));
      await delay(random.next() * liveMsMax);
      await running.stop('SIGKILL');
      await loaded;
      // Once more, before it is even ready.
      const child = spawn(
        process.execPath,
        [program, 'up', '--data-dir', dataDir, '--port', '0', ...containerd.upArguments],
        {
          stdio: 'ignore',
        },
      );
      await delay(random.next() * startMsMax);
      child.kill('SIGKILL');
      await new Promise((resolve) => child.once('exit', resolve));
      running = (await startWorld(t, containerd, { dataDir })).everynode;
    }

    const cri = connectCri(containerd.socketPath);
    t.after(() => cri.close());
    await eventually('API and runtime agree', async () => {
      const { items } = await running.kubectl.get<KubernetesList<Stored<Pod>>>('pods');
      for (const { metadata, status } of items) {
        assert.equal(metadata.deletionTimestamp, undefined);
        assert.equal(status?.phase, 'Running', metadata.name);
      }
      const uids = items.map(({ metadata }) => metadata.uid).toSorted();
      const uidOf = ({ labels }: { readonly labels: Readonly<Record<string, string>> }) =>
        labels['io.kubernetes.pod.uid']!;
      const sandboxes = (await cri.runtime.listPodSandbox({})).items;
      assert.deepEqual(sandboxes.map(uidOf).toSorted(), uids, 'one sandbox for each pod');
      const { containers } = await cri.runtime.listContainers({});
      assert.deepEqual(containers.map(uidOf).toSorted(), uids, 'one container for each pod');
      const known = [...sandboxes, ...containers].map(({ id }) => id);
      assert.deepEqual(
        containerd.containerIds().toSorted(),
        known.toSorted(),
        'containerd has no more than its CRI knows',
      );
      assert.equal(containerd.tasks().size, 2 * uids.length, 'they run, each with its pause container');
      const told = items.map(({ status }) => status?.containerStatuses?.[0]?.containerID ?? '').toSorted();
      assert.deepEqual(told, containers.map(({ id }) => `containerd://${id}`).toSorted());
      assert.deepEqual(readdirSync(join(containerd.nodeDirectory, 'pods')).toSorted(), uids, 'no directory is left');
      const reported = items.map(({ metadata, status }) => ({ pod: metadata.name, ...status?.containerStatuses?.[0] }));
      assert.deepEqual(
        reported.filter(({ restartCount }) => restartCount !== 0),
        [],
        'nothing was restarted',
      );
    });
    const { items } = await running.kubectl.get<KubernetesList<Stored<Pod>>>('pods');
    const still = items.find(({ metadata }) => metadata.name === 'steady');
    assert.equal(still?.status?.containerStatuses?.[0]?.containerID, steady.containerID);
    await running.kubectl.run(['delete', 'pods', '--all', '--wait=false']);
  },
);
