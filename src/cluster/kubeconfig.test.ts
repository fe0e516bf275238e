import assert from 'node:assert/strict';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { ensureCertificates } from './certificates.ts';
import { openDataDirectory, rememberedPort } from './data-directory.ts';
import { writeKubeconfig } from './kubeconfig.ts';

test('a kubeconfig is for its owner alone, and the next start finds its port in it', async (t) => {
  const directory = await openDataDirectory(await temporary(t));
  assert.equal(await rememberedPort(directory.kubeconfigPath), undefined);
  const client = { certificate: 'certificate', key: 'key' };
  await writeKubeconfig(directory.kubeconfigPath, { url: 'https://127.0.0.1:16443', authority: 'ca', client });
  assert.equal(await rememberedPort(directory.kubeconfigPath), 16443);
  assert.equal((await stat(directory.kubeconfigPath)).mode & 0o777, 0o600);
});

test('the official client reads the kubeconfig', async (t) => {
  const path = await temporary(t);
  const { authority, admin } = await ensureCertificates(join(path, 'pki'), '127.0.0.1', Date.now());
  const kubeconfigPath = join(path, 'kubeconfig');
  await writeKubeconfig(kubeconfigPath, {
    url: 'https://127.0.0.1:6443',
    authority: authority.certificate,
    client: admin,
  });
  const { KubeConfig } = await import('@kubernetes/client-node');
  const loaded = new KubeConfig();
  loaded.loadFromFile(kubeconfigPath);
  assert.equal(loaded.getCurrentCluster()?.server, 'https://127.0.0.1:6443');
  assert.equal(Buffer.from(loaded.getCurrentUser()?.keyData ?? '', 'base64').toString(), admin.key);
  assert.equal(Buffer.from(loaded.getCurrentCluster()?.caData ?? '', 'base64').toString(), authority.certificate);
});

test('a second start uses the same certificates', async (t) => {
  const path = await temporary(t);
  const first = await ensureCertificates(path, '127.0.0.1', Date.now());
  assert.deepEqual(await ensureCertificates(path, '127.0.0.1', Date.now()), first);
});

async function temporary(t: { after(callback: () => Promise<void>): void }): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'everynode-test-'));
  t.after(() => rm(path, { recursive: true, force: true }));
  return path;
}
