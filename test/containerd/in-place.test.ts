// What may change while a pod runs: the image of a container, and resources. Looked at in the container's own cgroup.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { type Condition, resources } from '../../src/api/index.ts';
import { createHttpClient, loadKubeconfig } from '../../src/client/index.ts';
import { systemClock } from '../../src/machinery/index.ts';
import { busyboxFiles } from '../../scripts/build-image.ts';
import { eventually } from '../e2e/support/eventually.ts';
import { cgroupValue } from './support/cgroup.ts';
import { type Containerd, needsContainerd, startContainerd } from './support/containerd.ts';
import { forEver, podOf, shell, startWorld } from './support/world.ts';

let containerd: Containerd;
before(async () => {
  if (needsContainerd.skip === undefined) containerd = await startContainerd();
});
after(async () => {
  if (needsContainerd.skip === undefined) await containerd.close();
});

test('another image restarts the one container that has it, at once; the others run on', needsContainerd, async (t) => {
  const { apply, status, everynode, events } = await startWorld(t, containerd);
  const next = 'localhost/tools:2';
  containerd.importImage({
    tag: next,
    command: ['/bin/sh'],
    files: [...busyboxFiles('/bin/busybox'), { path: '/version', content: Buffer.from('2') }],
  });
  const pod = podOf('two', { command: shell(forEver) });
  const containers = [...pod.spec.containers, { ...pod.spec.containers[0]!, name: 'other' }];
  await apply(
    { ...pod, spec: { ...pod.spec, containers, restartPolicy: 'OnFailure' } },
    podOf('typo', { image: 'localhost/tols:1', command: shell(forEver) }),
  );
  await eventually('both containers run', async () => {
    assert.ok((await status('two')).state?.running !== undefined);
    assert.ok((await status('two', 1)).state?.running !== undefined);
    assert.match((await status('typo')).state?.waiting?.reason ?? '', /ImagePull/);
  });
  const other = await status('two', 1);
  await everynode.kubectl.run(['set', 'image', 'pod/two', `main=${next}`]);
  await everynode.kubectl.run(['set', 'image', 'pod/typo', `main=${next}`]);
  await eventually('it runs with the new image', async () => {
    const { image, restartCount, state } = await status('two');
    assert.deepEqual([image, restartCount, state?.running !== undefined], [next, 1, true]);
    const { image: right, state: now } = await status('typo');
    assert.deepEqual([right, now?.running !== undefined], [next, true]);
  });
  const pids = [...containerd.tasks().values()];
  const versions = pids.filter((pid) => readIfThere(`/proc/${pid}/root/version`) === '2');
  assert.equal(versions.length, 2);
  const { containerID, restartCount } = await status('two', 1);
  assert.deepEqual([containerID, restartCount], [other.containerID, 0]);
  assert.ok((await events('two')).includes('Killing: Container main definition changed, will be restarted'));
});

test(
  'resources are given to the running container; with a restart where its policy says so; what the node lacks is pending',
  needsContainerd,
  async (t) => {
    const { apply, pod, status, everynode } = await startWorld(t, containerd);
    const connection = await loadKubeconfig({ path: everynode.kubeconfigPath, clock: systemClock });
    const client = createHttpClient(connection);
    t.after(() => client.close());
    await apply(
      podOf('grows', {
        command: shell(forEver),
        resources: { requests: { cpu: '50m', memory: '32Mi' }, limits: { cpu: '100m', memory: '64Mi' } },
        resizePolicy: [{ resourceName: 'memory', restartPolicy: 'RestartContainer' }],
      }),
    );
    const first = await eventually('it runs', async () => {
      const found = await status('grows');
      assert.ok(found.state?.running !== undefined);
      return found;
    });
    const pid = () => [...containerd.tasks()].find(([id]) => !id.startsWith('sandbox') && isMain(id))![1];
    const isMain = (id: string) => current === `containerd://${id}`;
    let current = first.containerID;
    assert.equal(cgroupValue(pid(), 'cpuQuotaUs'), 10_000);
    const resize = (requests: object, limits: object) =>
      client.patch(
        resources.pods,
        'default',
        'grows',
        'strategic',
        { spec: { containers: [{ name: 'main', resources: { requests, limits } }] } },
        { subresource: 'resize' },
      );
    const resizeConditions = async () =>
      ((await pod('grows')).status?.conditions ?? []).filter(({ type }: Condition) => type.startsWith('PodResize'));

    await resize({ cpu: '60m' }, { cpu: '200m' });
    await eventually('it has more CPU', async () => {
      const { resources: given, allocatedResources } = await status('grows');
      assert.deepEqual([given?.limits?.['cpu'], allocatedResources?.['cpu']], ['200m', '60m']);
    });
    assert.equal(cgroupValue(pid(), 'cpuQuotaUs'), 20_000);
    const same = await status('grows');
    assert.deepEqual([same.containerID, same.restartCount], [first.containerID, 0]);

    await resize({ memory: '48Mi' }, { memory: '96Mi' });
    await eventually('it was restarted with more memory', async () => {
      const { restartCount, state, resources: given } = await status('grows');
      assert.deepEqual([restartCount, state?.running !== undefined, given?.limits?.['memory']], [1, true, '96Mi']);
    });
    current = (await status('grows')).containerID;
    assert.equal(cgroupValue(pid(), 'memoryLimitBytes'), 96 * 1024 * 1024);

    await resize({ cpu: '1k' }, { cpu: '1k' });
    await eventually('it is told that this will never be', async () => {
      const [condition] = await resizeConditions();
      assert.deepEqual([condition?.type, condition?.reason], ['PodResizePending', 'Infeasible']);
    });
    assert.equal((await status('grows')).allocatedResources?.['cpu'], '60m');
    await resize({ cpu: '50m' }, { cpu: '100m' });
    await eventually('nothing is pending', async () => assert.deepEqual(await resizeConditions(), []));
    assert.equal(cgroupValue(pid(), 'cpuQuotaUs'), 10_000);
    assert.equal((await status('grows')).restartCount, 1);
  },
);

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // Another container's.
    return undefined;
  }
}
