import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { findCondition, type Namespace, type Pod, resources, StatusError } from '../../api/index.ts';
import { createFakeClient, fixedResources, type FakeClient } from '../../client/index.ts';
import { createVirtualClock, type RunningController, seededRandom, type VirtualClock } from '../../machinery/index.ts';
import { silentLogger } from '../../observe/index.ts';
import { runNamespaces } from './index.ts';

describe('the namespace controller', () => {
  let clock: VirtualClock;
  let client: FakeClient;
  let stop: AbortController;
  let controller: RunningController;

  beforeEach(() => {
    clock = createVirtualClock();
    client = createFakeClient({ clock, random: seededRandom(1) });
    stop = new AbortController();
    const served = [resources.pods, resources.configMaps, resources.nodes];
    controller = runNamespaces({
      client,
      clock,
      random: seededRandom(2),
      log: silentLogger,
      signal: stop.signal,
      resources: fixedResources(served),
    });
    for (const name of ['doomed', 'kept'])
      client.add<Namespace>(resources.namespaces, {
        metadata: { name },
        spec: { finalizers: ['kubernetes'] },
        status: { phase: 'Active' },
      });
  });
  afterEach(async () => {
    stop.abort();
    await controller.stopped;
  });

  const addPod = (
    namespace: string,
    name: string,
    over: Partial<Pod['spec']> = {},
    finalizers: readonly string[] = [],
  ) =>
    client.add<Pod>(resources.pods, { metadata: { namespace, name, finalizers }, spec: { containers: [], ...over } });
  const names = () => client.all(resources.namespaces).map(({ metadata }) => metadata.name);
  const condition = (type: string) => findCondition(client.all(resources.namespaces)[0]!.status?.conditions, type);

  describe('a namespace that is deleted', () => {
    test('goes at once when it is empty', async () => {
      await client.delete(resources.namespaces, undefined, 'doomed');
      await clock.settle();
      assert.deepEqual(names(), ['kept']);
    });

    test('takes everything in it along, in pages, and nothing of others', async () => {
      for (let index = 0; index < 1200; index++) addPod('doomed', `p${index}`);
      client.add(resources.configMaps, { metadata: { namespace: 'doomed', name: 'c' } });
      addPod('kept', 'p');
      client.add(resources.nodes, { metadata: { name: 'n' } });
      await client.delete(resources.namespaces, undefined, 'doomed');
      await clock.settle();
      assert.deepEqual(names(), ['kept']);
      assert.deepEqual(
        client.all(resources.pods).map(({ metadata }) => metadata.namespace),
        ['kept'],
      );
      assert.deepEqual([client.all(resources.configMaps).length, client.all(resources.nodes).length], [0, 1]);
    });

    test('waits for pods with a grace period, says so, and goes after the last', async () => {
      addPod('doomed', 'p', { nodeName: 'n' });
      await client.delete(resources.namespaces, undefined, 'doomed');
      await clock.advance(2000);
      assert.equal(
        condition('NamespaceContentRemaining')?.message,
        'Some resources are remaining: pods. has 1 resource instances',
      );
      assert.equal(condition('NamespaceDeletionContentFailure')?.status, 'False');
      assert.equal(client.count('delete', resources.pods), 1, 'asked once, then waited');
      await client.delete(resources.pods, 'doomed', 'p', { gracePeriodSeconds: 0 });
      await clock.advance(1000);
      assert.deepEqual(names(), ['kept']);
    });

    test('names the finalizers that hold its content', async () => {
      addPod('doomed', 'p', {}, ['example.com/hold']);
      await client.delete(resources.namespaces, undefined, 'doomed');
      await clock.advance(1000);
      const message =
        'Some content in the namespace has finalizers remaining: example.com/hold in 1 resource instances';
      assert.equal(condition('NamespaceFinalizersRemaining')?.message, message);
    });

    test('says what could not be deleted, and goes when it can be', async () => {
      addPod('doomed', 'p');
      client.failNext('delete', resources.pods, new StatusError('Forbidden', 'not you'), 2);
      await client.delete(resources.namespaces, undefined, 'doomed');
      await clock.settle();
      assert.match(condition('NamespaceDeletionContentFailure')?.message ?? '', /1 remaining: not you/);
      await clock.advance(1000);
      assert.deepEqual(names(), ['kept']);
    });

    test('keeps the status that it has when nothing changed', async () => {
      addPod('doomed', 'p', { nodeName: 'n' });
      await client.delete(resources.namespaces, undefined, 'doomed');
      await clock.advance(60_000);
      assert.equal(client.count('update', 'namespaces/status'), 1);
    });
  });
});
