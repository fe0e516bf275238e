import assert from 'node:assert/strict';
import { test } from 'node:test';
import { generateKeyPairSync } from 'node:crypto';
import { createAuthority } from '../pki/index.ts';
import { openMemoryStore } from '../store/index.ts';
import type { ClusterCertificates } from './certificates.ts';
import { claimWithKeys } from './shared-keys.ts';
import { ClusterStartError } from './start-error.ts';

async function keys(): Promise<ClusterCertificates> {
  const authority = await createAuthority('test', 0);
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const serviceAccountKey = privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
  return { authority, server: authority, admin: authority, serviceAccountKey };
}

test('the first server marks the store, servers with the same keys may share it, others may not', async () => {
  const store = openMemoryStore();
  const [mine, theirs] = [await keys(), await keys()];
  await Promise.all([claimWithKeys(store, mine, 'pki'), claimWithKeys(store, mine, 'pki')]);
  await claimWithKeys(store, mine, 'pki');
  for (const other of [theirs, { ...mine, serviceAccountKey: theirs.serviceAccountKey }])
    await assert.rejects(claimWithKeys(store, other, '/data/pki'), (error) => {
      assert.ok(error instanceof ClusterStartError);
      return error.message.includes('/data/pki') && error.message.includes('--etcd-prefix');
    });
});
