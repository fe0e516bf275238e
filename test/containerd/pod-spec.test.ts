// What a pod's spec asks of the machine, and bad input, with real parts at the other end: a registry that wants a
// password, a gRPC server, the kernel's seccomp, a disk that is full.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type Node, parseQuantity, type Stored } from '../../src/api/index.ts';
import { busyboxFiles } from '../../scripts/build-image.ts';
import { freePorts } from '../../src/store/etcd/etcd-server.test-support.ts';
import { eventually } from '../e2e/support/eventually.ts';
import { type Containerd, filesOfProgram, needsContainerd, startContainerd } from './support/containerd.ts';
import { startRegistry } from './support/registry.ts';
import { forEver, nodeName, podOf, shell, startWorld } from './support/world.ts';

const mebibyte = 1024 * 1024;
const etcdImage = 'localhost/etcd:1';
let containerd: Containerd;
before(async () => {
  if (needsContainerd.skip !== undefined) return;
  containerd = await startContainerd();
  // A disk of its own for volumes of pods, which the tests can fill.
  mkdirSync(containerd.nodeDirectory);
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64m', 'tmpfs', containerd.nodeDirectory]);
});
after(async () => {
  if (needsContainerd.skip === undefined) await containerd.close();
});

const named = (name: string) => ({ name });

test('a pod gets of the machine what its spec asks for, and says what it cannot get', needsContainerd, async (t) => {
  const { apply, pod, status, events, everynode } = await startWorld(t, containerd);
  const files = busyboxFiles('/bin/busybox');
  const registry = await startRegistry(t, { tag: 'any:1', files, command: shell(forEver) });
  const privateImage = `${registry.host}/team/tools:1`;
  const login = (name: string, user: string, password: string) =>
    everynode.kubectl.run(
      `create secret docker-registry ${name} --docker-server=${registry.host}`
        .split(' ')
        .concat(`--docker-username=${user}`, `--docker-password=${password}`),
    );
  await login('stale', registry.user, 'long ago');
  await login('pull', registry.user, registry.password);
  const runtimeClass = { apiVersion: 'node.k8s.io/v1', kind: 'RuntimeClass', metadata: { name: 'nobody' } };
  await everynode.kubectl.run(['create', '-f', '-'], JSON.stringify({ ...runtimeClass, handler: 'nobody' }));
  containerd.importImage({ tag: etcdImage, files: filesOfProgram('/usr/bin/etcd'), command: ['/usr/bin/etcd'] });
  const [hostPort, etcdPort, peerPort] = await freePorts(3, '0.0.0.0');
  const clients = `--listen-client-urls=http://0.0.0.0:${etcdPort} --advertise-client-urls=http://127.0.0.1:${etcdPort}`;
  const etcd = `etcd --data-dir=/data ${clients} --listen-peer-urls=http://127.0.0.1:${peerPort}`.split(' ');
  const grpc = (service: string) => ({ grpc: { port: etcdPort!, service }, periodSeconds: 1 });

  await apply(
    podOf('with-password', { image: privateImage }, { imagePullSecrets: ['stale', 'nobody', 'pull'].map(named) }),
    // What the other has pulled must not do for it.
    podOf('without', { image: privateImage, imagePullPolicy: 'Always' }),
    podOf('port', {
      command: shell('exec httpd -f -p 80 -h /bin'),
      ports: [{ containerPort: 80, hostPort: hostPort! }],
    }),
    podOf('filtered', { command: shell(forEver), securityContext: { seccompProfile: { type: 'RuntimeDefault' } } }),
    podOf('unfiltered', { command: shell(forEver) }),
    podOf('grpc', { image: etcdImage, command: etcd, readinessProbe: grpc('') }, { hostNetwork: true }),
    podOf('grpc-nobody', { command: shell(forEver), readinessProbe: grpc('nobody') }, { hostNetwork: true }),
    podOf('too-big', { command: shell(forEver), resources: { requests: { memory: '100Ti' } } }),
    podOf('odd', { command: shell(forEver) }, { runtimeClassName: 'nobody' }),
  );
  await eventually('each is what it can be', async () => {
    for (const name of ['with-password', 'port', 'filtered', 'unfiltered', 'grpc'])
      assert.ok((await status(name)).ready, name);
    assert.match((await status('without')).state?.waiting?.reason ?? '', /^(ErrImagePull|ImagePullBackOff)$/);
    const tooBig = (await pod('too-big')).status;
    assert.deepEqual([tooBig?.phase, tooBig?.reason], ['Failed', 'OutOfmemory']);
    assert.match((await events('odd')).join('\n'), /FailedCreatePodSandBox: .*no runtime for "nobody" is configured/);
    assert.match((await events('grpc-nobody')).join('\n'), /Unhealthy: Readiness probe failed: .*unknown service/);
  });
  assert.match((await status('without')).state?.waiting?.message ?? '', /401 Unauthorized|authorization failed/);
  const pulls = (await events('with-password')).join('\n');
  assert.match(
    pulls,
    /^FailedToRetrieveImagePullSecret: .*\(nobody\); attempting to pull the image may not succeed\.$/m,
  );
  assert.match(
    pulls,
    /^Pulled: Successfully pulled image ".*" in [\d.]+m?s \(.* including waiting\)\. Image size: \d+ bytes\.$/m,
  );
  await eventually('its waiting is told', async () =>
    assert.match((await events('without')).join('\n'), /^BackOff: Back-off pulling image ".*"$/m),
  );
  assert.equal((await status('grpc-nobody')).ready, false);
  assert.equal((await pod('odd')).status?.phase, 'Pending');

  const answer = await fetch(`http://${(await pod('port')).status?.hostIP}:${hostPort}/busybox`);
  assert.deepEqual(Buffer.from(await answer.arrayBuffer()), readFileSync('/bin/busybox'));

  const seccomp = async (name: string) => {
    const id = (await status(name)).containerID!.replace('containerd://', '');
    return /^Seccomp:\s+(\d)$/m.exec(readFileSync(`/proc/${containerd.tasks().get(id)}/status`, 'utf8'))?.[1];
  };
  // 2: a filter; 0: none.
  assert.deepEqual([await seccomp('filtered'), await seccomp('unfiltered')], ['2', '0']);
  // It has no sandbox, which is what containerd is asked for in the end, and yet a directory for logs.
  await everynode.kubectl.run(['delete', 'pod', 'odd', '--now']);
});

