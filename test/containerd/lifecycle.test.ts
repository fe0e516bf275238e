// What becomes of pods in real containers: order, restarts, probes, hooks, ends, and what bad input gets. The words are
// a kubelet's; what happened is looked at on the host.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { after, before, type TestContext, test } from 'node:test';
import type { Pod, Stored } from '../../src/api/index.ts';
import { busyboxFiles } from '../../scripts/build-image.ts';
import { eventually } from '../e2e/support/eventually.ts';
import { everynode, up } from '../e2e/support/everynode.ts';
import { type Containerd, mountsBelow, needsContainerd, startContainerd, toolsImage } from './support/containerd.ts';
import { forEver, nodeName, podOf, shell, startWorld } from './support/world.ts';

let containerd: Containerd;
before(async () => {
  if (needsContainerd.skip === undefined) containerd = await startContainerd();
});
after(async () => {
  if (needsContainerd.skip === undefined) await containerd.close();
});

const world = (t: TestContext) => startWorld(t, containerd);

test(
  'init containers run in order, a sidecar before the main container; environment and files are what the spec says',
  needsContainerd,
  async (t) => {
    const { apply, pod, host, everynode } = await world(t);
    const write = (text: string) => shell(`echo ${text} >> /host/order`);
    const volumeMounts = [{ name: 'host', mountPath: '/host' }];
    await everynode.kubectl.run([
      'create',
      'configmap',
      'settings',
      '--from-literal=greeting=hello',
      '--from-literal=file=text',
    ]);
    await everynode.kubectl.run(['create', 'secret', 'generic', 'hidden', '--from-literal=word=geheim']);
    await apply(
      podOf(
        'order',
        {
          command: shell(
            `echo main >> /host/order; echo "$SENTENCE" > /host/env; cat /files/file /files/name > /host/files; cd /var/run/secrets/kubernetes.io/serviceaccount; cat namespace ca.crt token > /host/account; ${forEver}`,
          ),
          env: [
            { name: 'GREETING', valueFrom: { configMapKeyRef: { name: 'settings', key: 'greeting' } } },
            { name: 'NODE', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } },
            { name: 'WORD', valueFrom: { secretKeyRef: { name: 'hidden', key: 'word' } } },
            { name: 'SENTENCE', value: '$(GREETING) $(NODE) $(WORD) $(NOBODY) $$(GREETING)' },
          ],
          volumeMounts: [...volumeMounts, { name: 'files', mountPath: '/files' }],
        },
        {
          initContainers: [
            { name: 'one', image: toolsImage, command: write('one'), volumeMounts },
            {
              name: 'side',
              image: toolsImage,
              restartPolicy: 'Always',
              command: shell(`echo side >> /host/order; exec httpd -f -p 8080 -h /bin`),
              startupProbe: { tcpSocket: { port: 8080 }, periodSeconds: 1 },
              readinessProbe: { httpGet: { port: 'web', path: '/busybox' }, periodSeconds: 1 },
              ports: [{ name: 'web', containerPort: 8080 }],
              volumeMounts,
            },
            { name: 'two', image: toolsImage, command: write('two'), volumeMounts },
          ],
          volumes: [
            { name: 'host', hostPath: { path: host } },
            {
              name: 'files',
              projected: {
                sources: [
                  { configMap: { name: 'settings', items: [{ key: 'file', path: 'file' }] } },
                  { downwardAPI: { items: [{ path: 'name', fieldRef: { fieldPath: 'metadata.name' } }] } },
                  { serviceAccountToken: { path: 'token' } },
                ],
              },
            },
          ],
        },
      ),
    );
    const running = await eventually('all of it is ready', async () => {
      const found = await pod('order');
      assert.equal(found.status?.conditions?.find(({ type }) => type === 'Ready')?.status, 'True');
      return found;
    });
    assert.equal(readFileSync(join(host, 'order'), 'utf8'), 'one\nside\ntwo\nmain\n');
    assert.equal(readFileSync(join(host, 'env'), 'utf8'), `hello ${nodeName} geheim $(NOBODY) $(GREETING)\n`);
    assert.equal(readFileSync(join(host, 'files'), 'utf8'), 'textorder');
    // Who it is, for clients that look where a pod of any cluster looks, though its manifest says nothing of it.
    assert.match(
      readFileSync(join(host, 'account'), 'utf8'),
      /^default-----BEGIN CERTIFICATE-----[\s\S]+-----END CERTIFICATE-----\s*[\w-]+\.[\w-]+\.[\w-]+$/,
    );
    assert.equal(await answers(running.status!.podIP!, 8080), 200, 'the host reaches the pod at its address');

    await everynode.kubectl.run(['patch', 'configmap', 'settings', '-p', '{"data":{"file":"other"}}']);
    const volumes = join(containerd.nodeDirectory, 'pods', running.metadata.uid, 'volumes');
    const file = join(volumes, 'kubernetes.io~projected', 'files', 'file');
    await eventually('the file follows its ConfigMap', async () => assert.equal(readFileSync(file, 'utf8'), 'other'));
    assert.equal((await pod('order')).status?.containerStatuses?.[0]?.restartCount, 0);
  },
);

