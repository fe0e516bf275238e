// The daemons of examples/ that work on the host itself: what they did there, looked at from there.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, networkInterfaces } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { freePorts } from '../../src/store/etcd/etcd-server.test-support.ts';
import { eventually } from '../e2e/support/eventually.ts';
import { type Everynode, up } from '../e2e/support/everynode.ts';
import type { TestContext } from 'node:test';
import {
  type Containerd,
  filesOfProgram,
  mountsBelow,
  needsContainerd,
  startContainerd,
} from './support/containerd.ts';

const namespace = 'kube-system';
const example = (name: string) => join(import.meta.dirname, '..', '..', 'examples', `${name}.yaml`);
const storage = '/var/lib/everynode-examples/storage';
/** Its own: somebody may have tried the example on this machine. */
const bridge = `ev-demo-${process.pid}`;
let containerd: Containerd;

before(async () => {
  if (needsContainerd.skip === undefined) containerd = await startContainerd();
});
after(async () => {
  if (needsContainerd.skip !== undefined) return;
  await containerd.close();
  clearStorage();
  if (networkInterfaces()[bridge] !== undefined) execFileSync('ip', ['link', 'delete', bridge]);
});

/** Also what a test that was killed has left, were it mounted more than once. */
function clearStorage(): void {
  const mounted = () => mountsBelow(dirname(storage)).filter((point) => `${point}/`.startsWith(`${storage}/`));
  for (let [point] = mounted(); point !== undefined; [point] = mounted()) execFileSync('umount', ['--lazy', point]);
  rmSync(storage, { recursive: true, force: true });
}

/** The example with one name replaced by another; where that is. */
function exampleWith(name: string, usual: string, other: string): string {
  const text = readFileSync(example(name), 'utf8');
  assert.ok(text.includes(usual), `${name} has ${usual}`);
  const manifest = join(containerd.directory, `${name}.yaml`);
  writeFileSync(manifest, text.replaceAll(usual, other));
  return manifest;
}

async function run(t: TestContext, name: string, manifest = example(name)): Promise<Everynode> {
  const cluster = await up(t, { memory: true, nodes: 0, args: [...containerd.upArguments, '--apply', manifest] });
  await cluster.kubectl.run(['-n', namespace, 'rollout', 'status', `daemonset/${name}`, '--timeout=120s']);
  return cluster;
}

async function remove({ kubectl }: Everynode, name: string): Promise<void> {
  await kubectl.run(['-n', namespace, 'delete', 'daemonset', name]);
  await eventually('its containers are gone', async () => assert.equal(containerd.tasks().size, 0));
}

test('a network agent sets up the network of the host, and takes away what it made', needsContainerd, async (t) => {
  const cluster = await run(t, 'network-agent', exampleWith('network-agent', 'everynode-demo', bridge));
  assert.equal(networkInterfaces()[bridge]?.[0]?.address, '198.51.100.1');
  // Somebody else takes the address away: the agent puts it back.
  execFileSync('ip', ['address', 'delete', '198.51.100.1/32', 'dev', bridge]);
  await eventually('it is put back', async () =>
    assert.equal(networkInterfaces()[bridge]?.[0]?.address, '198.51.100.1'),
  );
  await remove(cluster, 'network-agent');
  assert.equal(networkInterfaces()[bridge], undefined);
});

test('what a storage agent mounts appears on the host, and goes with it', needsContainerd, async (t) => {
  clearStorage();
  mkdirSync(storage, { recursive: true });
  // As / is where systemd runs; a container's root often is not. Shared with / itself it would tell of each mount twice.
  execFileSync('mount', ['--bind', storage, storage]);
  execFileSync('mount', ['--make-private', storage]);
  execFileSync('mount', ['--make-shared', storage]);
  const cluster = await run(t, 'storage-agent');
  assert.deepEqual(mountsBelow(storage), [`${storage}/volume-1`]);
  assert.match(readFileSync(join(storage, 'volume-1', 'README'), 'utf8'), /^mounted by storage-agent-/);
  await remove(cluster, 'storage-agent');
  assert.deepEqual(mountsBelow(storage), []);
});

test('a metrics agent sees the host, as nobody in particular', needsContainerd, async (t) => {
  const exporter = '/usr/bin/prometheus-node-exporter';
  containerd.importImage({ tag: 'localhost/node-exporter:1', files: filesOfProgram(exporter), command: [exporter] });
  // Its usual port may be taken: by the machine's own exporter.
  const [port] = await freePorts(1);
  const cluster = await run(t, 'metrics-agent', exampleWith('metrics-agent', '9100', String(port)));
  const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  assert.match(metrics, new RegExp(`^node_uname_info\\{.*nodename="${hostname()}"`, 'm'));
  const total = /MemTotal:\s+(\d+) kB/.exec(readFileSync('/proc/meminfo', 'utf8'))![1]!;
  const seen = /^node_memory_MemTotal_bytes (\S+)$/m.exec(metrics)![1]!;
  assert.equal(Number(seen), Number(total) * 1024);
  const [pid] = [...containerd.tasks().values()].filter((task) =>
    readFileSync(`/proc/${task}/comm`, 'utf8').startsWith('prometheus-node'),
  );
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  assert.match(status, /^Uid:\s+65534\b/m);
  assert.match(status, /^CapEff:\s+0+$/m);
  assert.match(status, /^NoNewPrivs:\s+1$/m);
  await remove(cluster, 'metrics-agent');
});
