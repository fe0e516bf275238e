// Who may do what, as people find out: with kubectl, tokens and roles.
import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { onePodOnEach, threeNodes } from './support/daemonset.ts';
import { eventually } from './support/eventually.ts';
import { type Everynode, seedManifest, up } from './support/everynode.ts';
import { needsKubectl } from './support/kubectl.ts';

const bob = 'system:serviceaccount:default:bob';

async function tokenOf({ kubectl }: Everynode, account: string): Promise<string> {
  const request = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} };
  const path = `/api/v1/namespaces/default/serviceaccounts/${account}/token`;
  const answer = await kubectl.run(['create', '--raw', path, '-f', '-'], JSON.stringify(request));
  return (JSON.parse(answer) as { status: { token: string } }).status.token;
}

test('a service account with a token may do what its role says, until it is deleted', needsKubectl, async (t) => {
  const cluster = await up(t, { nodes: 0, args: ['--log-level', 'debug'] });
  const { kubectl, url } = cluster;
  await kubectl.run(['create', 'serviceaccount', 'bob']);
  await kubectl.run(['create', 'rolebinding', 'bob', '--clusterrole=view', '--serviceaccount=default:bob']);
  const token = await tokenOf(cluster, 'bob');
  const asBob = (...args: readonly string[]) =>
    kubectl.attempt([
      '--kubeconfig=/dev/null',
      `--server=${url}`,
      '--insecure-skip-tls-verify',
      `--token=${token}`,
      ...args,
    ]);

  assert.equal((await asBob('get', 'pods')).code, 0);
  const refused = await asBob('get', 'secrets');
  assert.match(
    refused.stderr,
    /secrets is forbidden: User "system:serviceaccount:default:bob" cannot list resource "secrets" in API group "" in the namespace "default"/,
  );
  assert.notEqual((await asBob('get', 'pods', '--namespace', 'kube-system')).code, 0);
  const escalation = await asBob(
    'create',
    'clusterrolebinding',
    'root',
    '--clusterrole=cluster-admin',
    `--user=${bob}`,
  );
  assert.match(escalation.stderr, /cannot create resource "clusterrolebindings"/);

  await kubectl.run(['delete', 'serviceaccount', 'bob']);
  const { stderr } = await asBob('get', 'pods');
  assert.match(stderr, /Unauthorized|must be logged in/);
  assert.ok(!cluster.output().includes(token), 'no token in the log');
  assert.ok(!cluster.output().includes(token.split('.')[2]!), 'nor a part of it');
});

test('kubectl auth can-i answers for oneself and, with --as, for others', needsKubectl, async (t) => {
  const { kubectl } = await up(t, { nodes: 1 });
  const canI = async (...args: readonly string[]) => (await kubectl.attempt(['auth', 'can-i', ...args])).stdout.trim();
  assert.equal(await canI('delete', 'nodes'), 'yes');
  assert.match(await canI('delete', 'nodes', '--as=jane'), /^no/);
  assert.equal(await canI('get', '/version', '--as=jane'), 'yes');
  const node = ['--as=system:node:node-1', '--as-group=system:nodes'];
  assert.equal(await canI('patch', 'nodes/node-1', '--subresource=status', ...node), 'yes');
  assert.match(await canI('patch', 'nodes/node-2', '--subresource=status', ...node), /^no/);
  const taints = await kubectl.attempt(['taint', 'node', 'node-1', 'a=b:NoSchedule', ...node]);
  assert.match(taints.stderr, /node "node-1" is not allowed to modify taints/);
});

test('the parts of the cluster never ask for what they may not do', needsKubectl, async (t) => {
  const cluster = await up(t, { args: ['--apply', seedManifest, '--log-level', 'debug'] });
  const { kubectl } = cluster;
  await onePodOnEach(kubectl, threeNodes);
  await kubectl.run(['cordon', 'node-3']);
  await kubectl.run(['create', 'namespace', 'short-lived']);
  await kubectl.run(['create', 'configmap', 'x', '--namespace', 'short-lived']);
  await kubectl.run(['delete', 'namespace', 'short-lived']);
  await kubectl.run(['delete', 'pod', '--all', '--namespace', 'kube-system', '--wait=false']);
  await onePodOnEach(kubectl, threeNodes);
  await kubectl.run(['delete', 'daemonset', '--all', '--namespace', 'kube-system', '--cascade=foreground']);
  await eventually('no pod is left', async () => {
    assert.equal((await kubectl.run(['get', 'pods', '--all-namespaces', '-o', 'name'])).trim(), '');
  });
  await kubectl.run(['delete', 'node', 'node-3']);
  assert.match(cluster.output(), /namespace is empty/, 'it does log');
  assert.doesNotMatch(cluster.output(), /forbidden/i);
});

test('keys and kubeconfig are for their owner alone', needsKubectl, async (t) => {
  const { kubeconfigPath } = await up(t, { nodes: 0 });
  const directory = dirname(kubeconfigPath);
  const files = ['kubeconfig', 'pki/ca.key', 'pki/server.key', 'pki/admin.key', 'pki/service-account.key'];
  for (const file of files) assert.equal(statSync(join(directory, file)).mode & 0o777, 0o600, file);
});
