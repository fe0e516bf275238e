// `everynode node`: a second agent on the same machine and the same containerd. Each has its own pods and its own
// identity, and neither touches what is the other's.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { request as ask } from 'node:https';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import {
  type DaemonSet,
  isReason,
  type KubernetesList,
  type Node,
  type Pod,
  resources,
  type Stored,
} from '../../src/api/index.ts';
import { createHttpClient } from '../../src/client/index.ts';
import { eventually } from '../e2e/support/eventually.ts';
import { everynode } from '../e2e/support/everynode.ts';
import { type Containerd, needsContainerd, startContainerd, toolsImage } from './support/containerd.ts';
import { joinedNode } from './support/joined-node.ts';
import { forEver, nodeName, podOf, shell, startWorld } from './support/world.ts';

const second = 'second';
let containerd: Containerd;
before(async () => {
  if (needsContainerd.skip === undefined) containerd = await startContainerd();
});
after(async () => {
  if (needsContainerd.skip === undefined) await containerd.close();
});

function daemon(): DaemonSet {
  const labels = { app: 'daemon' };
  return {
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata: { name: 'daemon', namespace: 'default' },
    spec: {
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          terminationGracePeriodSeconds: 2,
          containers: [{ name: 'main', image: toolsImage, command: shell(forEver) }],
        },
      },
    },
  };
}

test(
  'a second node runs its own pods; killed and started again it finds them; told to clear, it takes only them away',
  needsContainerd,
  async (t) => {
    const { everynode: cluster, dataDir, apply } = await startWorld(t, containerd, { nodes: 1 });
    const directory = join(containerd.directory, 'second-node');
    const place = ['--data-dir', dataDir, '--containerd-socket', containerd.socketPath, '--node-dir', directory];
    const first = await joinedNode(t, ['--name', second, ...place]);
    await apply(daemon() as unknown as Pod);
    const pods = async () => {
      const { items } = await cluster.kubectl.get<KubernetesList<Stored<Pod>>>('pods', '--selector=app=daemon');
      return new Map(items.map((pod) => [pod.spec.nodeName, pod]));
    };
    const running = await eventually('a pod runs on each node', async () => {
      const found = await pods();
      assert.deepEqual(new Set(found.keys()), new Set([nodeName, 'node-1', second]));
      for (const pod of found.values()) assert.equal(pod.status?.phase, 'Running');
      return found;
    });
    const ip = (name: string) => running.get(name)?.status?.podIP;
    assert.notEqual(ip(second), ip(nodeName));
    const before = containerd.tasks();
    assert.equal(before.size, 4, 'two pods, each with its pause container');

    await t.test('each node may touch what is its own, and nothing of the other', async () => {
      const read = (file: string) => readFileSync(join(dataDir, 'pki', file), 'utf8');
      const client = createHttpClient({
        server: cluster.url,
        tls: { ca: read('ca.crt'), certificate: read(`node-${second}.crt`), key: read(`node-${second}.key`) },
      });
      t.after(() => client.close());
      await apply(
        { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'of-other' } } as unknown as Pod,
        podOf('other', { command: shell(forEver), envFrom: [{ secretRef: { name: 'of-other' } }] }),
      );
      const status = { status: { phase: 'Failed' } };
      const name = (on: string) => running.get(on)!.metadata.name;
      const forbidden = (error: unknown) => isReason(error, 'Forbidden');
      const merge = { subresource: 'status' } as const;
      const refused: readonly (() => Promise<unknown>)[] = [
        () => client.patch(resources.nodes, undefined, nodeName, 'merge', { status: { conditions: [] } }, merge),
        () => client.patch(resources.nodes, undefined, nodeName, 'merge', { metadata: { labels: { a: 'b' } } }),
        () => client.patch(resources.leases, 'kube-node-lease', nodeName, 'merge', { spec: { holderIdentity: 'me' } }),
        () => client.patch(resources.pods, 'default', name(nodeName), 'merge', status, merge),
        () => client.delete(resources.pods, 'default', name(nodeName)),
        () => client.get(resources.secrets, 'default', 'of-other'),
        () => client.list(resources.secrets),
        () => client.create(resources.nodes, { metadata: { name: 'third' } }),
      ];
      for (const attempt of refused) await assert.rejects(attempt, forbidden, attempt.toString());
      await client.patch(resources.leases, 'kube-node-lease', second, 'merge', { spec: { holderIdentity: second } });
      await client.patch(resources.nodes, undefined, second, 'merge', { status: {} }, merge);
      await cluster.kubectl.run(['delete', 'pod', 'other']);
    });

    await t.test('kubectl reaches into the pods of each; a node into none of the other', async () => {
      for (const on of [nodeName, second]) {
        const { name } = running.get(on)!.metadata;
        assert.equal(await cluster.kubectl.run(['exec', name, '--', 'echo', on]), `${on}\n`);
      }
      const node = await cluster.kubectl.get<Stored<Node>>('node', nodeName);
      const read = (file: string) => readFileSync(join(dataDir, 'pki', file), 'utf8');
      const keys = { ca: read('ca.crt'), cert: read(`node-${second}.crt`), key: read(`node-${second}.key`) };
      const port = node.status?.daemonEndpoints?.kubeletEndpoint?.Port ?? 0;
      const path = `/containerLogs/default/${running.get(nodeName)!.metadata.name}/main`;
      const asked = ask({ host: '127.0.0.1', port, servername: nodeName, path, ...keys }).end();
      const [{ statusCode }] = (await once(asked, 'response')) as [IncomingMessage];
      assert.equal(statusCode, 403);
    });

    await first.stop('SIGKILL');
    const unreachable = await cluster.kubectl.attempt(['logs', running.get(second)!.metadata.name]);
    assert.match(unreachable.stderr, /node second cannot be asked/);
    const again = await joinedNode(t, ['--name', second, '--clear-on-stop', ...place]);
    await eventually('its pod is heard of again', async () =>
      assert.equal((await pods()).get(second)?.status?.phase, 'Running'),
    );
    assert.deepEqual(containerd.tasks(), before, 'nothing was restarted');
    assert.equal((await pods()).get(second)?.status?.containerStatuses?.[0]?.restartCount, 0);

    await t.test('a name that is taken, and a place without a cluster, are refused', async () => {
      const refuse = async (...args: string[]) => {
        const { code, stderr } = await everynode(['node', ...args]);
        assert.equal(code, 2, stderr);
        return stderr;
      };
      const elsewhere = ['--data-dir', dataDir, '--containerd-socket', containerd.socketPath];
      const other = ['--node-dir', join(containerd.directory, 'other')];
      assert.match(await refuse('--name', second, ...elsewhere, ...other), /as node second: stop it first/);
      assert.match(await refuse('--name', 'x', ...place), /keeps its pods in .*second-node: stop it first/);
      assert.match(await refuse('--name', 'node-1', ...elsewhere, ...other), /node-1 is a simulated node/);
      assert.match(await refuse('--name', 'x', '--data-dir', containerd.directory), /no cluster in .*everynode up/);
      assert.match(await refuse('--name', 'A'), /--name 'A'/);
    });

    assert.equal((await again.stop()).code, 0);
    const left = containerd.tasks();
    assert.equal(left.size, 2);
    for (const [id, pid] of left) assert.equal(before.get(id), pid);
  },
);
