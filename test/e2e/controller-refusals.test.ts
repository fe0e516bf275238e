// What `everynode controller` says when it cannot work: one line with the server, the verb and the resource.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { issueCertificate } from '../../src/pki/index.ts';
import { kubeconfigWith } from './support/controller.ts';
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
  const path = kubeconfigWith(temporaryDirectory(t), kubeconfigPath, { token: 'x' }, 'https://127.0.0.1:9');
  const outcome = await everynode(['controller', '--kubeconfig', path]);
  assert.equal(outcome.code, 1);
  assert.match(oneLine(outcome.stderr), /cannot list nodes at https:\/\/127\.0\.0\.1:9: .*ECONNREFUSED/);
  assert.doesNotMatch(outcome.stderr, /\n\s+at /);
});

test('wrong credentials and missing permissions are told at once', needsKubectl, async (t) => {
  const { kubeconfigPath, url } = await up(t, { nodes: 0 });
  const directory = temporaryDirectory(t);
  const wrong = await everynode([
    'controller',
    '--kubeconfig',
    kubeconfigWith(directory, kubeconfigPath, { token: 'x' }),
  ]);
  assert.equal(wrong.code, 1);
  assert.ok(oneLine(wrong.stderr).includes(`cannot list nodes at ${url}: Unauthorized`), wrong.stderr);

  const pki = (name: string) => readFileSync(join(dirname(kubeconfigPath), 'pki', name), 'utf8');
  const authority = { certificate: pki('ca.crt'), key: pki('ca.key') };
  const nobody = await issueCertificate(authority, { usage: 'client', commonName: 'nobody' }, Date.now());
  const user = {
    'client-certificate-data': base64(nobody.certificate),
    'client-key-data': base64(nobody.key),
  };
  const denied = await everynode(['controller', '--kubeconfig', kubeconfigWith(directory, kubeconfigPath, user)]);
  assert.equal(denied.code, 1);
  assert.match(oneLine(denied.stderr), /cannot list nodes at https:.*"?nobody"?.*cannot list resource "nodes"/);
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
