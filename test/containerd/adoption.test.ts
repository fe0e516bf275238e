// An agent that is stopped or killed in the middle of something, and the one after it: what was begun goes on where it was,
// nothing is done twice.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
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

test('an init container, a sidecar, a crash loop and an end are gone on with', needsContainerd, async (t) => {
  const first = await startWorld(t, containerd);
  const { dataDir, host } = first;
  const volumes = [{ name: 'host', hostPath: { path: host } }];
  const part = (name: string, then: string) => ({
    name,
    image: toolsImage,
    command: shell(`echo ${name} >> /host/order; ${then}`),
    volumeMounts: [{ name: 'host', mountPath: '/host' }],
  });
  const waits = 'while [ ! -e /host/go ]; do sleep 0.1; done';
  await first.apply(
    podOf('begun', part('main', forEver), {
      volumes,
      initContainers: [
        part('first', 'true'),
        { ...part('side', forEver), restartPolicy: 'Always' },
        part('slow', waits),
      ],
    }),
    podOf('crash', { command: shell('exit 3') }),
    podOf('leaving', part('leaves', 'trap "" TERM; while true; do sleep 0.1; done'), {
      volumes,
      terminationGracePeriodSeconds: 15,
    }),
  );
  const order = () => readFileSync(join(host, 'order'), 'utf8').trimEnd().split('\n');
  const initStatuses = async ({ pod }: typeof first) => (await pod('begun')).status?.initContainerStatuses ?? [];
  await eventually('each is in the middle of something', async () => {
    assert.deepEqual(
      (await initStatuses(first)).map(({ state }) => Object.keys(state ?? {})[0]),
      ['terminated', 'running', 'running'],
    );
    assert.equal((await first.status('crash')).state?.waiting?.reason, 'CrashLoopBackOff');
    assert.ok((await first.status('leaving')).state?.running !== undefined);
  });
  const crashes = (await first.status('crash')).restartCount;
  const before = await initStatuses(first);
  const leaving = (await first.pod('leaving')).metadata.uid;
  await first.everynode.kubectl.run(['delete', 'pod', 'leaving', '--wait=false']);
  await first.everynode.stop('SIGKILL');
  assert.equal(containerd.tasksOf(leaving).size, 2, 'it has its grace');

  const second = await startWorld(t, containerd, { dataDir });
  await eventually('what was asked to go has gone', async () => {
    assert.match((await second.everynode.kubectl.attempt(['get', 'pod', 'leaving'])).stderr, /not found/);
    assert.equal(containerd.tasksOf(leaving).size, 0);
  });
  assert.ok((await second.status('crash')).restartCount >= crashes);
  writeFileSync(join(host, 'go'), '');
  const running = await eventually('it is ready', async () => {
    const found = await second.pod('begun');
    assert.equal(found.status?.conditions?.find(({ type }) => type === 'Ready')?.status, 'True');
    return found;
  });
  const told = await initStatuses(second);
  assert.deepEqual(
    told.map(({ containerID, restartCount }) => [containerID, restartCount]),
    before.map(({ containerID }) => [containerID, 0]),
  );
  const once = ['first', 'side', 'slow', 'main'];
  assert.deepEqual(
    order().filter((name) => name !== 'leaves'),
    once,
  );

  assert.equal((await second.everynode.stop('SIGINT')).code, 0);
  const tasks = containerd.tasksOf(running.metadata.uid);
  assert.equal(tasks.size, 3, 'a stop leaves it alone');
  const third = await startWorld(t, containerd, { dataDir });
  await third.everynode.kubectl.run(['exec', 'begun', '-c', 'main', '--', 'true']);
  const again = (await third.pod('begun')).status;
  assert.deepEqual(again?.containerStatuses, running.status?.containerStatuses);
  assert.deepEqual(again?.initContainerStatuses, running.status?.initContainerStatuses);
  assert.deepEqual(containerd.tasksOf(running.metadata.uid), tasks);
  assert.deepEqual(
    order().filter((name) => name !== 'leaves'),
    once,
  );
});
