// What `everynode controller` says when it cannot work: one line with the server, the verb and the resource.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { issueCertificate } from '../../src/pki/index.ts';
import { kubeconfigWith, quickLease, startController, withoutDaemonSets } from './support/controller.ts';
import { fluentd, namespace, onePodOnEach, threeNodes, uidOf } from './support/daemonset.ts';
import { everynode, seedManifest, temporaryDirectory, up } from './support/everynode.ts';
import { needsKubectl } from './support/kubectl.ts';

const base64 = (text: string) => Buffer.from(text).toString('base64');

/** Its log aside, exactly one line was written. */
function oneLine(stderr: string): string {
  const lines = stderr
    .trim()
    .split('\n')
    .filter((line) => !line.startsWith('{'));
  assert.equal(lines.length, 1, stderr);
  return lines[0]!;
}

/** A kubeconfig for a user of this name, by a certificate of the cluster's own authority. */
async function kubeconfigOf(kubeconfigPath: string, commonName: string): Promise<string> {
  const pki = (name: string) => readFileSync(join(dirname(kubeconfigPath), 'pki', name), 'utf8');
  const authority = { certificate: pki('ca.crt'), key: pki('ca.key') };
  const { certificate, key } = await issueCertificate(authority, { usage: 'client', commonName }, Date.now());
  const user = { 'client-certificate-data': base64(certificate), 'client-key-data': base64(key) };
  return kubeconfigWith(temporaryDirectory(), kubeconfigPath, user);
}

test('another DaemonSet controller is active: refused, and nothing is left behind', needsKubectl, async (t) => {
  const { kubectl, kubeconfigPath } = await up(t, { nodes: 1 });
  const outcome = await everynode(['controller', '--kubeconfig', kubeconfigPath, '--preflight-wait', '20s']);
  assert.equal(outcome.code, 2);
  assert.match(oneLine(outcome.stderr), /another DaemonSet controller is active.*--controllers=.*--skip-preflight/);
  assert.deepEqual((await kubectl.get<{ items: unknown[] }>('ds', '-A')).items, []);
  const lease = await kubectl.get<{ spec: { holderIdentity: string } }>(
    '-n',
    'kube-system',
    'lease',
    'everynode-daemonset-controller',
  );
  assert.equal(lease.spec.holderIdentity, '', 'the lease is free again');
});

test('no cluster: the server, the verb and the resource, exit code 1, after a bounded number of tries', async (t) => {
  const { kubeconfigPath } = await up(t, { nodes: 0 });
  const path = kubeconfigWith(temporaryDirectory(), kubeconfigPath, { token: 'x' }, 'https://127.0.0.1:9');
  const outcome = await everynode(['controller', '--kubeconfig', path]);
  assert.equal(outcome.code, 1);
  assert.match(oneLine(outcome.stderr), /cannot list nodes at https:\/\/127\.0\.0\.1:9: .*ECONNREFUSED/);
  assert.doesNotMatch(outcome.stderr, /\n\s+at /);
});

test('wrong credentials and missing permissions are told at once', needsKubectl, async (t) => {
  const { kubeconfigPath, url } = await up(t, { nodes: 0 });
  const path = kubeconfigWith(temporaryDirectory(), kubeconfigPath, { token: 'x' });
  const wrong = await everynode(['controller', '--kubeconfig', path]);
  assert.equal(wrong.code, 1);
  assert.ok(oneLine(wrong.stderr).includes(`cannot list nodes at ${url}: Unauthorized`), wrong.stderr);

  const denied = await everynode(['controller', '--kubeconfig', await kubeconfigOf(kubeconfigPath, 'nobody')]);
  assert.equal(denied.code, 1);
  assert.match(oneLine(denied.stderr), /cannot list nodes at https:.*"?nobody"?.*cannot list resource "nodes"/);
});