test('a full disk is a condition and a taint of the node, for as long as it is full', needsContainerd, async (t) => {
  const filler = join(containerd.nodeDirectory, 'filler');
  writeFileSync(filler, Buffer.alloc(60 * 1024 * 1024));
  const { everynode, events } = await startWorld(t, containerd);
  const pressure = async () => {
    const { status, spec } = await everynode.kubectl.get<Stored<Node>>('node', nodeName);
    const condition = status?.conditions?.find(({ type }) => type === 'DiskPressure');
    const tainted = spec?.taints?.some(({ key }) => key === 'node.kubernetes.io/disk-pressure') === true;
    return [condition?.status, condition?.reason, tainted];
  };
  await eventually('it is full', async () =>
    assert.deepEqual(await pressure(), ['True', 'KubeletHasDiskPressure', true]),
  );
  rmSync(filler);
  await eventually('it has room', async () =>
    assert.deepEqual(await pressure(), ['False', 'KubeletHasNoDiskPressure', false]),
  );
  const { status } = await everynode.kubectl.get<Stored<Node>>('node', nodeName);
  const memory = Number(/^MemTotal:\s+(\d+) kB$/m.exec(readFileSync('/proc/meminfo', 'utf8'))![1]) * 1024;
  const amounts = (of: Readonly<Record<string, string>> = {}) =>
    ['cpu', 'memory', 'ephemeral-storage'].map((name) => parseQuantity(of[name] ?? ''));
  const disk = 64 * mebibyte;
  assert.deepEqual(amounts(status?.capacity), [cpus().length, memory, disk]);
  const offered = [cpus().length, memory - 100 * mebibyte, Math.floor((disk * 0.9) / 1024) * 1024];
  assert.deepEqual(amounts(status?.allocatable), offered);
  const told = (await events(nodeName)).map((event) => event.split(':')[0]);
  for (const reason of ['Starting', 'NodeReady', 'NodeHasDiskPressure', 'NodeHasNoDiskPressure'])
    assert.ok(told.includes(reason), `${reason} in ${told.join(' ')}`);
});

