// The cable between two parts is pulled, so that nothing gets through and nobody is told: between the controller and the
// API server, and between the API server and etcd. Then it is put back.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { resources, StatusError } from '../../src/api/index.ts';
import { createHttpClient, loadKubeconfig } from '../../src/client/index.ts';
import { systemClock } from '../../src/machinery/index.ts';
import { needsEtcd } from '../../src/store/etcd/etcd-server.test-support.ts';
import { quickLease, startController, withoutDaemonSets } from './support/controller.ts';
import { getPods, namespace, nodeOf, onePodOnEach, threeNodes, uidOf } from './support/daemonset.ts';
import { seedManifest, temporaryDirectory, up } from './support/everynode.ts';
import { eventually } from './support/eventually.ts';
import { needsKubectl } from './support/kubectl.ts';
import { createNetwork, needsNetwork } from './support/network.ts';

const needs = { ...needsKubectl, ...needsNetwork };

test('a controller cut off from the API server stops to lead, and goes on when it is back', needs, async (t) => {
  const network = createNetwork(t);
  const { kubectl, kubeconfigPath } = await up(t, { args: ['--host', network.here, ...withoutDaemonSets] });
  const controller = startController(t, kubeconfigPath, quickLease, network.run);
  await kubectl.run(['apply', '-f', seedManifest]);
  const before = await onePodOnEach(kubectl, threeNodes);

  network.cut();
  await controller.says('this process leads no longer');
  const [victim, ...others] = before;
  await kubectl.run(['-n', namespace, 'delete', 'pod', victim!.metadata.name]);
  assert.equal((await getPods(kubectl)).filter((pod) => nodeOf(pod) === nodeOf(victim!)).length, 0, 'nobody makes it');
  network.mend();

  const after = await onePodOnEach(kubectl, threeNodes);
  for (const pod of others) assert.ok(after.map(uidOf).includes(uidOf(pod)), 'no other pod is touched');
  assert.deepEqual(await controller.stop(), { code: 0, signal: null });
});

test('an API server cut off from etcd says so, loses nothing, and goes on', { ...needs, ...needsEtcd }, async (t) => {
  const network = createNetwork(t);
  const directory = join(temporaryDirectory(), 'etcd');
  mkdirSync(directory);
  const endpoint = `http://${network.there}:2379`;
  const flags = ['--data-dir', directory, '--listen-client-urls', endpoint, '--advertise-client-urls', endpoint];
  const [program, ...args] = [...network.run, 'etcd', ...flags, '--log-level', 'error'];
  const etcd = spawn(program, args, { stdio: 'ignore' });
  t.after(async () => {
    etcd.kill('SIGKILL');
    if (etcd.exitCode === null && etcd.signalCode === null) await once(etcd, 'exit');
  });
  await eventually('etcd answers', async () => assert.ok((await fetch(`${endpoint}/health`)).ok));

  const { kubectl, kubeconfigPath } = await up(t, { args: ['--etcd-servers', endpoint] });
  await kubectl.run(['apply', '-f', seedManifest]);
  const before = await onePodOnEach(kubectl, threeNodes);
  await kubectl.run(['create', 'configmap', 'before']);

  network.cut();
  // Not with kubectl, which asks again and again as the answer invites it to.
  const client = createHttpClient(await loadKubeconfig({ path: kubeconfigPath, clock: systemClock }));
  const meanwhile = { metadata: { name: 'meanwhile', namespace: 'default' } };
  const refusal = await client.create(resources.configMaps, meanwhile).catch((error: unknown) => error as StatusError);
  assert.ok(refusal instanceof StatusError && refusal.code >= 500 && refusal.cause === undefined);
  assert.match(refusal.message, /the store did not answer in time/);
  await client.close();
  network.mend();

  await eventually('it goes on', () => kubectl.run(['create', 'configmap', 'after']));
  assert.match(await kubectl.run(['get', 'configmap', 'before', 'after']), /before[\s\S]*after|after[\s\S]*before/);
  assert.deepEqual((await onePodOnEach(kubectl, threeNodes)).map(uidOf), before.map(uidOf), 'no pod restarts');
});