test(
  'a permission that is missing is told with verb and resource, whatever else is allowed',
  needsKubectl,
  async (t) => {
    const { kubectl, kubeconfigPath, url } = await up(t, { nodes: 0, args: withoutDaemonSets });
    await kubectl.run(['create', 'clusterrole', 'look', '--verb=get,list,watch', '--resource=*.*']);
    await kubectl.run(['create', 'clusterrolebinding', 'look', '--clusterrole=look', '--user=nobody']);
    const path = await kubeconfigOf(kubeconfigPath, 'nobody');
    const outcome = await everynode(['controller', '--kubeconfig', path]);
    assert.equal(outcome.code, 1);
    const line = oneLine(outcome.stderr);
    assert.ok(line.includes(`not allowed at ${url}: create pods, delete pods, patch pods, `), line);
    assert.ok(
      line.includes('update daemonsets/status.apps') && line.includes('create leases.coordination.k8s.io'),
      line,
    );
    assert.doesNotMatch(line, /list nodes/);

    const looking = startController(t, path, ['--dry-run']);
    await looking.says('the lists are complete');
    assert.equal((await looking.stop()).code, 0);
  },
);

test('what everynode install grants is enough', needsKubectl, async (t) => {
  const { kubectl, kubeconfigPath } = await up(t, { args: withoutDaemonSets });
  const manifests = await everynode(['install', '--replicas', '1']);
  assert.equal(manifests.code, 0, manifests.stderr);
  await kubectl.run(['apply', '-f', '-'], manifests.stdout);
  const path = await kubeconfigOf(kubeconfigPath, 'system:serviceaccount:everynode-system:everynode');
  const args = [...quickLease, '--namespace', 'everynode-system'];
  const controller = startController(t, path, args);
  await controller.says('no other DaemonSet controller is active');
  await kubectl.run(['apply', '-f', seedManifest]);
  const before = await onePodOnEach(kubectl, threeNodes);
  await kubectl.run(['-n', namespace, 'delete', 'ds', fluentd, '--cascade=orphan']);
  await kubectl.run(['apply', '-f', seedManifest]);
  const after = await onePodOnEach(kubectl, threeNodes);
  assert.deepEqual(after.map(uidOf), before.map(uidOf));
  await kubectl.run(['-n', namespace, 'set', 'image', `ds/${fluentd}`, `${fluentd}=example/fluentd:2`]);
  await kubectl.run(['-n', namespace, 'rollout', 'status', `ds/${fluentd}`, '--timeout=60s']);
  await kubectl.run([
    '-n',
    namespace,
    'patch',
    'ds',
    fluentd,
    '--type=merge',
    '-p',
    '{"spec":{"revisionHistoryLimit":0}}',
  ]);
  await onePodOnEach(kubectl, threeNodes);
  assert.equal((await controller.stop()).code, 0);
  const complaints = controller
    .log()
    .filter(({ level, message }) => level !== 'info' && /refused|failed|not allowed/.test(message));
  assert.deepEqual(complaints, []);
});

const bad: readonly { readonly args: readonly string[]; readonly says: RegExp }[] = [
  { args: ['--kubeconfig', '/nowhere/config'], says: /\/nowhere\/config/ },
  { args: ['--leader-elect-lease-duration', '5s'], says: /lease duration must be longer/ },
  { args: ['--leader-elect-lease-duration', 'soon'], says: /'soon'.*15s/ },
  { args: ['--leader-elect', 'perhaps'], says: /'true' or 'false'/ },
  { args: ['--metrics-bind-address', 'here'], says: /--metrics-bind-address 'here'.*host:port/ },
  { args: ['--concurrency', '0'], says: /--concurrency/ },
  { args: [seedManifest], says: /too many arguments/ },
];
for (const { args, says } of bad)
  test(`everynode controller ${args.map((word) => word.split('/').at(-1)).join(' ')}: exit code 2`, async () => {
    const outcome = await everynode(['controller', ...args]);
    assert.equal(outcome.code, 2);
    assert.match(oneLine(outcome.stderr), says);
  });
