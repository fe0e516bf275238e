// The daemons of examples/ that work on the host itself: what they did there, looked at from there.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { hostname, networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
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
const bridge = 'everynode-demo';
let containerd: Containerd;

before(async () => {
  if (needsContainerd.skip === undefined) containerd = await startContainerd();
});
after(async () => {
  if (needsContainerd.skip !== undefined) return;
  await containerd.close();
  for (const point of [...mountsBelow(storage), storage])
    execFileSync('umount', ['--quiet', '--lazy', point], { stdio: 'ignore' });
  rmSync(storage, { recursive: true, force: true });
});

async function run(t: TestContext, name: string): Promise<Everynode> {
  const cluster = await up(t, { memory: true, nodes: 0, args: [...containerd.upArguments, '--apply', example(name)] });
  await cluster.kubectl.run(['-n', namespace, 'rollout', 'status', `daemonset/${name}`, '--timeout=60s']);
  return cluster;
}

async function remove({ kubectl }: Everynode, name: string): Promise<void> {
  await kubectl.run(['-n', namespace, 'delete', 'daemonset', name]);
  await eventually('its containers are gone', async () => assert.equal(containerd.tasks().size, 0));
}

test('a network agent sets up the network of the host, and takes away what it made', needsContainerd, async (t) => {
  const cluster = await run(t, 'network-agent');
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
  mkdirSync(storage, { recursive: true });
  // As / is where systemd runs; a container's root often is not.
  execFileSync('mount', ['--bind', storage, storage]);
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
  const cluster = await run(t, 'metrics-agent');
  const metrics = await (await fetch('http://127.0.0.1:9100/metrics')).text();
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
