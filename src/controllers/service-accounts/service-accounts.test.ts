import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { resources, StatusError } from '../../api/index.ts';
import { createFakeClient, type FakeClient } from '../../client/index.ts';
import { createVirtualClock, type RunningController, seededRandom, type VirtualClock } from '../../machinery/index.ts';
import { silentLogger } from '../../observe/index.ts';
import { runServiceAccounts } from './index.ts';

describe('the service account controller', () => {
  let clock: VirtualClock;
  let client: FakeClient;
  let stop: AbortController;
  let controller: RunningController;

  const start = () => {
    controller = runServiceAccounts({
      client,
      clock,
      random: seededRandom(2),
      log: silentLogger,
      signal: stop.signal,
      rootCertificate: 'PEM',
    });
  };
  beforeEach(() => {
    clock = createVirtualClock();
    client = createFakeClient({ clock, random: seededRandom(1) });
    stop = new AbortController();
    client.add(resources.namespaces, { metadata: { name: 'a' } });
  });
  afterEach(async () => {
    stop.abort();
    await controller.stopped;
  });

  const accounts = () =>
    client.all(resources.serviceAccounts).map(({ metadata }) => `${metadata.namespace}/${metadata.name}`);
  const certificates = () =>
    client.all(resources.configMaps).map(({ metadata, data }) => [metadata.namespace, metadata.name, data]);
  const expected = (namespace: string) => [namespace, 'kube-root-ca.crt', { 'ca.crt': 'PEM' }];

  describe('every namespace', () => {
    test('has the default service account and the root certificate, old or new', async () => {
      start();
      await clock.settle();
      client.add(resources.namespaces, { metadata: { name: 'b' } });
      await clock.settle();
      assert.deepEqual(accounts(), ['a/default', 'b/default']);
      assert.deepEqual(certificates(), [expected('a'), expected('b')]);
    });

    test('gets them back when they are deleted or changed', async () => {
      start();
      await clock.settle();
      await client.delete(resources.serviceAccounts, 'a', 'default');
      const [configMap] = client.all(resources.configMaps);
      await client.update(resources.configMaps, { ...configMap!, data: { 'ca.crt': 'other', more: 'x' } });
      await clock.settle();
      assert.deepEqual(accounts(), ['a/default']);
      assert.deepEqual(certificates(), [expected('a')]);
    });

    test('is left alone when they are there already', async () => {
      client.add(resources.serviceAccounts, { metadata: { namespace: 'a', name: 'default' } });
      client.add(resources.configMaps, {
        metadata: { namespace: 'a', name: 'kube-root-ca.crt' },
        data: { 'ca.crt': 'PEM' },
      });
      start();
      await clock.advance(60_000);
      assert.deepEqual(
        client.calls.filter(({ verb }) => !['list', 'watch'].includes(verb)),
        [],
      );
    });

    test('is left alone when it is on its way out', async () => {
      const details = { causes: [{ reason: 'NamespaceTerminating' }] };
      client.failNext('create', '*', new StatusError('Forbidden', 'being terminated', details), 2);
      start();
      await clock.advance(60_000);
      assert.deepEqual(accounts(), []);
      assert.equal(client.calls.filter(({ verb }) => verb === 'create').length, 2, 'and not asked again');
    });
  });
});
