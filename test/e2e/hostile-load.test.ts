// Clients that are allowed to ask, and ask too much: thousands of watches, watches that nobody reads, objects that are
// rewritten for ever. The server answers others meanwhile, and its memory stays within bounds.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import type { TLSSocket } from 'node:tls';
import { type Everynode, up } from './support/everynode.ts';
import { eventually } from './support/eventually.ts';
import { needsKubectl } from './support/kubectl.ts';
import { createRawClient, type RawClient } from './support/raw-client.ts';

const maps = '/api/v1/namespaces/default/configmaps';
const secrets = '/api/v1/namespaces/default/secrets';

async function memoryMb({ kubectl }: Everynode): Promise<number> {
  const text = await kubectl.run(['get', '--raw', '/metrics']);
  return Number(/^process_resident_memory_bytes (\S+)$/m.exec(text)![1]) / 1e6;
}

/** Waits until the server has the first bytes of each on their way. */
async function watchMany(client: RawClient, count: number): Promise<readonly TLSSocket[]> {
  const watchers: TLSSocket[] = [];
  const one = async () => {
    const socket = await client.send(`GET ${secrets}?watch=true&resourceVersion=0`);
    await once(socket, 'data');
    watchers.push(socket);
  };
  await one();
  while (watchers.length < count) await Promise.all(Array.from({ length: 50 }, one));
  return watchers;
}

test(
  'thousands of idle watches are served in little memory, which the next ones use again',
  needsKubectl,
  async (t) => {
    const server = await up(t, { nodes: 0, memory: true });
    const client = createRawClient(server.kubeconfigPath);
    t.after(() => client.close());
    const before = await memoryMb(server);
    const first = await watchMany(client, 1_000);
    const peak = await memoryMb(server);
    const eachKb = ((peak - before) * 1_000) / first.length;
    t.diagnostic(`${eachKb.toFixed(0)} kB each`);
    // A hundred as a rule; on a slow machine what is no longer used is cleared up later.
    assert.ok(eachKb < 250, `${eachKb} kB each`);

    const heard = first.map((socket) => once(socket, 'data'));
    await server.kubectl.run(['create', 'secret', 'generic', 'news', '--from-literal=a=b']);
    await Promise.all(heard);

    // When memory is cleared up is the runtime's business: were it kept, these would take three times as much in the end.
    const levels = [before, peak];
    let open = first;
    for (let round = 0; round < 3; round++) {
      for (const socket of open) socket.destroy();
      await eventually('the watches are gone', async () => {
        const text = await server.kubectl.run(['get', '--raw', '/metrics']);
        assert.match(text, /^apiserver_longrunning_requests\{verb="WATCH"\} \d$/m);
      });
      open = await watchMany(client, first.length);
      levels.push(await memoryMb(server));
    }
    const told = levels.map((level) => `${level.toFixed(0)} MB`).join(', then ');
    t.diagnostic(told);
    assert.ok(levels.at(-1)! < peak + 1.5 * (peak - before), told);
  },
);

test('versions of large objects do not pile up, not even for watchers that never read', needsKubectl, async (t) => {
  // Enough for what is bounded, far from enough for every version: the server would die of it.
  process.env['NODE_OPTIONS'] = '--max-old-space-size=400';
  t.after(() => delete process.env['NODE_OPTIONS']);
  const server = await up(t, { nodes: 0, memory: true });
  const client = createRawClient(server.kubeconfigPath);
  t.after(() => client.close());
  const map = (n: number) =>
    JSON.stringify({ metadata: { name: 'large' }, data: { n: String(n), text: 'x'.repeat(1_000_000) } });
  assert.match(await client.ask(`POST ${maps}`, map(0)), /^HTTP\/1.1 201/);
  const sleepers: TLSSocket[] = [];
  for (let n = 0; n < 20; n++) {
    const socket = await client.send(`GET ${maps}?watch=true`);
    socket.pause();
    sleepers.push(socket);
  }
  const written = 450;
  for (let n = 1; n <= written; n++)
    assert.match((await client.ask(`PUT ${maps}/large`, map(n))).slice(0, 20), /^HTTP\/1.1 200/);
  t.diagnostic(`${(await memoryMb(server)).toFixed(0)} MB after ${written} versions of 1 MB`);
  for (const socket of sleepers) socket.resume();
  await eventually('whoever does not read is cut off', async () => {
    assert.ok(sleepers.every(({ destroyed, readableEnded }) => destroyed || readableEnded));
    await Promise.resolve();
  });
  const metrics = await server.kubectl.run(['get', '--raw', '/metrics']);
  assert.match(metrics, /^apiserver_terminated_watchers_total 20$/m);
  assert.match(metrics, /^apiserver_storage_objects\{resource="configmaps"\} \d+$/m);
  assert.equal(await server.kubectl.run(['get', 'configmap', 'large', '-o', 'jsonpath={.data.n}']), String(written));
});
