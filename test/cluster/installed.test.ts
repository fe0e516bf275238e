// The controller with nothing but what `everynode install` grants: if a permission is missing, it shows here.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RolloutPolicy } from '../../src/api/index.ts';
import type { InstallObject } from '../../src/cli/install/names.ts';
import { kubeconfigWith, quickLease, startController } from '../e2e/support/controller.ts';
import { everynode, temporaryDirectory } from '../e2e/support/everynode.ts';
import { eventually } from '../e2e/support/eventually.ts';
import { needsKubectl } from '../e2e/support/kubectl.ts';
import { type Cluster, openCluster } from './support/cluster.ts';
import { learnRolloutPolicies } from './support/definition.ts';
import { apply, getPods, name, newerImage, rollout, setImage, settled } from './support/workload.ts';

test('the permissions of everynode install are enough for everything, and no more', needsKubectl, async (t) => {
  const cluster = await openCluster(t);
  const { kubectl, namespace, kubeconfigPath } = cluster;
  const printed = await everynode(['install', '--namespace', namespace, '--no-create-namespace', '-o', 'json']);
  const { items } = JSON.parse(printed.stdout) as { readonly items: readonly InstallObject[] };
  await kubectl.run(['apply', '--server-side', '--dry-run=server', '-f', '-'], printed.stdout);

  // Under names of their own: there may be an installation on this cluster.
  const access = items.filter(({ kind }) => /^(ServiceAccount|(Cluster)?Role(Binding)?)$/.test(kind));
  const objects = access.map((object) =>
    object.metadata.namespace === undefined ? renamed(object, namespace) : object,
  );
  const list = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects });
  await kubectl.run(['apply', '-f', '-'], list);
  t.after(async () => {
    await kubectl.attempt(['delete', '--ignore-not-found', '-f', '-'], list);
  });
  const path = `/api/v1/namespaces/${namespace}/serviceaccounts/everynode/token`;
  const request = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} };
  const answer = await kubectl.run(['create', '--raw', path, '-f', '-'], JSON.stringify(request));
  const { token } = (JSON.parse(answer) as { readonly status: { readonly token: string } }).status;
  const own = kubeconfigWith(temporaryDirectory(), kubeconfigPath, { token });

  await learnRolloutPolicies(t, kubectl);

  const controller = startController(t, own, [...quickLease, '--namespace', namespace]);
  await controller.says('the lists are complete');
  await apply(cluster);
  await settled(cluster);
  await setImage(cluster, newerImage);
  await settled(cluster, newerImage);
  await rollout(cluster, 'undo');
  const [victim] = await settled(cluster);
  await kubectl.run([
    '-n',
    namespace,
    'patch',
    'pod',
    victim!.metadata.name,
    '--type=merge',
    '-p',
    '{"metadata":{"ownerReferences":null}}',
  ]);
  await eventually('the orphan is adopted again', async () => {
    for (const { metadata } of await getPods(cluster)) assert.equal(metadata.ownerReferences?.length, 1);
  });
  await kubectl.run(['apply', '-f', '-'], policy(namespace));
  await phaseIs(cluster, 'Complete');
  await setImage(cluster, newerImage);
  await phaseIs(cluster, 'WaitingForApproval');
  await kubectl.run(['-n', namespace, 'delete', 'rolloutpolicy', name]);
  await settled(cluster, newerImage);
  assert.equal((await controller.stop()).code, 0);
  const denied = controller.log().filter((line) => /forbidden|not allowed/i.test(JSON.stringify(line)));
  assert.deepEqual(denied, []);

  // The token is what limited it: it may not do what is not granted.
  const may = (verb: string, resource: string) =>
    kubectl.attempt(['auth', 'can-i', verb, resource, `--as=system:serviceaccount:${namespace}:everynode`]);
  assert.equal((await may('list', 'nodes')).stdout.trim(), 'yes');
  assert.equal((await may('get', 'secrets')).stdout.trim(), 'no');
  assert.equal((await may('delete', 'daemonsets.apps')).stdout.trim(), 'no');
});

function policy(namespace: string): string {
  const spec = { targetRef: { name }, waves: [{ name: 'first', nodes: 1, approval: 'Manual' }] };
  return JSON.stringify({
    apiVersion: 'everynode.dev/v1alpha1',
    kind: 'RolloutPolicy',
    metadata: { name, namespace },
    spec,
  });
}

function phaseIs({ kubectl, namespace }: Cluster, phase: string): Promise<void> {
  return eventually(`the policy is ${phase}`, async () => {
    const { status } = await kubectl.get<RolloutPolicy>('-n', namespace, 'rolloutpolicy', name);
    assert.equal(status?.phase, phase, status?.message);
  });
}

function renamed(object: InstallObject, to: string): InstallObject {
  const { roleRef } = object;
  return {
    ...object,
    metadata: { ...object.metadata, name: to },
    ...(roleRef === undefined ? {} : { roleRef: { ...(roleRef as object), name: to } }),
  };
}