test('a pod is reached at once, though its address was just that of another', needsContainerd, async (t) => {
  const { apply, pod, everynode } = await world(t);
  const asksItself = { exec: { command: shell('wget -q -O /dev/null http://127.0.0.1:8080/busybox') } };
  const server = (name: string) =>
    podOf(name, {
      command: shell('exec httpd -f -p 8080 -h /bin'),
      readinessProbe: { ...asksItself, periodSeconds: 1 },
    });
  const addressOf = (name: string) =>
    eventually(`${name} is ready`, async () => {
      const { status } = await pod(name);
      assert.ok(status?.containerStatuses?.[0]?.ready);
      return status.podIP!;
    });
  await apply(server('first'));
  const address = await addressOf('first');
  assert.equal(await answers(address, 8080), 200);
  await everynode.kubectl.run(['delete', 'pod', 'first', '--now']);
  const addresses = '/var/lib/cni/networks/everynode';
  await eventually('it is free', async () => assert.ok(!existsSync(join(addresses, address))));
  // They go round; whoever comes next gets the one after this.
  writeFileSync(join(addresses, 'last_reserved_ip.0'), oneBefore(address));
  await apply(server('second'));
  assert.equal(await addressOf('second'), address);
  assert.equal(await answers(address, 8080), 200);
});

function oneBefore(address: string): string {
  return address.replace(/\d+$/, (last) => String(Number(last) - 1));
}

function answers(host: string, port: number): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const asked = request({ host, port, path: '/busybox', timeout: 3_000 }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    asked
      .once('timeout', () => asked.destroy(new Error(`no answer from ${host}:${port} in 3 s`)))
      .once('error', reject)
      .end();
  });
}

test(
  'a container that fails its liveness probe is killed and started again; hooks run; TERM comes before KILL',
  needsContainerd,
  async (t) => {
    const { apply, status, events, host, everynode } = await world(t);
    writeFileSync(join(host, 'healthy'), '');
    await apply(
      podOf(
        'alive',
        {
          command: shell(`trap 'echo term >> /host/ends; exit 0' TERM; while true; do sleep 0.1; done`),
          livenessProbe: {
            exec: { command: ['test', '-e', '/host/healthy'] },
            periodSeconds: 1,
            timeoutSeconds: 10,
            failureThreshold: 2,
          },
          lifecycle: {
            postStart: { exec: { command: shell('echo started >> /host/ends') } },
            // It is well again before it is started again, so that this happens once.
            preStop: { exec: { command: shell('echo stopping >> /host/ends; touch /host/healthy') } },
          },
          volumeMounts: [{ name: 'host', mountPath: '/host' }],
        },
        { volumes: [{ name: 'host', hostPath: { path: host, type: 'Directory' } }] },
      ),
      podOf('deaf', { command: shell('trap "" TERM; while true; do sleep 0.1; done') }),
    );
    await eventually('both run', async () => {
      assert.ok((await status('alive')).state?.running !== undefined);
      assert.ok((await status('deaf')).state?.running !== undefined);
    });
    rmSync(join(host, 'healthy'));
    await eventually('it was restarted', async () => assert.equal((await status('alive')).restartCount, 1));
    const ends = readFileSync(join(host, 'ends'), 'utf8').split('\n');
    assert.equal(ends.slice(0, 3).join(' '), 'started stopping term');
    const told = await events('alive');
    assert.ok(told.includes('Killing: Container main failed liveness probe, will be restarted'), told.join('\n'));

    const began = performance.now();
    await everynode.kubectl.run(['delete', 'pod', 'deaf']);
    assert.ok(performance.now() - began > 1_500, 'it had its grace period');
    await everynode.kubectl.run(['delete', 'pod', 'alive']);
    await eventually('nothing runs any more', async () => assert.equal(containerd.tasks().size, 0));
  },
);

