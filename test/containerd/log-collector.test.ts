// The seed's daemon for real: a container reads the host's logs. Looked at from the host, not by its pod's phase alone.
import assert from 'node:assert/strict';
import { appendFileSync, existsSync, readFileSync, rmSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { DaemonSet, KubernetesList, Node, Pod, Stored } from '../../src/api/index.ts';
import { eventually } from '../e2e/support/eventually.ts';
import { up } from '../e2e/support/everynode.ts';
import type { Kubectl } from '../e2e/support/kubectl.ts';
import { type Containerd, mountsBelow, needsContainerd, startContainerd } from './support/containerd.ts';

const example = join(import.meta.dirname, '..', '..', 'examples', 'log-collector.yaml');
const outputDirectory = '/var/lib/everynode-examples/log-collector';
const collected = join(outputDirectory, 'collected.log');
const node = hostname().toLowerCase();
const hostLog = `/var/log/everynode-test-${process.pid}.log`;
const namespace = 'kube-system';

let containerd: Containerd;
before(async () => {
  if (needsContainerd.skip === undefined) containerd = await startContainerd();
});
after(async () => {
  if (needsContainerd.skip !== undefined) return;
  await containerd.close();
  rmSync(hostLog, { force: true });
  rmSync(outputDirectory, { recursive: true, force: true });
});

const cluster = () => ({
  nodes: 0,
  dataDir: join(containerd.directory, 'data'),
  args: [...containerd.upArguments, '--apply', example],
});

async function collectorPod(kubectl: Kubectl): Promise<Stored<Pod>> {
  const { items } = await kubectl.get<KubernetesList<Stored<Pod>>>('-n', namespace, 'pods', '-l', 'name=log-collector');
  assert.equal(items.length, 1);
  return items[0]!;
}

function readyPod(kubectl: Kubectl): Promise<Stored<Pod>> {
  return eventually('the collector is ready', async () => {
    const pod = await collectorPod(kubectl);
    assert.equal(pod.status?.conditions?.find(({ type }) => type === 'Ready')?.status, 'True');
    return pod;
  });
}

function collects(line: string): Promise<void> {
  return eventually('the line of the host is collected', async () => {
    assert.match(readFileSync(collected, 'utf8'), new RegExp(`^${node} ${hostLog}: ${line}$`, 'm'));
  });
}

test(
  'a log collector reads the log of the host, lives on when everynode is killed, and leaves nothing when it is deleted',
  needsContainerd,
  async (t) => {
    rmSync(outputDirectory, { recursive: true, force: true });
    const first = await up(t, cluster());
    const pod = await readyPod(first.kubectl);
    // The status is written a few times a second, so it may follow the pod's.
    await eventually('the status counts the pod', async () => {
      const { status } = await first.kubectl.get<Stored<DaemonSet>>('-n', namespace, 'daemonset', 'log-collector');
      assert.deepEqual([status?.desiredNumberScheduled, status?.numberReady], [1, 1]);
    });
    const machine = await first.kubectl.get<Stored<Node>>('node', node);
    assert.match(String(machine.status?.nodeInfo?.['containerRuntimeVersion']), /^containerd:\/\/\d/);

    appendFileSync(hostLog, 'one\n');
    await collects('one');

    const running = containerd.tasks();
    await first.stop('SIGKILL');
    appendFileSync(hostLog, 'while nobody looks\n');
    await collects('while nobody looks');

    const second = await up(t, cluster());
    const adopted = await readyPod(second.kubectl);
    assert.equal(adopted.metadata.uid, pod.metadata.uid);
    assert.deepEqual(
      adopted.status?.containerStatuses?.[0]?.containerID,
      pod.status?.containerStatuses?.[0]?.containerID,
    );
    assert.equal(adopted.status?.containerStatuses?.[0]?.restartCount, 0);
    assert.deepEqual(containerd.tasks(), running, 'the same processes run');

    const logs = `/var/log/pods/${namespace}_${pod.metadata.name}_${pod.metadata.uid}`;
    assert.match(readFileSync(join(logs, 'collector', '0.log'), 'utf8'), new RegExp(`stdout F collecting on ${node}`));
    await second.kubectl.run(['-n', namespace, 'delete', 'daemonset', 'log-collector']);
    await eventually('nothing is left', async () => {
      assert.equal(containerd.tasks().size, 0);
      assert.equal(existsSync(logs), false);
      assert.deepEqual(mountsBelow(containerd.nodeDirectory), []);
      const { items } = await second.kubectl.get<KubernetesList<Pod>>('-n', namespace, 'pods');
      assert.deepEqual(items, []);
    });
  },
);