test(
  'a pod that has more on disk than it may is evicted; of a full disk the one that has most, and nobody comes meanwhile',
  needsContainerd,
  async (t) => {
    const { apply, pod, status, events, everynode } = await startWorld(t, containerd);
    const write = (mebibytes: number) => shell(`dd if=/dev/zero of=/v/file bs=1M count=${mebibytes}; ${forEver}`);
    const writer = (name: string, mebibytes: number, emptyDir: object) =>
      podOf(
        name,
        { command: write(mebibytes), volumeMounts: [{ name: 'v', mountPath: '/v' }] },
        { volumes: [{ name: 'v', emptyDir }], terminationGracePeriodSeconds: 600 },
      );
    await apply(
      writer('modest', 1, { sizeLimit: '2Mi' }),
      writer('greedy', 3, { sizeLimit: '2Mi' }),
      podOf('chatty', {
        command: shell(`dd if=/dev/zero of=/file bs=1M count=3; ${forEver}`),
        resources: { limits: { 'ephemeral-storage': '2Mi' } },
      }),
    );
    const ended = async (name: string) => {
      const { phase, reason, message, conditions } = (await pod(name)).status ?? {};
      const disrupted = conditions?.some(({ type }) => type === 'DisruptionTarget') === true;
      return [phase, reason, message, disrupted];
    };
    await eventually('they are evicted', async () => {
      const over = 'Usage of EmptyDir volume "v" exceeds the limit "2Mi". ';
      assert.deepEqual(await ended('greedy'), ['Failed', 'Evicted', over, false]);
      const total = 'Pod ephemeral local storage usage exceeds the total limit of containers 2Mi. ';
      assert.deepEqual(await ended('chatty'), ['Failed', 'Evicted', total, false]);
    });
    const { uid } = (await pod('greedy')).metadata;
    assert.equal(containerd.tasksOf(uid).size, 0);
    assert.equal(existsSync(join(containerd.nodeDirectory, 'pods', uid, 'volumes')), false, 'its files are gone');
    assert.match((await events('greedy')).join('\n'), /^Evicted: Usage of EmptyDir/m);

    await apply(writer('filler', 58, {}));
    const isFull = async () => {
      const { status: told } = await everynode.kubectl.get<Stored<Node>>('node', nodeName);
      return told?.conditions?.find(({ type }) => type === 'DiskPressure')?.status === 'True';
    };
    await eventually('the disk is full', async () => assert.ok(await isFull()));
    await apply(podOf('newcomer', { command: shell(forEver) }));
    await eventually('nobody is taken in', async () => {
      const why = 'Pod was rejected: The node had condition: [DiskPressure]. ';
      assert.deepEqual(await ended('newcomer'), ['Failed', 'Evicted', why, false]);
    });
    await eventually('who has most has gone', async () => {
      const [phase, reason, message, disrupted] = await ended('filler');
      assert.deepEqual([phase, reason, disrupted], ['Failed', 'Evicted', true]);
      assert.match(String(message), /^The node was low on resource: ephemeral-storage\. /);
    });
    await eventually('the disk has room', async () => assert.ok(!(await isFull())));
    assert.deepEqual((await status('modest')).restartCount, 0);
    assert.ok((await status('modest')).state?.running !== undefined);
  },
);