test(
  'what cannot run says so in the words of a kubelet, holds nobody else up, and runs when its cause goes',
  needsContainerd,
  async (t) => {
    const { apply, pod, status, events, host, everynode } = await world(t);
    await apply(
      podOf('no-image', { image: 'localhost/nobody:1', imagePullPolicy: 'Never', command: shell(forEver) }),
      podOf('no-pull', { image: 'localhost/unpulled:1', command: shell(forEver) }),
      podOf('no-config', { command: shell(forEver), envFrom: [{ configMapRef: { name: 'late' } }] }),
      podOf(
        'no-directory',
        { command: shell(forEver), volumeMounts: [{ name: 'v', mountPath: '/v' }] },
        { volumes: [{ name: 'v', hostPath: { path: join(host, 'late'), type: 'Directory' } }] },
      ),
      podOf('no-command', { command: ['/no/such/command'] }),
      podOf('too-big', { command: shell(forEver), resources: { requests: { cpu: '1k' } } }),
      podOf('crash', { command: shell('echo because > /dev/termination-log; exit 3') }),
      podOf(
        'greedy',
        { command: shell('head -c 200m /dev/zero | tail'), resources: { limits: { memory: '16Mi' } } },
        { restartPolicy: 'Never' },
      ),
      podOf(
        'greedy-init',
        { command: shell(forEver) },
        {
          initContainers: [
            {
              name: 'init',
              image: toolsImage,
              command: shell('head -c 200m /dev/zero | tail'),
              resources: { limits: { memory: '16Mi' } },
            },
          ],
        },
      ),
      podOf('done', { command: ['true'] }, { restartPolicy: 'OnFailure' }),
      podOf('late', { command: shell(forEver) }),
      podOf('good', { command: shell(forEver) }),
    );
    // How long it takes to start is the machine's, so its deadline comes when it runs.
    await eventually('it runs', async () => assert.ok((await status('late')).state?.running !== undefined));
    await everynode.kubectl.run(['patch', 'pod', 'late', '-p', '{"spec":{"activeDeadlineSeconds":1}}']);
    await eventually('each says what is wrong', async () => {
      assert.equal((await status('no-image')).state?.waiting?.reason, 'ErrImageNeverPull');
      const unpulled = (await status('no-pull')).state?.waiting;
      assert.equal(unpulled?.reason, 'ImagePullBackOff');
      assert.match(unpulled.message ?? '', /^Back-off pulling image "localhost\/unpulled:1": ErrImagePull: /);
      assert.deepEqual((await status('no-config')).state?.waiting, {
        reason: 'CreateContainerConfigError',
        message: 'configmap "late" not found',
      });
      assert.ok(
        (await events('no-directory')).some((event) =>
          event.endsWith(`hostPath type check failed: ${host}/late is not a directory`),
        ),
      );
      assert.equal((await status('no-command')).lastState?.terminated?.reason, 'StartError');
      const tooBig = await pod('too-big');
      assert.deepEqual([tooBig.status?.phase, tooBig.status?.reason], ['Failed', 'OutOfcpu']);
      const crash = await status('crash');
      assert.equal(crash.state?.waiting?.reason, 'CrashLoopBackOff');
      assert.deepEqual([crash.lastState?.terminated?.exitCode, crash.lastState?.terminated?.message], [3, 'because\n']);
      const greedy = await pod('greedy');
      assert.equal(greedy.status?.phase, 'Failed');
      assert.equal(greedy.status?.containerStatuses?.[0]?.state?.terminated?.reason, 'OOMKilled');
      const [init] = (await pod('greedy-init')).status?.initContainerStatuses ?? [];
      assert.equal(init?.state?.waiting?.reason, 'CrashLoopBackOff');
      const { reason, exitCode } = init.lastState?.terminated ?? {};
      assert.deepEqual([reason, exitCode], ['OOMKilled', 137]);
      assert.equal((await pod('done')).status?.phase, 'Succeeded');
      const late = await pod('late');
      assert.deepEqual([late.status?.phase, late.status?.reason], ['Failed', 'DeadlineExceeded']);
      assert.equal(late.status?.containerStatuses?.[0]?.state?.terminated?.exitCode, 0);
      assert.ok((await status('good')).state?.running !== undefined);
    });
    await everynode.kubectl.run(['create', 'configmap', 'late', '--from-literal=a=b']);
    mkdirSync(join(host, 'late'));
    for (const tag of ['localhost/nobody:1', 'localhost/unpulled:1'])
      containerd.importImage({ tag, files: busyboxFiles('/bin/busybox'), command: ['/bin/sh'] });
    await eventually('they run', async () => {
      assert.ok((await status('no-image')).state?.running !== undefined);
      assert.ok((await status('no-pull')).state?.running !== undefined);
      assert.ok((await status('no-config')).state?.running !== undefined);
      assert.ok((await status('no-directory')).state?.running !== undefined);
    });
    await everynode.kubectl.run(['delete', 'pods', '--all']);
    assert.equal(containerd.tasks().size, 0);
  },
);

