// How containers end, and why: in which order, with how much patience, what they say in the end, and what happens to a pod
// whose sandbox is lost. Looked at on the host.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test, type TestContext } from 'node:test';
import type { Pod } from '../../src/api/index.ts';
import { eventually } from '../e2e/support/eventually.ts';
import { type Containerd, needsContainerd, startContainerd, toolsImage } from './support/containerd.ts';
import { forEver, podOf, shell, startWorld, type World } from './support/world.ts';

let containerd: Containerd;
before(async () => {
  if (needsContainerd.skip === undefined) containerd = await startContainerd();
});
after(async () => {
  if (needsContainerd.skip === undefined) await containerd.close();
});

const volumeMounts = [{ name: 'host', mountPath: '/host' }];
const volumesOf = ({ host }: World) => ({ volumes: [{ name: 'host', hostPath: { path: host } }] });
const isRunning = ({ status }: World, name: string) =>
  eventually(`${name} runs`, async () => assert.ok((await status(name)).state?.running !== undefined));

test('containers end as a kubelet ends them', needsContainerd, async (t) => {
  const world = await startWorld(t, containerd);
  await t.test('all preStop hooks at once, then the main containers, then the sidecars backwards', () => order(world));
  await t.test('whoever watches sees how a deleted pod ended', () => watched(world));
  await t.test('a probe may have a grace period of its own', () => probeGrace(world));
  await t.test('a postStart hook that fails ends its container, preStop and all', () => failedHook(world));
  await t.test('hooks by HTTP, and by sleep, which takes its time from the grace period', () => hooks(world));
  await t.test('a pod whose sandbox is lost starts again, and nothing of it is left behind', () => lostSandbox(world));
  await t.test('the message of an end outlives the agent', () => messages(t, world));
});

async function order(world: World): Promise<void> {
  const { apply, everynode, host } = world;
  const part = (name: string, more = '') => ({
    name,
    image: toolsImage,
    command: shell(`trap 'echo term ${name} >> /host/order; exit 0' TERM; while true; do sleep 0.1; done`),
    lifecycle: { preStop: { exec: { command: shell(`echo hook ${name} >> /host/order${more}`) } } },
    volumeMounts,
  });
  const sidecar = (name: string) => ({ ...part(name), restartPolicy: 'Always' });
  await apply(
    // Its hook lasts until those of the sidecars have run: were they not all at once, it would last to the bitter end.
    podOf(
      'ordered',
      part('main', '; until grep -q first /host/order && grep -q second /host/order; do sleep 0.1; done'),
      {
        ...volumesOf(world),
        initContainers: [sidecar('first'), sidecar('second')],
        terminationGracePeriodSeconds: 20,
      },
    ),
  );
  await isRunning(world, 'ordered');
  await everynode.kubectl.run(['delete', 'pod', 'ordered']);
  const lines = readFileSync(join(host, 'order'), 'utf8').trimEnd().split('\n');
  assert.deepEqual(lines.slice(0, 3).toSorted(), ['hook first', 'hook main', 'hook second']);
  assert.deepEqual(lines.slice(3), ['term main', 'term second', 'term first']);
}

async function watched({ apply, everynode, status }: World): Promise<void> {
  await apply(
    podOf('watched', {
      command: shell('trap "echo bye > /dev/termination-log; exit 7" TERM; while true; do sleep 0.1; done'),
    }),
  );
  await eventually('it runs', async () => assert.ok((await status('watched')).state?.running !== undefined));
  const watching = everynode.kubectl.watch<Pod>('pod', 'watched');
  await eventually('it is watched', async () => assert.ok(watching.events.length > 0));
  await everynode.kubectl.run(['delete', 'pod', 'watched']);
  await eventually('its end is seen', async () => assert.equal(watching.events.at(-1)?.type, 'DELETED'));
  watching.stop();
  const last = watching.events.at(-1)!.object.status;
  const { exitCode, message } = last?.containerStatuses?.[0]?.state?.terminated ?? {};
  assert.deepEqual([last?.phase, exitCode, message], ['Failed', 7, 'bye\n']);
}

async function probeGrace(world: World): Promise<void> {
  const { apply, status, everynode } = world;
  const command = shell('trap "" TERM; while true; do sleep 0.1; done');
  const probe = {
    exec: { command: ['false'] },
    periodSeconds: 1,
    failureThreshold: 1,
    terminationGracePeriodSeconds: 2,
  };
  const patient = { terminationGracePeriodSeconds: 3600 };
  await apply(
    podOf('impatient', { command, livenessProbe: probe }, patient),
    podOf('unstarted', { command, startupProbe: probe }, patient),
  );
  for (const name of ['impatient', 'unstarted'])
    await eventually(`${name} is restarted`, async () => assert.ok((await status(name)).restartCount > 0));
  assert.equal((await status('impatient')).lastState?.terminated?.exitCode, 137);
  await everynode.kubectl.run(['delete', 'pods', 'impatient', 'unstarted', '--grace-period=1']);
}

