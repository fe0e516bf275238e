// Looking into a pod with a container that is added to it (kubectl debug): it runs beside the others, sees what they see,
// and the pod is none the worse for it.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type EphemeralContainer, resources } from '../../src/api/index.ts';
import { createHttpClient, loadKubeconfig } from '../../src/client/index.ts';
import { systemClock } from '../../src/machinery/index.ts';
import { eventually } from '../e2e/support/eventually.ts';
import { type Containerd, needsContainerd, startContainerd, toolsImage } from './support/containerd.ts';
import { forEver, podOf, shell, startWorld } from './support/world.ts';

let containerd: Containerd;
before(async () => {
  if (needsContainerd.skip === undefined) containerd = await startContainerd();
});
after(async () => {
  if (needsContainerd.skip === undefined) await containerd.close();
});

test(
  'a container added to a running pod sees its processes, ends alone, and outlives the agent',
  needsContainerd,
  async (t) => {
    const first = await startWorld(t, containerd);
    const connection = await loadKubeconfig({ path: first.everynode.kubeconfigPath, clock: systemClock });
    const client = createHttpClient(connection);
    t.after(() => client.close());
    const add = (pod: string, ...ephemeralContainers: readonly EphemeralContainer[]) =>
      client.patch(
        resources.pods,
        'default',
        pod,
        'strategic',
        { spec: { ephemeralContainers } },
        { subresource: 'ephemeralcontainers' },
      );
    const added = (name: string, script: string, more: Partial<EphemeralContainer> = {}): EphemeralContainer => ({
      name,
      image: toolsImage,
      command: shell(script),
      ...more,
    });
    const statusOf = async ({ pod }: typeof first, of: string, name: string) =>
      (await pod(of)).status?.ephemeralContainerStatuses?.find((status) => status.name === name);
    const isReady = async ({ pod }: typeof first, name: string) =>
      assert.equal((await pod(name)).status?.conditions?.find(({ type }) => type === 'Ready')?.status, 'True');

    const never = { initContainers: [{ name: 'stuck', image: toolsImage, command: shell(forEver) }] };
    await first.apply(
      podOf('looked-at', { command: ['sleep', '54321'] }),
      podOf('held-up', { command: shell(forEver) }, never),
    );
    await eventually('it runs', () => isReady(first, 'looked-at'));
    await add(
      'looked-at',
      added('sees', `ps; ${forEver}`, { targetContainerName: 'main' }),
      added('fails', 'echo out; exit 3'),
    );
    await add('held-up', added('looks', forEver));
    await eventually('they run, or have run', async () => {
      assert.ok((await statusOf(first, 'looked-at', 'sees'))?.state?.running !== undefined);
      assert.equal((await statusOf(first, 'looked-at', 'fails'))?.state?.terminated?.exitCode, 3);
      assert.ok((await statusOf(first, 'held-up', 'looks'))?.state?.running !== undefined);
    });
    assert.equal((await first.pod('held-up')).status?.phase, 'Pending');
    const { kubectl } = first.everynode;
    assert.match(await kubectl.run(['logs', 'looked-at', '-c', 'sees']), /sleep 54321/);
    assert.match(await kubectl.run(['exec', 'looked-at', '-c', 'sees', '--', 'ps']), /sleep 54321/);
    assert.equal(await kubectl.run(['logs', 'looked-at', '-c', 'fails']), 'out\n');
    await isReady(first, 'looked-at');
    const before = await statusOf(first, 'looked-at', 'sees');

    await first.everynode.stop('SIGKILL');
    const second = await startWorld(t, containerd, { dataDir: first.dataDir });
    const again = second.everynode.kubectl;
    assert.match(await again.run(['exec', 'looked-at', '-c', 'sees', '--', 'ps']), /sleep 54321/);
    assert.deepEqual(await statusOf(second, 'looked-at', 'sees'), before);
    assert.equal((await statusOf(second, 'looked-at', 'fails'))?.restartCount, 0);
    await isReady(second, 'looked-at');
    const { uid } = (await second.pod('looked-at')).metadata;
    assert.equal(containerd.tasksOf(uid).size, 3);
    await again.run(['delete', 'pod', 'looked-at', 'held-up']);
    assert.equal(containerd.tasksOf(uid).size, 0);
  },
);
