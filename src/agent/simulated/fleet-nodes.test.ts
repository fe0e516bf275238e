import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { findCondition, isTrue, resources } from '../../api/index.ts';
import { world } from './world.test-support.ts';

test('nodes register ready, with labels, capacity and an address of their own, spread over three zones', async (t) => {
  const { client, run } = world(t);
  const { fleet } = await run(4);
  await fleet.synced;
  const nodes = client.all(resources.nodes);
  assert.deepEqual(
    nodes.map(({ metadata }) => [
      metadata.name,
      metadata.labels?.['kubernetes.io/hostname'],
      metadata.labels?.['topology.kubernetes.io/zone'],
    ]),
    [
      ['node-1', 'node-1', 'local-a'],
      ['node-2', 'node-2', 'local-b'],
      ['node-3', 'node-3', 'local-c'],
      ['node-4', 'node-4', 'local-a'],
    ],
  );
  assert.ok(nodes.every(({ status }) => findCondition(status?.conditions, 'Ready')?.reason === 'KubeletReady'));
  assert.ok(nodes.every(({ status }) => status?.allocatable?.['cpu'] === '4'));
  assert.equal(new Set(nodes.map(({ status }) => status?.addresses?.[0]?.address)).size, 4);
});

test('each lease is renewed every 10 s, not all in the same moment, and belongs to its node', async (t) => {
  const { client, clock, run } = world(t);
  await run(20);
  await clock.advance(10_000);
  const leases = client.all(resources.leases);
  assert.equal(leases.length, 20);
  assert.equal(leases[0]!.metadata.ownerReferences?.[0]?.kind, 'Node');
  assert.ok(new Set(leases.map(({ spec }) => spec?.renewTime)).size > 15);
  client.calls.length = 0;
  await clock.advance(60_000);
  assert.equal(client.count('patch', 'leases'), 120);
});

test('node status is posted every 5 min', async (t) => {
  const { client, clock, run } = world(t);
  await run(10);
  await clock.advance(300_000);
  client.calls.length = 0;
  await clock.advance(600_000);
  assert.ok(Math.abs(client.count('patch', 'nodes/status') - 20) <= 10);
});

test('a deleted node stays deleted, also over a restart; more nodes asked for are added', async (t) => {
  const { client, clock, nodeNames, run } = world(t);
  const first = await run(3);
  client.remove(resources.nodes, undefined, 'node-2');
  await clock.advance(60_000);
  assert.deepEqual(nodeNames(), ['node-1', 'node-3']);
  await first.stop();
  const second = await run(4);
  assert.deepEqual(nodeNames(), ['node-1', 'node-3', 'node-4']);
  await second.stop();
  await run(1);
  assert.deepEqual(nodeNames(), ['node-1', 'node-3', 'node-4']);
});

test('a node that was created by hand with the annotation comes to life', async (t) => {
  const { addPod, client, clock, phase, run } = world(t);
  await run(1);
  client.add(resources.nodes, {
    metadata: {
      name: 'mine',
      labels: { 'topology.kubernetes.io/zone': 'z' },
      annotations: { 'everynode.dev/runtime': 'simulated' },
    },
  });
  client.add(resources.nodes, { metadata: { name: 'foreign' } });
  addPod('p', { nodeName: 'mine' });
  addPod('q', { nodeName: 'foreign' });
  await clock.advance(10_000);
  const mine = await client.get(resources.nodes, undefined, 'mine');
  assert.equal(isTrue(mine.status?.conditions, 'Ready'), true);
  assert.equal(mine.metadata.labels?.['kubernetes.io/hostname'], 'mine');
  assert.equal(mine.metadata.labels?.['topology.kubernetes.io/zone'], 'z');
  assert.deepEqual([phase('p'), phase('q')], ['Running', 'Pending']);
  assert.deepEqual(
    client.all(resources.leases).map(({ metadata }) => metadata.name),
    ['mine', 'node-1'],
  );
});

test('a dead node answers nothing: no lease, no status, no start, no end; revived, it does', async (t) => {
  const { addPod, client, clock, events, phase, pod, run } = world(t);
  const { fleet } = await run(2);
  addPod('old');
  addPod('crashing', {}, { annotations: { 'everynode.dev/simulate': 'CrashLoopBackOff after 30s' } });
  await clock.advance(10_000);
  const annotate = (value: string | null) =>
    client.patch(resources.nodes, undefined, 'node-1', 'merge', {
      metadata: { annotations: { 'everynode.dev/simulate': value } },
    });
  await annotate('Dead');
  await clock.advance(0);
  client.calls.length = 0;
  addPod('new');
  await client.delete(resources.pods, 'default', 'old', { gracePeriodSeconds: 1 });
  await clock.advance(60_000);
  assert.equal(client.calls.filter(({ name }) => name === 'node-1').length, 0);
  assert.deepEqual(events, []);
  assert.equal(phase('new'), 'Pending');
  assert.notEqual(pod('old'), undefined);
  const log = async (name: string) => {
    const path = `/containerLogs/default/${name}/main`;
    const asked = request({ createConnection: () => fleet.connect(), host: 'node', path }).end();
    const [answer] = (await once(asked, 'response')) as [IncomingMessage];
    return `${answer.statusCode} ${await text(answer)}`;
  };
  for (const name of ['old', 'new']) assert.match(await log(name), /^503 .*node node-1 cannot be asked/);
  await annotate(null);
  await clock.advance(10_000);
  assert.match(await log('new'), /^200 container main of pod default\/new on node node-1 started/);
  assert.match(await log('old'), /^404 /);
  assert.equal(phase('new'), 'Running');
  assert.equal(pod('old'), undefined);
});

test('stops with its signal, leaving no timer', async (t) => {
  const { addPod, clock, run } = world(t);
  const { stop } = await run(2, ['image=*: start 5s']);
  addPod('p');
  await clock.advance(1_000);
  await stop();
  assert.equal(clock.pending, 0);
});