async function failedHook(world: World): Promise<void> {
  const { apply, status, events, host } = world;
  const ends = join(host, 'hooked');
  writeFileSync(ends, '');
  await apply(
    podOf(
      'hooked',
      {
        command: shell(forEver),
        lifecycle: {
          postStart: { exec: { command: shell('echo geheim; exit 1') } },
          preStop: { exec: { command: shell('echo stopping >> /host/hooked') } },
        },
        volumeMounts,
      },
      volumesOf(world),
    ),
  );
  await eventually('it is restarted', async () => assert.ok((await status('hooked')).restartCount > 0));
  assert.match(readFileSync(ends, 'utf8'), /^stopping\n/);
  const told = (await events('hooked')).join('\n');
  assert.match(told, /^FailedPostStartHook: PostStartHook failed$/m);
  assert.match(told, /^Killing: FailedPostStartHook$/m);
  assert.doesNotMatch(told, /geheim/);
}

async function hooks(world: World): Promise<void> {
  const { apply, events, everynode, host, status } = world;
  const web = {
    name: 'web',
    image: toolsImage,
    restartPolicy: 'Always',
    command: shell('exec httpd -f -p 8080 -h /bin'),
    startupProbe: { tcpSocket: { port: 8080 }, periodSeconds: 1 },
  };
  const get = (path: string) => ({ httpGet: { port: 8080, path } });
  const slow = { ...volumesOf(world), initContainers: [web], terminationGracePeriodSeconds: 3 };
  await apply(
    podOf(
      'asks',
      {
        command: shell(`trap 'echo term >> /host/asks; exit 0' TERM; while true; do sleep 0.1; done`),
        lifecycle: { postStart: get('/busybox'), preStop: { sleep: { seconds: 3 } } },
        volumeMounts,
      },
      slow,
    ),
    podOf(
      'asks-in-vain',
      { command: shell(forEver), lifecycle: { postStart: get('/none') } },
      { initContainers: [web] },
    ),
  );
  await eventually('one runs, the other does not', async () => {
    assert.ok((await status('asks')).state?.running !== undefined);
    assert.match((await events('asks-in-vain')).join('\n'), /^FailedPostStartHook: PostStartHook failed$/m);
  });
  const began = performance.now();
  await everynode.kubectl.run(['delete', 'pod', 'asks']);
  assert.ok(performance.now() - began > 2_500, 'the hook had the grace period');
  assert.equal(readFileSync(join(host, 'asks'), 'utf8'), 'term\n', 'and the container its TERM');
  assert.doesNotMatch((await events('asks')).join('\n'), /Failed/);
  await everynode.kubectl.run(['delete', 'pod', 'asks-in-vain', 'hooked']);
}

async function lostSandbox(world: World): Promise<void> {
  const { apply, pod, status, events, everynode } = world;
  await apply(podOf('lonely', { command: shell(forEver) }));
  await isRunning(world, 'lonely');
  const [first, { metadata, status: was }] = [await status('lonely'), await pod('lonely')];
  const pids = containerd.tasksOf(metadata.uid);
  const main = pids.get(first.containerID!.replace('containerd://', ''))!;
  const pause = [...pids.values()].find((pid) => pid !== main)!;
  process.kill(pause, 'SIGKILL');
  const again = await eventually('it runs again, once', async () => {
    const found = await status('lonely');
    assert.deepEqual([found.restartCount, found.state?.running !== undefined], [1, true]);
    return found;
  });
  assert.equal(again.lastState?.terminated?.containerID, first.containerID);
  assert.notEqual((await pod('lonely')).status?.podIP, was?.podIP);
  const now = [...containerd.tasksOf(metadata.uid).values()];
  assert.equal(now.length, 2);
  assert.ok(!now.includes(main));
  const told = await events('lonely');
  assert.ok(told.includes('SandboxChanged: Pod sandbox changed, it will be killed and re-created.'), told.join('\n'));
  await everynode.kubectl.run(['delete', 'pod', 'lonely']);
  assert.equal(containerd.tasksOf(metadata.uid).size, 0);
}

async function messages(t: TestContext, first: World): Promise<void> {
  const crash = 'n=$(cat /host/n); echo $((n + 1)) > /host/n; echo end of $n > /dev/termination-log';
  writeFileSync(join(first.host, 'n'), '0\n');
  await first.apply(
    podOf('says', { command: shell(`${crash}; [ $n = 0 ] && exit 3; ${forEver}`), volumeMounts }, volumesOf(first)),
    podOf('logs', {
      command: shell('echo no good; exit 4'),
      terminationMessagePolicy: 'FallbackToLogsOnError',
    }),
  );
  const lastOf = async ({ status }: World, name: string) => (await status(name)).lastState?.terminated?.message;
  await eventually('each said why', async () => {
    assert.equal(await lastOf(first, 'says'), 'end of 0\n');
    assert.equal(await lastOf(first, 'logs'), 'no good\n');
  });
  await isRunning(first, 'says');
  await first.everynode.stop('SIGKILL');
  const second = await startWorld(t, containerd, { dataDir: first.dataDir });
  await second.everynode.kubectl.run(['annotate', 'pod', 'says', 'look=again']);
  // The agent has looked: what it says now is its own.
  await second.everynode.kubectl.run(['exec', 'says', '--', 'true']);
  assert.equal(await lastOf(second, 'says'), 'end of 0\n');
  assert.equal((await second.status('says')).restartCount, 1);
}
