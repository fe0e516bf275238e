import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { formatTime, isReason, resources, StatusError } from '../../api/index.ts';
import { seededRandom } from '../../machinery/index.ts';
import { silentLogger } from '../../observe/index.ts';
import { type PreflightOptions, preflight } from './preflight.ts';
import { createWorld, fluentd, type World } from './world.test-support.ts';

const run = async ({ client, clock }: World, extra: Partial<PreflightOptions> = {}, advanceMs = 15_000) => {
  const options = { client, clock, random: seededRandom(7), log: silentLogger, namespace: 'ops', waitMs: 10_000 };
  const result = preflight({ ...options, signal: new AbortController().signal, ...extra });
  result.catch(() => undefined);
  await clock.advance(advanceMs);
  return result;
};

describe('the preflight', () => {
  it('finds nobody where nobody answers, and not before its wait is over', async () => {
    await using world = createWorld(2);
    const result = run(world, {}, 9_000);
    await world.clock.advance(9_000);
    assert.equal(world.client.all(resources.daemonSets).length, 1, 'the probe is still there');
    await world.clock.advance(2_000);
    assert.deepEqual(await result, { kind: 'alone' });
    assert.deepEqual(world.client.all(resources.daemonSets), [], 'the probe is gone');
  });

  it('finds a controller that is at work, at once, and no pod is made for it', async () => {
    await using world = createWorld(3);
    await world.start();
    assert.deepEqual(await run(world, {}, 2_000), { kind: 'occupied', manager: undefined, did: 'answered the probe' });
    await world.clock.advance(5_000);
    assert.equal(world.client.count('create', resources.pods), 0);
    assert.deepEqual(world.client.all(resources.daemonSets), []);
  });

  it('names the other one when the API server noted who wrote the status', async () => {
    await using world = createWorld(1);
    const { client, clock } = world;
    const result = run(world, {}, 500);
    await clock.advance(100);
    const { namespace, name } = world.daemonSet().metadata;
    const managedFields = [
      { manager: 'everynode', operation: 'Update' },
      { manager: 'kube-controller-manager', operation: 'Update', subresource: 'status' },
    ];
    await client.patch(resources.daemonSets, namespace, name, 'merge', { metadata: { managedFields } });
    const status = { observedGeneration: 1 };
    await client.patch(resources.daemonSets, namespace, name, 'merge', { status }, { subresource: 'status' });
    await clock.advance(500);
    assert.deepEqual(await result, { kind: 'occupied', manager: 'kube-controller-manager', did: 'answered the probe' });
  });

  describe('finds a controller that is too busy to come to the probe', () => {
    /** What the world holds when the probe's wait is over. */
    const meanwhile = async (happen: (world: World) => void) => {
      await using world = createWorld(1);
      const { metadata } = fluentd();
      const managedFields = [{ manager: 'kube-controller-manager', subresource: 'status', time: formatTime(0) }];
      world.apply({ ...fluentd(), metadata: { ...metadata, managedFields } });
      world.client.add(resources.pods, pod('old'));
      const result = run(world, {}, 1_000);
      await world.clock.advance(1_000);
      // Sent by a leader before us, and stamped by an API server whose clock is ahead.
      world.client.add(resources.pods, pod('last'));
      await world.clock.advance(4_000);
      happen(world);
      await world.clock.advance(10_000);
      return result;
    };
    const pod = (name: string, apiVersion = 'apps/v1') => ({
      metadata: {
        name,
        namespace: 'ops',
        ownerReferences: [{ apiVersion, kind: 'DaemonSet', name: 'd', uid: 'u', controller: true }],
      },
      spec: { containers: [] },
    });

    it('by the pods that it makes', async () => {
      const found = await meanwhile(({ client }) => client.add(resources.pods, pod('new')));
      assert.deepEqual(found, { kind: 'occupied', manager: undefined, did: 'made a pod of a DaemonSet' });
    });

    it('by the statuses that it writes', async () => {
      const found = await meanwhile((world) => {
        const { client, clock } = world;
        const { namespace, name } = world.daemonSet().metadata;
        const entry = { manager: 'kube-controller-manager', subresource: 'status', time: formatTime(clock.now()) };
        void client.patch(resources.daemonSets, namespace, name, 'merge', { metadata: { managedFields: [entry] } });
      });
      const did = 'wrote the status of a DaemonSet';
      assert.deepEqual(found, { kind: 'occupied', manager: 'kube-controller-manager', did });
    });

    it('and takes nobody else for one: pods of other kinds, and what was there before', async () => {
      const found = await meanwhile(({ client }) => {
        client.add(resources.pods, pod('of-another-kind', 'apps.example.com/v1'));
        client.add(resources.pods, { metadata: { name: 'alone', namespace: 'ops' }, spec: { containers: [] } });
      });
      assert.deepEqual(found, { kind: 'alone' });
    });
  });

  it('rejects with the API server’s words when the probe may not be made', async () => {
    await using world = createWorld(1);
    world.client.failNext('create', resources.daemonSets, new StatusError('Forbidden', 'no daemonsets for you'));
    await assert.rejects(run(world), (error) => isReason(error, 'Forbidden'));
  });

  it('takes the probe away also when it is told to stop', async () => {
    await using world = createWorld(1);
    const stop = new AbortController();
    const result = run(world, { signal: stop.signal }, 1_000);
    await world.clock.advance(1_000);
    stop.abort();
    await assert.rejects(result);
    assert.deepEqual(world.client.all(resources.daemonSets), []);
  });

  it('removes what a preflight that died left behind, and nothing else', async () => {
    await using world = createWorld(1);
    const { client, clock } = world;
    const old = formatTime(clock.now() - 3_600_000);
    const labels = { 'everynode.dev/preflight': 'x' };
    client.add(resources.daemonSets, {
      ...fluentd(),
      metadata: { ...fluentd().metadata, namespace: 'ops', creationTimestamp: old },
    });
    client.add(resources.daemonSets, {
      ...fluentd(),
      metadata: { namespace: 'ops', name: 'left', labels, creationTimestamp: old },
    });
    client.add(resources.daemonSets, { ...fluentd(), metadata: { namespace: 'ops', name: 'running', labels } });
    await run(world);
    const names = client.all(resources.daemonSets).map(({ metadata }) => metadata.name);
    assert.deepEqual(names, ['fluentd', 'running']);
  });
});