test(
  'a dead containerd makes the node not ready and no pod fail; when it is back, so is the node, and nothing was restarted',
  needsContainerd,
  async (t) => {
    const { apply, status, everynode } = await world(t);
    await apply(podOf('steady', { command: shell(forEver) }));
    const before = await eventually('it runs', async () => {
      const found = await status('steady');
      assert.ok(found.state?.running !== undefined);
      return found;
    });
    const ready = async () => {
      const node = await everynode.kubectl.get<Stored<Pod>>('node', nodeName);
      return node.status?.conditions?.find(({ type }) => type === 'Ready');
    };
    await containerd.kill();
    await eventually('the node says that its runtime is down', async () => {
      const condition = await ready();
      assert.equal(condition?.status, 'False');
      assert.match(condition.message ?? '', /container runtime is down/);
    });
    await containerd.start();
    await eventually('the node is ready', async () => assert.equal((await ready())?.status, 'True'));
    const again = await status('steady');
    assert.deepEqual([again.containerID, again.restartCount], [before.containerID, 0]);
    assert.ok(existsSync(`/proc/${[...containerd.tasks().values()][0]}`));
  },
);

test('pods of a cluster that is gone are cleared away by the next one on this machine', needsContainerd, async (t) => {
  assert.equal(containerd.tasks().size, 2, 'the test before left a pod');
  const [uid] = readdirSync(join(containerd.nodeDirectory, 'pods'));
  // Of a pod that was cleared away as far as the runtime goes, when its agent was killed.
  const half = join(containerd.nodeDirectory, 'pods', 'b8ee7f6e-0000-4000-8000-000000000000');
  mkdirSync(join(half, 'volumes'), { recursive: true });
  await world(t);
  await eventually('nothing runs any more', async () => assert.equal(containerd.tasks().size, 0));
  await eventually('nothing lies around', async () =>
    assert.deepEqual(readdirSync(join(containerd.nodeDirectory, 'pods')), []),
  );
  assert.ok(!existsSync(`/var/log/pods/default_steady_${uid}`), 'its logs went before');
});

test(
  'a second everynode on this machine is refused, and does not touch what the first one runs',
  needsContainerd,
  async (t) => {
    const { apply, status } = await world(t);
    await apply(podOf('mine', { command: shell(forEver) }));
    await eventually('it runs', async () => assert.ok((await status('mine')).state?.running !== undefined));
    const second = await everynode(['up', '--memory', '--port', '0', ...containerd.upArguments]);
    assert.equal(second.code, 2);
    assert.match(second.stderr, /another everynode runs containers with .*containerd\.sock as node .*: stop it first/);
    assert.equal(containerd.tasks().size, 2);
  },
);

test('pods of a cluster in memory end with it', needsContainerd, async (t) => {
  const first = await up(t, { memory: true, nodes: 0, args: containerd.upArguments });
  const pod = podOf(
    'brief',
    { command: shell(forEver), volumeMounts: [{ name: 'm', mountPath: '/m' }] },
    { volumes: [{ name: 'm', emptyDir: { medium: 'Memory' } }] },
  );
  await first.kubectl.run(['apply', '-f', '-'], JSON.stringify(pod));
  await first.kubectl.run(['wait', '--for=condition=Ready', 'pod/brief', '--timeout=60s']);
  assert.notEqual(containerd.tasks().size, 0);
  assert.equal((await first.stop('SIGINT')).code, 0);
  assert.equal(containerd.tasks().size, 0);
  assert.deepEqual(mountsBelow(containerd.nodeDirectory), []);
});
